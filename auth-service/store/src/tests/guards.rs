//! Guards are read as they were written, by any process.

use time::Duration;
use uuid::Uuid;

use super::fixture::{Fixture, second};
use super::on_every_database;
use auth_domain::guards::{Guard, GuardId};

on_every_database! {
    guard_is_read_as_written_by_other_process,
    guard_is_live_for_a_minute_after_last_write,
    forgotten_guard_is_removed,
}

fn guard(client_id: &str, instance: u128, at: i64) -> Guard {
    Guard {
        id: GuardId { client_id: client_id.into(), instance: Uuid::from_u128(instance) },
        kids: ["a".to_owned(), "-b".to_owned()].into(),
        position: 1_767_323_045_000_007,
        confirmed_at: second(at - 2),
        first_seen: second(at - 100),
        seen_at: second(at),
        live: true,
    }
}

fn guard_is_read_as_written_by_other_process(fixture: &Fixture) {
    let empty = Guard { kids: [].into(), ..guard("api", 2, 0) };
    let written = [guard("api", 1, 0), empty, guard("orders", 1, 0)];
    fixture.store.save_guards(&written).expect("written");
    let other = fixture.other(second(0));
    assert_eq!(other.list_guards(second(1)).expect("a list"), written);

    let changed = Guard { position: written[0].position + 1, ..guard("api", 1, 9) };
    fixture.store.save_guards(std::slice::from_ref(&changed)).expect("written");
    let [first, second_one, third] = written;
    let expected = [changed, second_one, third];
    assert_ne!(expected[0], first);
    assert_eq!(other.list_guards(second(10)).expect("a list"), expected);
}

fn guard_is_live_for_a_minute_after_last_write(fixture: &Fixture) {
    fixture.store.save_guards(&[guard("api", 1, 0)]).expect("written");
    let live = |at| fixture.store.list_guards(at).expect("a list")[0].live;
    assert!(live(second(60) - Duration::microseconds(1)));
    assert!(!live(second(60)));
}

fn forgotten_guard_is_removed(fixture: &Fixture) {
    let (one, other) = (guard("api", 1, 0), guard("api", 2, 0));
    fixture.store.save_guards(&[one.clone(), other.clone()]).expect("written");
    fixture.store.forget_guards(&[one.id]).expect("forgotten");
    assert_eq!(fixture.store.list_guards(second(0)).expect("a list"), [other]);
}
