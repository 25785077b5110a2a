//! A database at a server: commit order under load, and failures of the server.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use support::postgres::{Database as Server, PASSWORD};

use super::super::{Existence, Location, OpenError, PostgresLocation, Store};
use super::connections::check_racing_starts;
use super::fixture::{Fixture, START, by_operator, new_user, postgres};
use crate::error::StoreError;
use auth_domain::users::Created;

/// Opens a session in addition to those of the store.
fn session(fixture: &Fixture) -> PgConnection {
    PgConnection::establish(&fixture.server().url()).expect("a session")
}

/// Counts `what` over the sessions that wait for a lock.
fn of_waiting_sessions(observer: &mut PgConnection, what: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Answer {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        count: i64,
    }
    let waiting = format!(
        "SELECT count({what}) FROM pg_stat_activity \
         WHERE datname = current_database() AND wait_event_type = 'Lock'"
    );
    let answer = diesel::sql_query(waiting).get_result::<Answer>(observer);
    answer.expect("answered").count
}

/// One writer draws its position and does not commit, while 32 others are in progress. A reader
/// must not see a later position meanwhile, or it would miss the earlier one for ever.
#[test]
fn reader_misses_no_event_of_a_delayed_writer() {
    const WRITERS: usize = 32;
    let fixture = postgres();
    let start = fixture.position();
    let (mut held, mut observer) = (session(&fixture), session(&fixture));
    held.batch_execute(&format!(
        "BEGIN; UPDATE feed_position SET seq = seq + 1; \
         INSERT INTO events (seq, at, body) VALUES \
         ({}, 0, '{{\"type\":\"key.published\",\"kid\":\"held\"}}')",
        start + 1
    ))
    .expect("held open");
    let (report, answers) = mpsc::channel();
    let seen = std::thread::scope(|scope| {
        for n in 0..WRITERS {
            let (fixture, report) = (&fixture, report.clone());
            scope.spawn(move || {
                // A writer that waited too long gets an error and tries again.
                let name = format!("user{n}");
                while fixture.store.create_user(&new_user(&name), &by_operator(0)).is_err() {}
                report.send(()).expect("a receiver");
            });
        }
        while of_waiting_sessions(&mut observer, "*") == 0 {}
        assert!(answers.try_recv().is_err(), "no other writer commits before");
        assert_eq!(fixture.events_after(start), [], "a reader sees no event");
        held.batch_execute("COMMIT").expect("committed");
        let mut seen = Vec::new();
        while seen.len() <= WRITERS {
            let after = seen.last().copied().unwrap_or(start);
            seen.extend(fixture.events_after(after).into_iter().map(|event| event.seq));
        }
        seen
    });
    assert_eq!(seen, (start + 1..=start + 1 + WRITERS as u64).collect::<Vec<_>>());
}

#[test]
fn cut_sessions_are_replaced_without_errors() {
    let fixture = postgres();
    fixture.user("before");
    fixture.position();
    assert!(fixture.server().cut() >= 2, "a reader and a writer");
    let created = fixture.store.create_user(&new_user("after"), &by_operator(0));
    assert!(matches!(created, Ok(Created::User(_))), "{created:?}");
    assert_eq!(fixture.events_after(fixture.position() - 2).len(), 2);
}

#[test]
fn stopped_server_is_unavailable_and_recovers() {
    let fixture = postgres();
    fixture.user("before");
    fixture.server().take_away();
    let began = Instant::now();
    let refused = fixture.store.create_user(&new_user("meanwhile"), &by_operator(0));
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert!(matches!(fixture.store.position(), Err(StoreError::Unavailable(_))));
    assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
    fixture.server().give_back();
    let back = Instant::now();
    while fixture.store.create_user(&new_user("after"), &by_operator(0)).is_err() {
        assert!(back.elapsed() < Duration::from_secs(10), "not healed");
    }
}

#[test]
fn locked_table_is_unavailable_within_five_seconds() {
    let fixture = postgres();
    let mut other = session(&fixture);
    other.batch_execute("BEGIN; LOCK TABLE feed_position IN EXCLUSIVE MODE").expect("locked");
    let began = Instant::now();
    std::thread::scope(|scope| {
        // More writers than write sessions.
        for n in 0..20 {
            let store = &fixture.store;
            scope.spawn(move || {
                let refused = store.create_user(&new_user(&format!("user{n}")), &by_operator(0));
                assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
            });
        }
        fixture.store.position().expect("reading goes on");
    });
    assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
    other.batch_execute("ROLLBACK").expect("unlocked");
    let created = fixture.store.create_user(&new_user("after"), &by_operator(0));
    assert!(matches!(created, Ok(Created::User(_))), "{created:?}");
}

#[test]
fn session_cut_before_its_commit_stores_nothing() {
    let fixture = postgres();
    let (mut other, mut observer) = (session(&fixture), session(&fixture));
    other.batch_execute("BEGIN; UPDATE feed_position SET seq = seq").expect("locked");
    let mut cut = false;
    while !cut {
        std::thread::scope(|scope| {
            let ann = new_user("Ann");
            let store = &fixture.store;
            let writer = scope.spawn(move || store.create_user(&ann, &by_operator(0)));
            // Cut the waiting session alone: if the lock holder were cut first, the writer could
            // still commit. If its wait was not seen in time, another writer follows.
            while !cut && !writer.is_finished() {
                cut = of_waiting_sessions(&mut observer, "pg_terminate_backend(pid)") > 0;
            }
            let refused = writer.join().expect("no panic");
            assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
        });
    }
    other.batch_execute("ROLLBACK").expect("unlocked");
    // The cut session stored no user, so the same user is no duplicate.
    fixture.user("Ann");
}

#[test]
fn text_that_no_column_can_hold_is_not_found() {
    let fixture = postgres();
    assert_eq!(fixture.store.find_client("a\0").expect("answered"), None);
    assert!(fixture.store.find_credentials("a\0@example.org").expect("answered").is_none());
}

#[test]
fn open_of_empty_database_creates_no_tables() {
    let server = Server::fresh();
    let location = PostgresLocation::parse(&server.url()).map(Location::Postgres).expect("a URL");
    let refused = Store::open(&location, Existence::Expect, START);
    assert!(matches!(refused, Err(OpenError::Missing(_))));
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(server.run(tables), "0");
}

#[test]
fn password_is_required_and_not_in_errors() {
    let server = Server::fresh();
    let with = |password: &str| {
        let url = server.tcp_url().replace('@', &format!(":{password}@"));
        let location = PostgresLocation::parse(&url).map(Location::Postgres).expect("a URL");
        Store::open(&location, Existence::Create, START)
    };
    let error = with("s3cret").expect_err("refused").to_string();
    assert!(error.contains("password authentication failed"), "{error}");
    assert!(!error.contains("s3cret") && !error.contains('\n'), "{error}");
    with(PASSWORD).expect("opened");
}

#[test]
fn concurrent_starts_create_the_tables_once() {
    let server = Server::fresh();
    let location = PostgresLocation::parse(&server.url()).expect("a URL");
    check_racing_starts(&Location::Postgres(location));
}
