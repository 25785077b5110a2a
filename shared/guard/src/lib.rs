//! The guard: it verifies an access token where the token is used, with the data that it holds.
//!
//! The guard holds keys, revocations and, if its [`GuardStore`] has one, the user directory. Two
//! tasks keep them fresh: the owner of the key cache and the reader of the feed. A request waits
//! for the issuer only if its token is signed by an unknown key, or is newer than the replica.
//!
//! ```no_run
//! use std::sync::Arc;
//! use signet_guard::clock::SystemClock;
//! use signet_guard::{FileStore, Guard, GuardConfig};
//!
//! # async fn start() -> Result<(), Box<dyn std::error::Error>> {
//! let config = GuardConfig::new("https://login.example.org", "orders", "orders", "orders.secret")?;
//! let store = Arc::new(FileStore::open("orders-guard.json")?);
//! let guard = Guard::start(config, store, Arc::new(SystemClock)).await?;
//! # Ok(()) }
//! ```
//!
//! Start it once and clone it into every worker. [`Rules`] require more than a good token, and
//! [`Guards`] combines the guards of several issuers.
//!
//! The features: `actix` and `tower` for web frameworks, `settings` for flags and variables by clap,
//! `metrics` for Prometheus, `testing` for the unit tests of a service.

#[cfg(feature = "actix")]
pub mod actix;
pub mod address;
mod admission;
mod caller;
mod config;
mod feed;
mod file_store;
pub mod forward_auth;
mod freshness;
mod incoming;
mod issuer_client;
mod issuers;
mod keys;
#[cfg(feature = "metrics")]
pub mod metrics;
mod mismatch;
mod own_token;
mod pace;
mod random;
mod refusals;
mod revocations;
mod rules;
mod self_check;
#[cfg(feature = "settings")]
pub mod settings;
mod start;
pub mod status;
mod stop;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "tower")]
pub mod tower;
mod transport;

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use address::AddressError;
pub use caller::{Admin, Caller, Required, Scope, Scoped, User};
pub use config::{GuardConfig, LEEWAY, MAX_STALENESS, MAX_TOKEN_LIFE};
pub use file_store::FileStore;
pub use issuers::{Guards, SameIssuer};
pub use mismatch::Mismatch;
pub use revocations::revokes;
pub use rules::Rules;
pub use signet_contract::{self as contract, clock};
pub use signet_verifier as verifier;
pub use status::GuardStatus;
pub use store::{GuardStore, StoreError};

use admission::Admission;
use feed::FeedView;
use freshness::Stamp;
use keys::KeyCache;
use refusals::Tally;
use revocations::Revocations;
use self_check::SelfCheck;
use signet_contract::clock::Clock;
use signet_verifier::{Profile, Refusal, RequestHeaders, Verdicts, presented};
use status::{FeedStatus, KeysStatus};
use transport::Skew;

/// An error at the start of a guard. An issuer that can't be reached is no error.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    /// The issuer's address can't be used.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The store can't be read.
    #[error("the guard's store: {0}")]
    Store(#[from] StoreError),
    /// The HTTP client can't be built: no usable certificate store, for example.
    #[error("the HTTP client: {0}")]
    Client(String),
}

/// A running guard. A clone is cheap and is the same guard. The tasks of the guard end when
/// [`stop`](Self::stop) is called or the last clone is dropped.
#[derive(Clone)]
pub struct Guard {
    inner: Arc<Inner>,
    rules: Arc<Rules>,
}

