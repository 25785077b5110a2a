//! A new database, and helpers for the setup of most tests.

use std::sync::Arc;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use signet_contract::events::{Change, Event};
use support::poll;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::super::{Existence, Location, PostgresLocation, Store};
use super::plans::PlanCheck;
use crate::error::{StoreError, StoreResult};
use auth_domain::audit::{Act, RequestOrigin};
use auth_domain::directory::Part;
use auth_domain::feed::Changes;
use auth_domain::login::{Opened, Opening};
use auth_domain::refresh::{NewRefreshToken, RefreshToken};
use auth_domain::sessions::{Session, SessionQuery, SessionRecord};
use auth_domain::users::{Created, NewUser, User};

/// The time at which the tests begin.
pub(super) const START: OffsetDateTime = datetime!(2026-01-02 03:04:05 UTC);

/// A hash of no real password, the same for all users.
pub(super) const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA";

/// A database for one test.
pub(super) struct Fixture {
    pub(super) store: Arc<Store>,
    pub(super) location: Location,
    /// Checked before the database is removed.
    _plans: PlanCheck,
    server: Option<support::postgres::Database>,
    /// The folder of the database, removed after the test.
    _folder: Option<tempfile::TempDir>,
}

/// A page of the snapshot.
#[derive(Default)]
pub(super) struct Snapshot {
    pub(super) users: Vec<User>,
    pub(super) revocations: Vec<Event>,
    pub(super) position: u64,
    pub(super) more: bool,
}

/// Returns a fixture on a file.
pub(super) fn sqlite() -> Fixture {
    let folder = tempfile::tempdir().expect("a folder");
    let location = Location::Sqlite(folder.path().join("new/auth.db"));
    let plans = PlanCheck::of(&location);
    let store = Store::open(&location, Existence::Create, START).expect("a database");
    Fixture { store, location, _plans: plans, server: None, _folder: Some(folder) }
}

/// Returns a fixture on a file that an earlier version wrote, given as statements.
pub(super) fn sqlite_of(statements: &str) -> Fixture {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("auth.db");
    let mut earlier = SqliteConnection::establish(file.to_str().expect("UTF-8")).expect("made");
    earlier.batch_execute(statements).expect("filled");
    drop(earlier);
    let location = Location::Sqlite(file);
    let plans = PlanCheck::of(&location);
    let store = Store::open(&location, Existence::Expect, START).expect("a database");
    Fixture { store, location, _plans: plans, server: None, _folder: Some(folder) }
}

/// Returns a fixture at a server.
pub(super) fn postgres() -> Fixture {
    postgres_of("")
}

/// Returns a fixture at a server, with a database that an earlier version wrote, as statements.
pub(super) fn postgres_of(statements: &str) -> Fixture {
    let server = support::postgres::Database::fresh();
    server.run(statements);
    let location = PostgresLocation::parse(&server.url()).map(Location::Postgres).expect("a URL");
    let plans = PlanCheck::of(&location);
    let store = Store::open(&location, Existence::Create, START).expect("a database");
    Fixture { store, location, _plans: plans, server: Some(server), _folder: None }
}

/// Returns the number of rounds of a race: `SIGNET_TEST_ROUNDS` if it is set, else `few`.
#[expect(clippy::disallowed_methods, reason = "a test has no settings of its own")]
pub(super) fn rounds(few: usize) -> usize {
    let rounds = std::env::var("SIGNET_TEST_ROUNDS").ok();
    rounds.map_or(few, |rounds| rounds.parse().expect("a number"))
}

/// Repeats `write` until the database is available. A writer that waited too long for a lock has
/// changed nothing.
pub(super) fn retry<T>(mut write: impl FnMut() -> StoreResult<T>) -> T {
    let patience = std::time::Duration::from_mins(1);
    poll::wait_for("the database", patience, || match write() {
        Err(StoreError::Unavailable(_)) => None,
        done => Some(done.expect("answered")),
    })
}

/// Returns the time `seconds` after the start of the tests.
pub(super) fn second(seconds: i64) -> OffsetDateTime {
    START + Duration::seconds(seconds)
}

/// Returns an act of an operator, `seconds` after the start of the tests.
pub(super) fn by_operator(seconds: i64) -> Act {
    Act::by_operator(second(seconds))
}

