//! The state of every handler: the parts of the issuer, which `startup` makes once.

use std::sync::Arc;

use actix_web::HttpRequest;
use ipnet::IpNet;
use signet_contract::clock::Clock;
use signet_service::problem_response::ProblemError;
use signet_service::shutdown::Shutdown;
use tokio::sync::{Notify, watch};
use uuid::Uuid;

use super::address::client_address;
use super::directory::Snapshots;
use super::failure;
use super::guards::Guards;
use super::metrics::Metrics;
use auth_app::blocking;
use auth_crypto::hashing::HashingPool;
use auth_crypto::signing::{KeyRing, Rotator};
use auth_domain::Store;
use auth_domain::audit::{Act, Allowance, Entry};
use auth_domain::error::StoreResult;
use auth_domain::refresh::RefreshPolicy;
use auth_domain::sessions::Session;
use auth_domain::sign_up_limit::SignUpLimit;
use auth_domain::throttle::Throttle;
use auth_domain::tokens::TokenPolicy;

/// The parts of the issuer.
pub struct Issuer {
    /// The database.
    pub store: Arc<dyn Store>,
    /// Receives the feed position whenever it moves.
    pub changed: watch::Receiver<u64>,
    /// The signing key and the published set.
    pub keys: Arc<KeyRing>,
    /// Changes the signing key.
    pub rotator: Rotator,
    /// The guards that follow the feed.
    pub guards: Arc<Guards>,
    /// Limits the snapshots that guards take at the same time.
    pub snapshots: Snapshots,
    /// Hashes passwords.
    pub hashing: HashingPool,
    /// Counts failed log-ins.
    pub throttle: Arc<Throttle>,
    /// Counts sign-ups by network.
    pub sign_ups: SignUpLimit,
    /// Limits the audit rows for refusals that cost the caller nothing.
    pub refusals: Allowance,
    /// Wakes log-ins that wait until other attempts at the same account end.
    pub attempt_ended: Notify,
    /// The values that all tokens share.
    pub tokens: TokenPolicy,
    /// The time limits of session refreshes.
    pub refresh: RefreshPolicy,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// Ends long polls.
    pub shutdown: Shutdown,
    /// The counters.
    pub metrics: Metrics,
    /// The operator's options.
    pub options: Options,
}

/// The operator's options for the answers to requests.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// True if log-in and sign-up must not show whether an account exists.
    pub uniform_errors: bool,
    /// The proxies that may set `X-Forwarded-For`.
    pub trusted_proxies: Vec<IpNet>,
    /// The origins of pages that may call from a browser.
    pub cors_origins: Vec<String>,
}

impl Issuer {
    /// Returns the act of this user, with the request's address and the current time.
    pub(super) fn act_of(&self, request: &HttpRequest, public_id: Uuid) -> Act {
        let from = client_address(request, &self.options.trusted_proxies);
        Act::by_user(public_id, from, self.clock.now())
    }

    /// Records a refusal that cost a password hash or has a proven actor.
    pub(super) async fn note(&self, entry: Entry) -> Result<(), ProblemError> {
        self.ask(move |store| store.note(&entry)).await
    }

    /// Records a refusal that cost the caller nothing, unless there are too many of them.
    pub(super) async fn note_within_bounds(&self, entry: Entry) -> Result<(), ProblemError> {
        match self.refusals.admit(entry) {
            Some(entry) => self.note(entry).await,
            None => Ok(()),
        }
    }

    /// Asks the store on the blocking pool.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn Store) -> StoreResult<T> + Send + 'static,
    ) -> Result<T, ProblemError> {
        let store = Arc::clone(&self.store);
        blocking::run(move || question(store.as_ref())).await.map_err(failure::of_store)
    }

    /// Signs an access token of `session`, on the blocking pool: an RSA-4096 signature takes two
    /// milliseconds of a core.
    pub(super) async fn sign(
        &self,
        session: &Session,
        audience: String,
    ) -> Result<String, ProblemError> {
        let claims = self.tokens.of_session(session, audience, Uuid::new_v4(), self.clock.now());
        let keys = Arc::clone(&self.keys);
        self.ask(move |_| Ok(keys.sign(&claims))).await?.map_err(failure::of_signing)
    }
}
