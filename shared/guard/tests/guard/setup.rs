//! A guard and its issuer, and helpers for tests.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use signet_contract::clock::{Clock, SystemClock};
use signet_guard::{Caller, Guard, GuardConfig, GuardStore};
use signet_verifier::{Reason, Refusal};
use time::OffsetDateTime;
use uuid::Uuid;

use super::issuer::Issuer;
use super::memory_store::MemoryStore;
use super::tokens::{AUDIENCE, Key, Token, keys};

pub(crate) const ANN: Uuid = Uuid::from_u128(0x11);
pub(crate) const BOB: Uuid = Uuid::from_u128(0x22);
pub(crate) const PHONE: Uuid = Uuid::from_u128(0x33);
pub(crate) const LAPTOP: Uuid = Uuid::from_u128(0x44);

/// An issuer with Ann and Bob, a guard's secret file and store.
pub(crate) struct Setup {
    pub(crate) issuer: Issuer,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) secret_file: PathBuf,
    folder: tempfile::TempDir,
}

impl Setup {
    pub(crate) fn new() -> Self {
        let issuer = Issuer::start(&keys()[0]);
        issuer.sign_up(ANN, &["user", "admin"]);
        issuer.sign_up(BOB, &["user"]);
        let folder = tempfile::tempdir().expect("a folder");
        let secret_file = folder.path().join("secret");
        std::fs::write(&secret_file, "correct\n").expect("written");
        let store = Arc::new(MemoryStore::new());
        Self { issuer, store, clock: Arc::new(SystemClock), secret_file, folder }
    }

    pub(crate) fn config(&self) -> GuardConfig {
        GuardConfig::new(&self.issuer.url, AUDIENCE, "api-service", &self.secret_file)
            .expect("an address")
    }

    pub(crate) fn state_file(&self) -> PathBuf {
        self.folder.path().join("guard.json")
    }

    /// Starts a guard with the directory.
    pub(crate) async fn guard(&self) -> Guard {
        self.guard_on(Arc::clone(&self.store) as Arc<dyn GuardStore>).await
    }

    /// Starts a guard on another store.
    pub(crate) async fn guard_on(&self, store: Arc<dyn GuardStore>) -> Guard {
        Guard::start(self.config(), store, Arc::clone(&self.clock)).await.expect("a guard")
    }

    /// Starts a guard with another configuration.
    pub(crate) async fn guard_with(&self, config: GuardConfig) -> Guard {
        let store = Arc::clone(&self.store) as Arc<dyn GuardStore>;
        Guard::start(config, store, Arc::clone(&self.clock)).await.expect("a guard")
    }

    /// Starts a guard, and waits until it serves and has caught up.
    pub(crate) async fn serving(&self) -> Guard {
        let guard = self.guard().await;
        self.caught_up(&guard).await;
        guard
    }

    /// Waits until the guard serves and has applied the whole feed.
    pub(crate) async fn caught_up(&self, guard: &Guard) {
        until("caught up", || {
            let status = guard.status();
            let position = self.issuer.with(|state| state.position);
            status.serving && status.feed.caught_up && status.feed.position == Some(position)
        })
        .await;
    }

    pub(crate) fn token<'a>(&'a self, key: &'a Key, pos: u64) -> Token<'a> {
        Token { issuer: &self.issuer.url, now: self.clock.now(), key, pos }
    }

    /// Returns a token of the issuer's first key, issued now.
    pub(crate) fn user(&self, user: Uuid, sid: Uuid, roles: &[&str]) -> String {
        self.token(&keys()[0], self.position()).user(user, sid, roles)
    }

    pub(crate) fn position(&self) -> u64 {
        self.issuer.with(|state| state.position)
    }
}

pub(crate) async fn admit(guard: &Guard, token: &str) -> Result<Caller, Refusal> {
    guard.admit(token).await
}

/// Returns the guard's refusal of the token; `None` if it admits it.
pub(crate) async fn refusal(guard: &Guard, token: &str) -> Option<Refusal> {
    admit(guard, token).await.err()
}

pub(crate) const REVOKED: Option<Refusal> = Some(Refusal::Invalid(Reason::Revoked));

/// Waits for a condition, and fails after ten seconds.
pub(crate) async fn until(what: &str, mut is: impl FnMut() -> bool) {
    for _ in 0..2_000 {
        if is() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("not in ten seconds: {what}");
}

/// A running clock with an offset from the machine's, in seconds.
#[derive(Debug)]
pub(crate) struct Shifted(pub(crate) std::sync::atomic::AtomicI64);

impl Shifted {
    pub(crate) fn by(&self, seconds: i64) {
        self.0.store(seconds, std::sync::atomic::Ordering::SeqCst);
    }
}

impl Clock for Shifted {
    fn now(&self) -> OffsetDateTime {
        let shift = self.0.load(std::sync::atomic::Ordering::SeqCst);
        SystemClock.now() + time::Duration::seconds(shift)
    }
}