/// A user to be created, with the address `name@example.org`.
pub(super) fn new_user(name: &str) -> NewUser {
    NewUser {
        public_id: Uuid::new_v4(),
        name: name.to_owned(),
        email: format!("{name}@Example.org"),
        email_key: format!("{}@example.org", name.to_lowercase()),
        password_hash: HASH.to_owned(),
        admin: false,
    }
}

/// Returns the opening of a session for a user with the common hash.
pub(super) fn opening(public_id: Uuid) -> Opening {
    opening_with(public_id, &RefreshToken::fresh().expect("a token"))
}

/// Returns the same with this refresh token, valid for an hour.
pub(super) fn opening_with(public_id: Uuid, token: &RefreshToken) -> Opening {
    Opening {
        public_id,
        verified_hash: HASH.to_owned(),
        sid: Uuid::new_v4(),
        from: RequestOrigin::default(),
        user_agent: None,
        audience: "api-service".to_owned(),
        refresh_token: NewRefreshToken::of(token, START + Duration::HOUR),
    }
}

impl Fixture {
    /// Opens another handle that shares only the database with the first, like another process.
    pub(super) fn other(&self, now: OffsetDateTime) -> Arc<Store> {
        Store::open(&self.location, Existence::Expect, now).expect("opened")
    }

    /// The file of the database.
    pub(super) fn file(&self) -> std::path::PathBuf {
        match &self.location {
            Location::Sqlite(file) => file.clone(),
            Location::Postgres(_) => panic!("no file"),
        }
    }

    /// The database at its server.
    pub(super) fn server(&self) -> &support::postgres::Database {
        self.server.as_ref().expect("a server")
    }

    pub(super) fn create(&self, new: &NewUser) -> User {
        match retry(|| self.store.create_user(new, &by_operator(0))) {
            Created::User(user) => user,
            Created::AddressTaken => panic!("the address is taken"),
        }
    }

    pub(super) fn user(&self, name: &str) -> User {
        self.create(&new_user(name))
    }

    pub(super) fn admin(&self, name: &str) -> User {
        self.create(&NewUser { admin: true, ..new_user(name) })
    }

    pub(super) fn open_session(&self, user: &User) -> Session {
        match self.store.open_session(&opening(user.public_id), START).expect("answered") {
            Opened::Session(session) => session,
            other => panic!("{other:?}"),
        }
    }

    /// The sessions of a user that are open at `now`.
    pub(super) fn open_sessions(&self, public_id: Uuid, now: OffsetDateTime) -> Vec<SessionRecord> {
        let query = SessionQuery { public_id: Some(public_id), after: None, limit: 1_000 };
        self.store.list_sessions(&query, now).expect("answered")
    }

    /// Runs statements in the database, as another program does.
    pub(super) fn run(&self, statements: &str) {
        match &self.location {
            Location::Sqlite(file) => {
                let file = file.to_str().expect("UTF-8");
                let mut other = SqliteConnection::establish(file).expect("opened");
                let statements = format!("PRAGMA busy_timeout = 5000; {statements}");
                other.batch_execute(&statements).expect("run");
            }
            Location::Postgres(_) => drop(self.server().run(statements)),
        }
    }

    /// Returns a page of the snapshot, joined from its parts.
    pub(super) fn snapshot(&self, after: u64, limit: u32, since: OffsetDateTime) -> Snapshot {
        let mut whole = Snapshot::default();
        let mut take = |part| {
            match part {
                Part::Page { users, position, more } => {
                    whole = Snapshot { users, position, more, ..Snapshot::default() };
                }
                Part::Revocations(more) => whole.revocations.extend(more),
            }
            true
        };
        self.store.snapshot(after, limit, since, &mut take).expect("a page");
        whole
    }

    pub(super) fn position(&self) -> u64 {
        self.store.position().expect("a position")
    }

    /// Every event after a position.
    pub(super) fn events_after(&self, after: u64) -> Vec<Event> {
        match self.store.changes_after(after, u32::MAX).expect("answered") {
            Changes::After { events, .. } => events,
            Changes::Gone => panic!("{after} is gone"),
        }
    }

    pub(super) fn changes_after(&self, after: u64) -> Vec<Change> {
        self.events_after(after).into_iter().map(|event| event.change).collect()
    }
}
