//! Migrations: the same steps on both databases, and sessions and keys of an earlier version go on.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use time::OffsetDateTime;
use time::macros::datetime;

use super::fixture::{Fixture, postgres_of, sqlite_of};
use super::refresh::{STRICT, use_token};
use auth_domain::keys::{KeyState, standby};
use auth_domain::refresh::{RefreshOutcome, RefreshToken};

fn steps(database: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(database);
    let entries = std::fs::read_dir(folder).expect("a folder");
    let steps = entries.map(|entry| entry.expect("an entry"));
    steps
        .inspect(|step| assert!(step.path().join("up.sql").is_file(), "{step:?}"))
        .map(|step| step.file_name().into_string().expect("UTF-8"))
        .collect()
}

#[test]
fn both_databases_have_the_same_migrations() {
    let sqlite = steps("sqlite");
    assert!(!sqlite.is_empty());
    assert_eq!(steps("postgres"), sqlite);
    // Of two migrations with one number, Diesel runs only the first.
    let numbers: BTreeSet<_> = sqlite.iter().filter_map(|step| step.split('_').next()).collect();
    assert_eq!(numbers.len(), sqlite.len(), "{sqlite:?}");
}

/// A moment after the last log-in in the databases of `before/`.
const LATER: OffsetDateTime = datetime!(2026-11-30 13:45 UTC);

/// The refresh tokens of each session, in the order of their issue.
fn tokens(dump: &'static str) -> BTreeMap<&'static str, Vec<RefreshToken>> {
    let lines = dump.lines().filter_map(|line| line.strip_prefix("-- tokens "));
    let session = |line: &'static str| {
        let (name, tokens) = line.split_once(' ').expect("a name");
        let read = |text| RefreshToken::parse(text).expect("a token");
        (name, tokens.split(' ').map(read).collect())
    };
    lines.map(session).collect()
}

fn refresh_tokens_of_earlier_version_stay_valid(fixture: &Fixture, dump: &'static str) {
    let tokens = tokens(dump);
    let exchange = |token: &RefreshToken| use_token(fixture, token, &STRICT, LATER);
    for name in ["fresh", "used-once", "twice"] {
        let current = tokens[name].last().expect("a token");
        let (next, refreshed) = exchange(current).expect(name);
        assert_eq!(&*refreshed.audience, "api-service");
        exchange(&next).expect(name);
    }
    let listed = |user| fixture.open_sessions(user, LATER).len();
    let known = fixture.store.find_refresh_tokens(&tokens["twice"][0].family());
    let user = known.expect("answered").expect("a session").public_id;
    assert_eq!(listed(user), 1, "the session that was logged out is not listed");
    let reused = exchange(&tokens["twice"][0]).expect_err("used before");
    assert!(matches!(reused, RefreshOutcome::Reused { .. }), "{reused:?}");
    assert_eq!(listed(user), 0);
    exchange(&tokens["logged-out"][0]).expect_err("the session has ended");
}

/// Adds the removal of a client, and the end of a session, as an earlier version recorded them.
fn with_removed_client(dump: &str) -> String {
    let removed = r#"{"type":"client.removed","client_id":"reports"}"#;
    let session = r#"{"type":"session.revoked","sid":"reports","public_id":"reports"}"#;
    format!(
        "{dump}; INSERT INTO revocations (seq, at, body) VALUES (7, 0, '{removed}'), (8, 0, '{session}');"
    )
}

fn client_removed_by_earlier_version_stays_removed(fixture: &Fixture) {
    assert_eq!(fixture.store.client_removed_at("reports").expect("answered"), Some(7));
    assert_eq!(fixture.store.client_removed_at("other").expect("answered"), None);
}

/// Adds keys that an earlier version published and did not activate yet.
fn with_pending_keys(dump: &str) -> String {
    let key = |kid: &str, added_at: i64| {
        format!("('{kid}', 'pending', {added_at}, 'n', 'AQAB', {added_at}, NULL, NULL, '0', NULL)")
    };
    let keys = [key("older", 1), key("newest", 2), key("an older one", 2)].join(", ");
    let table = if dump.contains("public.keys") { "public.keys" } else { "keys" };
    format!("{dump}; INSERT INTO {table} VALUES {keys};")
}

fn newest_pending_key_of_earlier_version_is_the_standby_key(fixture: &Fixture) {
    let keys = fixture.store.list_keys().expect("keys");
    let standby = standby(&keys).expect("a standby key");
    assert_eq!((&*standby.kid, standby.rotation_requested_at), ("newest", Some(standby.since)));
    let with = |state| keys.iter().filter(|key| key.state == state).count();
    assert_eq!((with(KeyState::Active), with(KeyState::Retired), keys.len()), (1, 2, 4));
    let requested = keys.iter().filter(|key| key.rotation_requested_at.is_some()).count();
    assert_eq!(requested, 1, "an earlier version rotated to it after its lead");
}

mod sqlite {
    #[test]
    fn newest_pending_key_of_earlier_version_is_the_standby_key() {
        let dump = super::with_pending_keys(include_str!("before/sqlite.sql"));
        super::newest_pending_key_of_earlier_version_is_the_standby_key(&super::sqlite_of(&dump));
    }

    #[test]
    fn client_removed_by_earlier_version_stays_removed() {
        let dump = super::with_removed_client(include_str!("before/sqlite.sql"));
        super::client_removed_by_earlier_version_stays_removed(&super::sqlite_of(&dump));
    }

    #[test]
    fn refresh_tokens_of_earlier_version_stay_valid() {
        let dump = include_str!("before/sqlite.sql");
        super::refresh_tokens_of_earlier_version_stay_valid(&super::sqlite_of(dump), dump);
    }
}

mod postgres {
    #[test]
    fn newest_pending_key_of_earlier_version_is_the_standby_key() {
        let dump = super::with_pending_keys(include_str!("before/postgres.sql"));
        super::newest_pending_key_of_earlier_version_is_the_standby_key(&super::postgres_of(&dump));
    }

    #[test]
    fn client_removed_by_earlier_version_stays_removed() {
        let dump = super::with_removed_client(include_str!("before/postgres.sql"));
        super::client_removed_by_earlier_version_stays_removed(&super::postgres_of(&dump));
    }

    #[test]
    fn refresh_tokens_of_earlier_version_stay_valid() {
        let dump = include_str!("before/postgres.sql");
        super::refresh_tokens_of_earlier_version_stay_valid(&super::postgres_of(dump), dump);
    }
}
