//! A guard with a replica on disk that has some users. All its input is the same in every run.

use std::sync::Arc;

use api_service::store::Replica;
use signet_contract::directory::UserState;
use signet_contract::events::{Change, Event, UserChange};
use signet_guard::Guard;
use signet_guard::testing::{TestIssuer, TestToken};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

/// The number of users in the directory from the start.
pub(super) const USERS: u64 = 1_000;

/// The `seq` of the first event of a feed.
const FIRST: u64 = 2;

/// The audience of the guard.
const AUDIENCE: &str = "api-service";

/// The time of all events. A fixed time has a text of fixed length.
const AT: OffsetDateTime = datetime!(2026-01-02 03:04:05.678901 UTC);

/// The guard, and the issuer of its tokens and its feed.
pub(super) struct Replicated {
    issuer: TestIssuer,
    guard: Guard,
    /// The `seq` of the next event.
    next: u64,
    _folder: tempfile::TempDir,
}

impl Replicated {
    /// Creates the guard with [`USERS`] users.
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let replica = Replica::open(&folder.path().join("api.db"), 1).expect("a replica");
        let issuer = TestIssuer::new("https://login.example.org");
        let guard = issuer.guard_with(&[AUDIENCE], Arc::new(replica));
        let mut replicated = Self { issuer, guard, next: FIRST, _folder: folder };
        let users = (0..USERS).map(|number| Change::UserCreated(record(id(number))));
        let users = replicated.events(users.collect());
        replicated.apply(&users);
        replicated
    }

    /// Returns the changes as the next events of the feed.
    pub(super) fn events(&mut self, changes: Vec<Change>) -> Vec<Event> {
        let events = changes.into_iter().zip(self.next..);
        let events: Vec<_> = events.map(|(change, seq)| Event { seq, at: AT, change }).collect();
        self.next += events.len() as u64;
        events
    }

    /// Applies a batch of the feed.
    pub(super) fn apply(&self, events: &[Event]) {
        self.issuer.apply(&self.guard, events);
    }

    /// Returns the token of a user who is in the directory.
    pub(super) fn token(&mut self) -> TestToken {
        let token = self.issuer.user();
        let public_id = token.caller().user().expect("a user");
        let created = self.events(vec![Change::UserCreated(record(public_id))]);
        self.apply(&created);
        token
    }

    /// Returns the guard.
    pub(super) fn guard(&self) -> &Guard {
        &self.guard
    }
}

/// Returns an id that depends only on the number. The ids are spread as random ones are.
pub(super) fn id(number: u64) -> Uuid {
    Uuid::from_u128(u128::from(number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
}

/// Returns the record of an active user.
pub(super) fn record(public_id: Uuid) -> UserChange {
    UserChange {
        public_id,
        state: UserState::Active,
        name: Some("Ada Lovelace".into()),
        email: Some(format!("{}@example.org", public_id.simple())),
        roles: Some(vec!["user".into()]),
    }
}
