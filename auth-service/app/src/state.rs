//! The parts of a running issuer that use cases work with. `startup` makes them once.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use signet_contract::clock::Clock;
use time::{Duration, OffsetDateTime};
use tokio::sync::Notify;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::blocking;
use crate::error::AppError;
use crate::guards::Guards;
use crate::keys::Rotator;
use crate::metrics::Metrics;
use auth_crypto::hashing::HashingPool;
use auth_crypto::signing::KeyRing;
use auth_domain::audit::{Allowance, NewAuditRow};
use auth_domain::keys::{Key, Timers};
use auth_domain::refresh::RefreshPolicy;
use auth_domain::sessions::Session;
use auth_domain::sign_up_limit::SignUpLimit;
use auth_domain::throttle::{Limit, Throttle};
use auth_domain::tokens::TokenPolicy;
use auth_store::{Store, StoreError};

/// The settings of the use cases.
#[derive(Debug, Clone)]
pub struct AppConfig {
    /// The values that all tokens share.
    pub tokens: TokenPolicy,
    /// The time limits of session refreshes.
    pub refresh: RefreshPolicy,
    /// The failed log-ins of an account; `None` for no limit.
    pub log_in_failures_per_account: Option<Limit>,
    /// The failed log-ins of a network; `None` for no limit.
    pub log_in_failures_per_address: Option<Limit>,
    /// True if everyone may sign up; otherwise operators make the accounts.
    pub registration_open: bool,
    /// The sign-ups of a network; `None` for no limit.
    pub sign_ups_per_address: Option<Limit>,
    /// True if log-in and sign-up must not show whether an account exists.
    pub uniform_errors: bool,
}

/// The parts of the issuer. Routes reach the database by use cases alone.
pub struct AppState {
    pub(crate) store: Arc<Store>,
    /// The signing key and the published set.
    pub keys: Arc<KeyRing>,
    /// Changes the signing key.
    pub rotator: Rotator,
    key_timers: Mutex<Timers>,
    /// The guards that follow the feed.
    pub guards: Guards,
    /// Hashes passwords.
    pub hashing: HashingPool,
    /// Counts failed log-ins.
    pub throttle: Arc<Throttle>,
    pub(crate) sign_ups: SignUpLimit,
    pub(crate) registration_open: bool,
    /// Limits the audit rows for refusals that cost the caller nothing.
    pub(crate) refusals: Allowance,
    /// Wakes log-ins that wait until other attempts at the same account end.
    pub attempt_ended: Notify,
    /// The values that all tokens share.
    pub tokens: TokenPolicy,
    pub(crate) refresh: RefreshPolicy,
    /// True if log-in and sign-up must not show whether an account exists.
    pub uniform_errors: bool,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// The counters.
    pub metrics: Metrics,
}

impl AppState {
    /// Creates the state. The guards that the last run saved still count.
    ///
    /// # Errors
    ///
    /// The store can't read the guards.
    pub fn new(
        store: Arc<Store>,
        keys: Arc<KeyRing>,
        rotator: Rotator,
        hashing: HashingPool,
        config: AppConfig,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let guards = Guards::new(store.list_guards(clock.now())?);
        let throttle =
            Throttle::new(config.log_in_failures_per_account, config.log_in_failures_per_address);
        Ok(Self {
            store,
            keys,
            rotator,
            key_timers: Mutex::default(),
            guards,
            hashing,
            throttle: Arc::new(throttle),
            registration_open: config.registration_open,
            sign_ups: SignUpLimit::new(config.sign_ups_per_address),
            refusals: Allowance::default(),
            attempt_ended: Notify::new(),
            tokens: config.tokens,
            refresh: config.refresh,
            uniform_errors: config.uniform_errors,
            clock,
            metrics: Metrics::default(),
        })
    }

    /// Returns the measured times of the keys, as the last round of the upkeep saw them.
    pub(crate) fn key_timers(&self) -> Timers {
        self.key_timers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Measures the times of the keys at `now`; `uptime` is the time that this process has run.
    pub(crate) fn observe_keys(
        &self,
        keys: &[Key],
        now: OffsetDateTime,
        uptime: Duration,
    ) -> Timers {
        let mut timers = self.key_timers.lock().unwrap_or_else(PoisonError::into_inner);
        timers.observe(keys, now, uptime);
        timers.clone()
    }

    /// Runs a use case on the blocking pool.
    ///
    /// # Errors
    ///
    /// The use case's own, and [`AppError::Unavailable`] if the database does not answer in time.
    pub async fn run<T: Send + 'static, E: Into<AppError> + Send + 'static>(
        &self,
        use_case: impl FnOnce(&Store) -> Result<T, E> + Send + 'static,
    ) -> Result<T, AppError> {
        let store = Arc::clone(&self.store);
        blocking::run(move || use_case(&store).map_err(Into::into)).await
    }

    /// Returns the hash of a new password. `from` is the caller's network address.
    ///
    /// # Errors
    ///
    /// [`AppError::Overloaded`].
    pub async fn hash_password(
        &self,
        password: &str,
        from: Option<IpAddr>,
    ) -> Result<String, AppError> {
        let password = Zeroizing::new(password.as_bytes().to_vec());
        Ok(self.hashing.enter(from)?.hash(password).await?)
    }

    /// Records a refusal that cost a password hash or has a proven actor.
    pub(crate) async fn note(&self, row: NewAuditRow) -> Result<(), AppError> {
        self.run(move |store| store.note(&row)).await
    }

    /// Records a refusal that cost the caller nothing, unless there are too many of them.
    pub(crate) async fn note_within_bounds(&self, row: NewAuditRow) -> Result<(), AppError> {
        match self.refusals.admit(row) {
            Some(row) => self.note(row).await,
            None => Ok(()),
        }
    }

    /// Signs an access token of `session`, on the blocking pool: an RSA-4096 signature takes two
    /// milliseconds of a core.
    pub(crate) async fn sign(
        &self,
        session: &Session,
        audience: String,
    ) -> Result<String, AppError> {
        let claims = self.tokens.of_session(session, audience, Uuid::new_v4(), self.clock.now());
        let keys = Arc::clone(&self.keys);
        self.run(move |_| keys.sign(&claims)).await
    }
}