/// The state that all clones share.
struct Inner {
    profile: Profile,
    max_staleness: std::time::Duration,
    clock: Arc<dyn Clock>,
    /// The store, if it has a directory.
    directory: Option<Arc<dyn GuardStore>>,
    keys: Arc<KeyCache>,
    verdicts: Arc<Verdicts>,
    revocations: Arc<RwLock<Revocations>>,
    feed: Arc<FeedView>,
    skew: Skew,
    check: Arc<SelfCheck>,
    tally: Tally,
    stop: watch::Sender<bool>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Guard {
    /// Returns the same guard with more rules: they hold for all requests that it judges, beside
    /// those that it has.
    ///
    /// ```
    /// # fn on(guard: &signet_guard::Guard) {
    /// use signet_guard::Rules;
    ///
    /// let operators = guard.requiring(Rules::new().role("admin"));
    /// # }
    /// ```
    #[must_use]
    pub fn requiring(&self, rules: Rules) -> Self {
        let rules = Rules::clone(&self.rules).and(rules);
        Self { inner: Arc::clone(&self.inner), rules: Arc::new(rules) }
    }

    /// Verifies a token, with revocations, the directory and the guard's [rules](Self::requiring). A
    /// service's token needs no record in the directory.
    ///
    /// # Errors
    ///
    /// The refusal, which is the answer to the client.
    pub async fn admit(&self, token: &str) -> Result<Caller, Refusal> {
        self.judge(Ok(token), &Rules::new()).await
    }

    /// Verifies the token of a request as [`admit`](Self::admit) does. It is in
    /// `Authorization: Bearer` or in `x-access-token`.
    ///
    /// # Errors
    ///
    /// The refusal, which is the answer to the client.
    pub async fn admit_request(&self, headers: &impl RequestHeaders) -> Result<Caller, Refusal> {
        self.judge(presented(headers), &Rules::new()).await
    }

    /// Does the same, but returns `None` for a request without a token if the rules are
    /// [optional](Rules::optional).
    ///
    /// # Errors
    ///
    /// The refusal, which is the answer to the client.
    pub async fn admit_optional(
        &self,
        headers: &impl RequestHeaders,
    ) -> Result<Option<Caller>, Refusal> {
        match presented(headers) {
            Err(Refusal::Missing) if self.is_optional() => Ok(None),
            token => self.judge(token, &Rules::new()).await.map(Some),
        }
    }

    /// Judges a token by the guard's rules and by more.
    pub(crate) async fn judge(
        &self,
        token: Result<&str, Refusal>,
        more: &Rules,
    ) -> Result<Caller, Refusal> {
        self.decide(token, more).await.map(|admission| Caller(admission.token))
    }

    /// Does the same, and returns what the directory says of the caller, too.
    async fn decide(
        &self,
        token: Result<&str, Refusal>,
        more: &Rules,
    ) -> Result<Admission, Refusal> {
        let decided = match token {
            Ok(text) => admission::admit(&self.inner, text, [&self.rules, more]).await,
            Err(refusal) => Err(refusal),
        };
        self.inner.tally.count(decided)
    }

    /// Returns true if the other one is this guard, with equal rules.
    #[cfg(any(feature = "actix", feature = "tower"))]
    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner) && self.rules == other.rules
    }

    fn is_optional(&self) -> bool {
        self.rules.is_optional()
    }

    /// Returns the issuer of the tokens that this guard admits.
    pub fn issuer(&self) -> &str {
        &self.inner.profile.issuer
    }

    /// Returns the audiences that this guard accepts. A token must be for one of them.
    pub fn audiences(&self) -> &[String] {
        &self.inner.profile.audiences
    }

    /// The guard's state now.
    pub fn status(&self) -> GuardStatus {
        let inner = &*self.inner;
        let (fetches, failures, last_error) = inner.keys.counts();
        let seen = inner.feed.seen();
        let now = Stamp::now(&*inner.clock);
        let (admitted, refused) = inner.tally.counts();
        GuardStatus {
            serving: inner.must_serve(&now).is_ok(),
            keys: KeysStatus {
                kids: inner.keys.kids(),
                age: inner.keys.freshness().map(|stamp| stamp.age(&now)),
                trusted: inner.keys_trusted(&now),
                last_error,
                fetches: fetches.into_iter().collect(),
                failures,
            },
            feed: FeedStatus {
                position: inner.feed.position(),
                caught_up: seen.caught_up,
                age: seen.contact.map(|stamp| stamp.age(&now)),
                trusted: inner.feed_trusted(seen.contact, &now),
                lag: seen.lag,
                last_error: seen.last_error,
                snapshot: seen.snapshot,
            },
            skew: inner.skew.get(),
            mismatches: inner.check.mismatches(),
            revocations: inner.revocations.read().unwrap_or_else(PoisonError::into_inner).len(),
            admitted,
            refused,
        }
    }

    /// Ends the guard's tasks: cancels calls to the issuer and finishes a write in progress.
    pub async fn stop(&self) {
        self.inner.stop.send_replace(true);
        let tasks =
            std::mem::take(&mut *self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            // An error means that the task panicked, so it has ended too.
            let _ = task.await;
        }
    }
}

impl Inner {
    /// Returns [`Refusal::Unavailable`] unless requests may be judged now.
    pub(crate) fn must_serve(&self, now: &Stamp) -> Result<(), Refusal> {
        let trusted = self.feed.started()
            && self.keys_trusted(now)
            && self.feed_trusted(self.feed.contact(), now);
        if trusted { Ok(()) } else { Err(Refusal::Unavailable { retry_after: 1 }) }
    }

    fn keys_trusted(&self, now: &Stamp) -> bool {
        self.is_fresh(self.keys.freshness(), now)
    }

    fn feed_trusted(&self, contact: Option<Stamp>, now: &Stamp) -> bool {
        self.feed.position().is_some() && self.is_fresh(contact, now)
    }

    fn is_fresh(&self, stamp: Option<Stamp>, now: &Stamp) -> bool {
        stamp.is_some_and(|stamp| stamp.age(now) <= self.max_staleness)
    }
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
