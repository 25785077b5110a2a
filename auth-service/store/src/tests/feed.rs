//! The feed: positions without gaps in commit order, and `Gone` for a position that is not kept.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};

use signet_contract::clock::unix_micros;

use super::fixture::{Fixture, START, by_operator, new_user, retry, second};
use super::on_every_database;
use auth_domain::feed::Changes;

on_every_database! {
    new_database_starts_its_feed_at_its_creation_time,
    reader_beside_many_writers_sees_no_gap,
    position_outside_the_feed_is_gone,
    pruning_removes_and_reports_the_oldest_events,
    empty_feed_continues_at_its_position,
    clock_set_back_leaves_no_gap,
    revocation_outlives_its_event,
    refused_change_takes_no_position,
}

fn new_database_starts_its_feed_at_its_creation_time(fixture: &Fixture) {
    assert_eq!(fixture.position(), unix_micros(START).unsigned_abs());
    fixture.user("Ann");
    let position = fixture.position();
    // A later open does not restart the feed.
    let again = fixture.other(second(100));
    assert_eq!(again.position().expect("a position"), position);
}

fn reader_beside_many_writers_sees_no_gap(fixture: &Fixture) {
    const WRITERS: usize = 8;
    const EACH: usize = 12;
    let start = fixture.position();
    let (barrier, ended) = (Barrier::new(WRITERS + 1), AtomicBool::new(false));
    let seen = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut seen = Vec::new();
            barrier.wait();
            loop {
                let last_round = ended.load(Ordering::SeqCst);
                let after = seen.last().copied().unwrap_or(start);
                seen.extend(fixture.events_after(after).into_iter().map(|event| event.seq));
                if last_round {
                    return seen;
                }
            }
        });
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    for n in 0..EACH {
                        let user = fixture.user(&format!("w{writer}n{n}"));
                        // Two events in one transaction also draw positions in pairs.
                        retry(|| fixture.store.delete_user(user.public_id, &by_operator(0)));
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.join().expect("no panic");
        }
        ended.store(true, Ordering::SeqCst);
        reader.join().expect("no panic")
    });
    let expected: Vec<u64> = (start + 1..=start + 3 * (WRITERS * EACH) as u64).collect();
    assert_eq!(seen, expected);
}

fn position_outside_the_feed_is_gone(fixture: &Fixture) {
    fixture.user("Ann");
    let last = fixture.position();
    let after = |position| fixture.store.changes_after(position, 10).expect("answered");
    assert_eq!(after(last), Changes::After { events: vec![], oldest: last });
    for gone in [last + 1, u64::MAX, 0, last - 2] {
        assert_eq!(after(gone), Changes::Gone, "{gone}");
    }
}

fn pruning_removes_and_reports_the_oldest_events(fixture: &Fixture) {
    for n in 0..5 {
        fixture.store.create_user(&new_user(&format!("u{n}")), &by_operator(n)).expect("created");
    }
    let last = fixture.position();
    assert_eq!(fixture.store.prune_feed(second(3)).expect("pruned"), 3);
    assert_eq!(fixture.store.prune_feed(second(3)).expect("pruned"), 0);
    match fixture.store.changes_after(last - 2, 1).expect("answered") {
        Changes::After { events, oldest } => {
            assert_eq!((events.len(), events[0].seq, oldest), (1, last - 1, last - 1));
        }
        Changes::Gone => panic!("already pruned"),
    }
    assert_eq!(fixture.store.changes_after(last - 3, 1).expect("answered"), Changes::Gone);
}

fn empty_feed_continues_at_its_position(fixture: &Fixture) {
    fixture.user("Ann");
    let last = fixture.position();
    fixture.store.prune_feed(second(60)).expect("pruned");
    let after = |position| fixture.store.changes_after(position, 10).expect("answered");
    assert_eq!(after(last), Changes::After { events: vec![], oldest: last + 1 });
    assert_eq!(after(last - 1), Changes::Gone);
    fixture.user("Bob");
    assert_eq!(fixture.events_after(last)[0].seq, last + 1);
}

fn clock_set_back_leaves_no_gap(fixture: &Fixture) {
    for (name, at) in [("a", 0), ("b", 100), ("c", 1), ("d", 2)] {
        fixture.store.create_user(&new_user(name), &by_operator(at)).expect("created");
    }
    assert_eq!(fixture.store.prune_feed(second(50)).expect("pruned"), 1);
    assert_eq!(fixture.events_after(fixture.position() - 3).len(), 3);
}

fn revocation_outlives_its_event(fixture: &Fixture) {
    let user = fixture.user("Ann");
    fixture.store.delete_user(user.public_id, &by_operator(1)).expect("deleted");
    fixture.store.prune_feed(second(60)).expect("pruned");
    let revocations = |since| fixture.snapshot(0, 10, since).revocations;
    assert_eq!(revocations(START).len(), 1);
    assert_eq!(revocations(second(2)).len(), 0, "too old to matter");
    assert_eq!(fixture.store.prune_revocations(second(1)).expect("pruned"), 0);
    assert_eq!(fixture.store.prune_revocations(second(2)).expect("pruned"), 1);
    assert_eq!(revocations(START).len(), 0);
}

fn refused_change_takes_no_position(fixture: &Fixture) {
    fixture.user("Ann");
    let before = fixture.position();
    fixture.store.create_user(&new_user("Ann"), &by_operator(0)).expect("answered");
    assert!(!fixture.store.remove_client("nobody", &by_operator(0)).expect("answered"));
    fixture.user("Bob");
    assert_eq!(fixture.events_after(before)[0].seq, before + 1);
}
