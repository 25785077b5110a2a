//! Group commit at a file: one commit for the members that wait together, and one outcome for all.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use diesel::result::{DatabaseErrorKind, Error};
use support::poll;

use super::super::{Location, Store};
use super::fixture::{self, Fixture, START, opening_with};
use super::refresh::STRICT;
use crate::error::StoreResult;
use auth_domain::audit::Act;
use auth_domain::refresh::{RefreshOutcome, RefreshToken, TokenExchange};

const MEMBERS: usize = 8;

/// A session with a refresh token, and the exchange of the token.
struct Device {
    token: RefreshToken,
    exchange: TokenExchange,
}

fn devices(fixture: &Fixture) -> Vec<Device> {
    let ann = fixture.user("Ann");
    let device = |_| {
        let token = RefreshToken::fresh().expect("a token");
        let opening = opening_with(ann.public_id, &token);
        fixture.store.open_session(&opening, START).expect("opened");
        let (exchange, _) = TokenExchange::of(&token, "first-party", None).expect("prepared");
        Device { token, exchange }
    };
    (0..MEMBERS).map(device).collect()
}

fn refresh(store: &Store, device: &Device) -> StoreResult<RefreshOutcome> {
    store.refresh(&device.exchange, &STRICT, &Act::by_operator(START))
}

/// Returns true if the device's token was exchanged.
fn exchanged(fixture: &Fixture, device: &Device) -> bool {
    let (again, _) = TokenExchange::of(&device.token, "first-party", None).expect("prepared");
    let state = fixture.store.find_refresh_tokens(&again.family).expect("read").expect("a family");
    state.current != again.presented
}

/// Runs `works` at the same time, each on a thread. They wait for the writer together. Returns `None`
/// for a work that panicked.
fn together<T: Send>(store: &Store, works: Vec<impl FnOnce() -> T + Send>) -> Vec<Option<T>> {
    let count = works.len();
    std::thread::scope(|scope| {
        let writer = store.connections.writer().expect("the writer");
        let works: Vec<_> = works.into_iter().map(|work| scope.spawn(work)).collect();
        poll::until("all wait for the writer", Duration::from_secs(10), || {
            store.connections.queue() == count
        });
        drop(writer);
        works.into_iter().map(|work| work.join().ok()).collect()
    })
}

/// Counts the commits in the write-ahead log. The header of the last frame of a commit holds the size
/// of the database (SQLite, "WAL File Format").
fn commits(fixture: &Fixture) -> usize {
    let Location::Sqlite(file) = &fixture.location else { panic!("a file") };
    let log = std::fs::read(file.with_extension("db-wal")).expect("a log");
    let number = |at: usize| u32::from_be_bytes(log[at..at + 4].try_into().expect("four bytes"));
    let (header, frame) = (32, 24 + usize::try_from(number(8)).expect("the size of a page"));
    let frames = (header..=log.len().saturating_sub(frame)).step_by(frame);
    frames.filter(|at| number(at + 8) == number(16) && number(at + 4) > 0).count()
}

#[test]
fn members_that_wait_together_share_one_commit() {
    let fixture = fixture::sqlite();
    let devices = devices(&fixture);
    let before = commits(&fixture);
    let works = devices.iter().map(|device| || refresh(&fixture.store, device)).collect();
    for outcome in together(&fixture.store, works) {
        let outcome = outcome.expect("no panic").expect("answered");
        assert!(matches!(outcome, RefreshOutcome::Refreshed(_)), "{outcome:?}");
    }
    assert!(devices.iter().all(|device| exchanged(&fixture, device)));
    assert_eq!(commits(&fixture) - before, 1);
}

