//! The registry under calls that begin and end in any order.

use std::sync::atomic::{AtomicU64, Ordering};

use time::macros::datetime;
use uuid::Uuid;

use super::super::{LIVE, receipts};
use super::*;

const START: OffsetDateTime = datetime!(2026-01-02 03:04:05 UTC);

fn at(seconds: i64) -> OffsetDateTime {
    START + Duration::seconds(seconds)
}

fn id(instance: u128) -> GuardId {
    GuardId { client_id: "api-service".into(), instance: Uuid::from_u128(instance) }
}

/// Returns a report that comes in after all earlier ones.
fn report(instance: u128, kids: &[&str], position: u64) -> Report {
    static ARRIVALS: AtomicU64 = AtomicU64::new(1);
    let kids = kids.iter().map(|kid| (*kid).to_owned()).collect();
    let arrival = ARRIVALS.fetch_add(1, Ordering::Relaxed);
    Report { id: id(instance), kids, position, arrival }
}

fn live(registry: &Registry, now: OffsetDateTime) -> Vec<u128> {
    let live = registry.list(now).into_iter().filter(|guard| guard.live);
    live.map(|guard| guard.id.instance.as_u128()).collect()
}

#[test]
fn guard_is_live_during_a_call_and_for_a_minute_after() {
    let mut registry = Registry::default();
    let begun = registry.begin(report(1, &["a"], 7), at(0)).expect("noted");
    assert_eq!(live(&registry, at(3_600)), [1]);
    registry.end(&id(1), begun.call, at(3_600));
    let last = at(3_600) + LIVE - Duration::milliseconds(1);
    assert_eq!(live(&registry, last), [1]);
    assert!(live(&registry, at(3_660)).is_empty());
    // No guard is live for longer if the clock was set back.
    assert!(live(&registry, at(1_000)).is_empty());
}

#[test]
fn end_of_a_replaced_call_has_no_effect() {
    let mut registry = Registry::default();
    let first = registry.begin(report(1, &["a"], 7), at(0)).expect("noted");
    registry.begin(report(1, &["a"], 7), at(1)).expect("noted");
    registry.end(&id(1), first.call, at(2));
    assert_eq!(live(&registry, at(3_600)), [1]);
}

#[test]
fn call_that_is_read_late_has_no_effect() {
    let mut registry = Registry::default();
    registry.begin(report(1, &["a"], 6), at(0)).expect("noted");
    let (broken_off, next) = (report(1, &["a"], 7), report(1, &["a", "b"], 7));
    let next = registry.begin(next, at(1)).expect("noted");
    let late = registry.begin(broken_off, at(2)).expect("noted");
    assert!(next.news && !late.news);
    assert!(registry.list(at(2))[0].holds("b"));
    registry.end(&id(1), late.call, at(3));
    assert_eq!(live(&registry, at(3_600)), [1], "the later call is open");
}

#[test]
fn confirmation_is_news_and_keeps_its_time() {
    let mut registry = Registry::default();
    assert!(registry.begin(report(1, &["a"], 7), at(0)).expect("noted").news);
    assert!(!registry.begin(report(1, &["a"], 7), at(5)).expect("noted").news);
    let confirmed = |registry: &Registry, position| registry.list(at(9))[0].confirmed(position);
    assert_eq!(confirmed(&registry, 7), Some(at(0)));
    assert_eq!(confirmed(&registry, 8), None);
    assert!(registry.begin(report(1, &["a"], 9), at(6)).expect("noted").news);
    assert_eq!(confirmed(&registry, 8), Some(at(6)));
    assert!(registry.begin(report(1, &["a", "b"], 9), at(7)).expect("noted").news);
    assert_eq!(confirmed(&registry, 9), Some(at(6)), "other keys are no other position");
    assert!(registry.list(at(9))[0].holds("b"));
}

