//! A restored backup: it holds sessions that ended after it was made.

use signet_contract::events::Change;
use support::sqlite::until_closed;
use time::Duration;

use super::super::{Existence, Location, Store};
use super::fixture::{Fixture, START, by_operator, new_user, opening_with};
use super::on_every_database;
use auth_domain::audit::AuditQuery;
use auth_domain::clients::Client;
use auth_domain::feed::Changes;
use auth_domain::refresh::{RefreshOutcome, RefreshPolicy, RefreshToken, TokenExchange};
use auth_domain::users::Created;

on_every_database! {
    restored_backup_ends_every_session,
    restored_backup_revokes_earlier_tokens_of_every_user,
    sessions_of_last_served_database_continue,
}

const LATER: time::OffsetDateTime = START.saturating_add(Duration::HOUR);

/// Makes the database look like a restored one.
fn restore(fixture: &Fixture) {
    match &fixture.location {
        // The note beside the file is from another time.
        Location::Sqlite(file) => {
            let mut note = file.as_os_str().to_owned();
            note.push(".served");
            std::fs::write(note, "another file 1\n").expect("written");
        }
        // A dump creates the same rows in another table.
        Location::Postgres(_) => {
            fixture.server().run(
                "CREATE TABLE restored (LIKE feed_position INCLUDING ALL); \
                 INSERT INTO restored SELECT * FROM feed_position; \
                 DROP TABLE feed_position; ALTER TABLE restored RENAME TO feed_position",
            );
            fixture.server().cut();
        }
    }
}

fn begin(fixture: &Fixture) -> bool {
    fixture.store.begin_service(LATER).expect("begun")
}

fn refresh(store: &Store, token: &RefreshToken) -> RefreshOutcome {
    let policy = RefreshPolicy {
        idle: Duration::DAY,
        max_life: Duration::DAY,
        repeat_window: Duration::minutes(10),
    };
    let (exchange, _) = TokenExchange::of(token, "first-party", None).expect("prepared");
    let act = by_operator(1);
    store.refresh(&exchange, &policy, &act).expect("answered")
}

fn restored_backup_ends_every_session(fixture: &Fixture) {
    begin(fixture);
    let ann = fixture.user("Ann");
    let token = RefreshToken::fresh().expect("a token");
    let opening = opening_with(ann.public_id, &token);
    fixture.store.open_session(&opening, START).expect("opened");
    let open =
        || fixture.store.standing("kid", ann.public_id, opening.sid).expect("known").session_open;
    assert!(open());
    restore(fixture);
    assert!(begin(fixture), "it is another database");
    assert!(!open());
    assert!(matches!(refresh(&fixture.store, &token), RefreshOutcome::Refused { .. }));
    let latest = AuditQuery { limit: 1, ..AuditQuery::default() };
    let row = &fixture.store.list_audit(&latest).expect("answered")[0];
    assert_eq!((&*row.action, &*row.actor_type), ("user.logout", "server"));
    assert!(fixture.open_sessions(ann.public_id, START).is_empty());
}

fn restored_backup_revokes_earlier_tokens_of_every_user(fixture: &Fixture) {
    begin(fixture);
    let (ann, bob) = (fixture.user("Ann"), fixture.user("Bob"));
    // Bob has no session in the backup, but may have opened one after it.
    let before = fixture.open_session(&ann);
    restore(fixture);
    begin(fixture);
    let snapshot = fixture.snapshot(0, 10, LATER);
    let revoked: Vec<_> =
        snapshot.revocations.iter().map(|event| (event.at, event.change.clone())).collect();
    let end = |public_id| (LATER, Change::UserSessionsRevoked { public_id, except: None });
    assert_eq!(revoked, [end(ann.public_id), end(bob.public_id)]);
    assert!(snapshot.revocations.iter().all(|event| before.pos < event.seq));
    assert_eq!(snapshot.position, snapshot.revocations[1].seq, "the snapshot holds every end");
    let after = fixture.open_session(&ann);
    assert!(after.pos >= snapshot.position, "no end is above it");
    fixture.user("Cid");
    assert_eq!(fixture.changes_after(snapshot.position).len(), 1, "the feed continues there");
    let earlier = fixture.store.changes_after(before.pos, 10).expect("answered");
    assert_eq!(earlier, Changes::Gone, "an earlier reader takes a snapshot");
}

fn sessions_of_last_served_database_continue(fixture: &Fixture) {
    begin(fixture);
    let ann = fixture.user("Ann");
    let token = RefreshToken::fresh().expect("a token");
    fixture.store.open_session(&opening_with(ann.public_id, &token), START).expect("opened");
    assert!(!begin(fixture));
    assert!(matches!(refresh(&fixture.store, &token), RefreshOutcome::Refreshed(_)));
}

#[test]
fn backup_written_into_the_served_file_is_detected_without_a_later_event() {
    let token = RefreshToken::fresh().expect("a token");
    let later = RefreshToken::fresh().expect("a token");
    for (act, restored, command) in [
        ("none", false, false),
        ("log-in", true, false),
        ("refresh", true, false),
        ("secret", true, false),
        ("log-in", true, true),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("auth.db");
        let open = || {
            let location = Location::Sqlite(file.clone());
            let store = Store::open(&location, Existence::Create, START).expect("a database");
            let begun = store.begin_service(LATER).expect("begun");
            (store, begun)
        };
        let (store, _) = open();
        let Created::User(ann) =
            store.create_user(&new_user("Ann"), &by_operator(0)).expect("answered")
        else {
            panic!("the address is taken")
        };
        let client = Client::new("reports", Vec::new(), [7; 32], START);
        assert!(store.add_client(&client, &by_operator(0)).expect("added"));
        store.open_session(&opening_with(ann.public_id, &token), START).expect("opened");
        drop(store);
        until_closed(&file);
        let backup = std::fs::read(&file).expect("read");

        let (store, _) = open();
        let before = store.position().expect("a position");
        match act {
            "log-in" => drop(store.open_session(&opening_with(ann.public_id, &later), START)),
            "refresh" => drop(refresh(&store, &token)),
            "secret" => {
                let none = std::time::Duration::ZERO;
                let rotated =
                    store.rotate_client_secret("reports", &[8; 32], none, &by_operator(0));
                rotated.expect("rotated");
            }
            _ => {}
        }
        assert_eq!(store.position().expect("a position"), before, "{act} is no event");
        store.note_progress().expect("noted");
        drop(store);
        until_closed(&file);
        // Like `.restore` of sqlite3, this keeps the file and replaces its content.
        std::fs::write(&file, &backup).expect("put back");
        if command {
            // Commands before the next start add acts and events of their own.
            let location = Location::Sqlite(file.clone());
            let store = Store::open(&location, Existence::Expect, START).expect("a database");
            store.create_user(&new_user("Bob"), &by_operator(0)).expect("answered");
            store.create_user(&new_user("Cid"), &by_operator(0)).expect("answered");
        }
        let (_store, begun) = open();
        assert_eq!(begun, restored, "{act}");
    }
}