#[test]
fn one_of_two_uses_of_a_token_in_a_group_gets_a_successor() {
    let fixture = fixture::sqlite();
    let device = devices(&fixture).remove(0);
    let before = commits(&fixture);
    let works = (0..2).map(|_| || refresh(&fixture.store, &device)).collect();
    let outcomes = together(&fixture.store, works);
    let outcomes: Vec<_> =
        outcomes.into_iter().map(|outcome| outcome.expect("no panic").expect("answered")).collect();
    let count = |of: fn(&RefreshOutcome) -> bool| outcomes.iter().filter(|one| of(one)).count();
    assert_eq!(count(|one| matches!(one, RefreshOutcome::Refreshed(_))), 1, "{outcomes:?}");
    assert_eq!(count(|one| matches!(one, RefreshOutcome::Reused { .. })), 1, "{outcomes:?}");
    assert_eq!(commits(&fixture) - before, 1);
}

#[test]
fn taken_value_in_a_group_fails_its_member_alone() {
    let fixture = fixture::sqlite();
    let devices = devices(&fixture);
    let taken =
        || Error::DatabaseError(DatabaseErrorKind::UniqueViolation, Box::new(String::new()));
    let store = &fixture.store;
    let mut works: Vec<Box<dyn FnOnce() -> bool + Send>> = Vec::new();
    for device in &devices {
        works.push(Box::new(|| refresh(store, device).is_ok()));
        works.push(Box::new(|| store.write_in_group(|_| Err::<(), _>(taken())).is_ok()));
    }
    for pair in together(store, works).chunks(2) {
        assert_eq!(pair, [Some(true), Some(false)]);
    }
    assert!(devices.iter().all(|device| exchanged(&fixture, device)));
}

#[test]
fn member_alone_commits_at_once() {
    let fixture = fixture::sqlite();
    let devices = devices(&fixture);
    let before = commits(&fixture);
    for device in &devices {
        refresh(&fixture.store, device).expect("answered");
    }
    assert_eq!(commits(&fixture) - before, MEMBERS);
}

#[test]
fn failed_member_leaves_no_answer_without_its_work() {
    let failures: [fn() -> Error; 2] = [|| Error::NotFound, || panic!("a fault of the work")];
    for failure in failures {
        let fixture = fixture::sqlite();
        let devices = devices(&fixture);
        let store = &fixture.store;
        let mut works: Vec<Box<dyn FnOnce() -> StoreResult<RefreshOutcome> + Send>> = Vec::new();
        for (number, device) in devices.iter().enumerate() {
            works.push(Box::new(|| refresh(store, device)));
            if number == MEMBERS / 2 {
                works.push(Box::new(|| store.write_in_group(|_| Err(failure()))));
            }
        }
        let mut outcomes = together(store, works);
        let failed = outcomes.remove(MEMBERS / 2 + 1);
        assert!(failed.is_none_or(|failed| failed.is_err()));
        for (device, outcome) in devices.iter().zip(outcomes) {
            let answered = outcome.expect("no panic").is_ok();
            assert_eq!(exchanged(&fixture, device), answered);
            if !answered {
                refresh(store, device).expect("a later try succeeds");
            }
        }
    }
}

#[test]
fn other_write_commits_an_open_group_first() {
    let fixture = fixture::sqlite();
    let devices = devices(&fixture);
    let store = Arc::clone(&fixture.store);
    // A member that never comes, so that the first one leaves its transaction open.
    store.connections.queue.fetch_add(1, Ordering::SeqCst);
    std::thread::scope(|scope| {
        let member = scope.spawn(|| refresh(&store, &devices[0]));
        poll::until("the transaction is left open", Duration::from_secs(10), || {
            store.connections.writer().expect("the writer").has_group() || member.is_finished()
        });
        store.write(|transaction| transaction.count_acts(1)).expect("written");
        member.join().expect("no panic").expect("answered");
    });
    assert!(exchanged(&fixture, &devices[0]));
}

#[test]
fn member_commits_if_the_next_one_never_comes() {
    let fixture = fixture::sqlite();
    let devices = devices(&fixture);
    fixture.store.connections.queue.fetch_add(1, Ordering::SeqCst);
    refresh(&fixture.store, &devices[0]).expect("answered");
    assert!(exchanged(&fixture, &devices[0]));
}