#[test]
fn revocation_is_timed_once_until_its_confirmation() {
    let mut registry = Registry::default();
    registry.begin(report(1, &[], 7), at(0)).expect("noted");
    registry.sent(&id(1), 8, at(1));
    registry.sent(&id(1), 10, at(2));
    // The answer was lost and sent again.
    assert!(registry.begin(report(1, &[], 7), at(3)).expect("noted").took.is_empty());
    registry.sent(&id(1), 8, at(1));
    registry.sent(&id(1), 10, at(2));
    let took = registry.begin(report(1, &[], 9), at(4)).expect("noted").took;
    assert_eq!(took, [Duration::seconds(3)]);
    let took = registry.begin(report(1, &[], 12), at(5)).expect("noted").took;
    assert_eq!(took, [Duration::seconds(3)]);
}

#[test]
fn only_live_guards_have_receipts() {
    let mut registry = Registry::default();
    registry.begin(report(1, &[], 9), at(0)).expect("noted");
    registry.begin(report(2, &[], 7), at(0)).expect("noted");
    let gone = registry.begin(report(3, &[], 7), at(0)).expect("noted");
    registry.end(&id(3), gone.call, at(0));
    let owed = receipts(&registry.list(at(100)), 8);
    assert_eq!(
        owed.iter().map(|receipt| (&receipt.id, receipt.confirmed_at)).collect::<Vec<_>>(),
        [(&id(1), Some(at(0))), (&id(2), None)]
    );
}

#[test]
fn news_is_written_at_once_and_the_rest_every_ten_seconds() {
    let mut registry = Registry::default();
    registry.begin(report(1, &[], 7), at(0)).expect("noted");
    let written = |registry: &mut Registry, now| registry.take_unwritten(now).len();
    assert_eq!(written(&mut registry, at(0)), 1);
    registry.begin(report(1, &[], 7), at(1)).expect("noted");
    assert_eq!(written(&mut registry, at(9)), 0);
    assert_eq!(written(&mut registry, at(10)), 1, "its call is still open");
    registry.begin(report(1, &[], 8), at(11)).expect("noted");
    let unwritten = registry.take_unwritten(at(11));
    assert_eq!(unwritten[0].position, 8);
    registry.not_written(&unwritten);
    assert_eq!(written(&mut registry, at(11)), 1);
}

#[test]
fn registry_starts_with_the_stored_guards() {
    let mut first = Registry::default();
    first.begin(report(1, &["a"], 7), at(0)).expect("noted");
    let second = Registry::new(first.take_unwritten(at(3)));
    assert_eq!(live(&second, at(60)), [1]);
    assert!(live(&second, at(63)).is_empty());
    assert!(second.list(at(63))[0].holds("a"));
}

#[test]
fn client_has_at_most_a_hundred_instances_and_live_ones_stay() {
    let mut registry = Registry::default();
    for instance in 0..100 {
        let begun = registry.begin(report(instance, &[], 7), at(0)).expect("noted");
        if instance == 40 || instance == 41 {
            registry.end(&id(instance), begun.call, at(0));
        }
    }
    registry.begin(report(41, &[], 7), at(1)).expect("known");
    assert!(registry.begin(report(100, &[], 7), at(59)).is_none(), "all serve");
    let now = at(61);
    assert!(registry.begin(report(100, &[], 7), now).is_some());
    let left: Vec<_> = registry.list(now).iter().map(|g| g.id.instance.as_u128()).collect();
    assert_eq!((left.len(), left.contains(&40)), (100, false));
    // Another client has its own hundred.
    let other = GuardId { client_id: "orders".into(), instance: Uuid::from_u128(1) };
    assert!(registry.begin(Report { id: other, ..report(1, &[], 7) }, now).is_some());
    assert_eq!(registry.forget(now), [id(40)], "it is still written down");
}

#[test]
fn guard_absent_for_a_day_is_forgotten() {
    let mut registry = Registry::default();
    let begun = registry.begin(report(1, &[], 7), at(0)).expect("noted");
    registry.begin(report(2, &[], 7), at(0)).expect("noted");
    registry.end(&id(1), begun.call, at(0));
    let day = 24 * 3_600;
    assert_eq!(registry.forget(at(day - 1)), []);
    assert_eq!(registry.forget(at(day)), [id(1)]);
    assert_eq!(registry.list(at(day)).len(), 1, "an open call keeps the other");
}
