//! The caller of a guarded route: a client with a scope, a user in a session, or an operator.
//!
//! The issuer checks tokens against its own keys and tables. It uses the same verifier as every
//! guard and gives the same refusals.

use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;
use signet_contract::bearer::Reason;
use signet_contract::scope::holds;
use signet_verifier::{AccessToken, Profile, Refusal, Subject, inspect, presented};
use time::Duration;
use uuid::Uuid;

use super::Issuer;
use super::address::client_address;
use auth_domain::Store;
use auth_domain::caller::{Right, Unfit, judge};
use auth_domain::error::StoreResult;
use auth_domain::keys::{Key, KeyState};

/// The leeway for different clocks of the issuer's instances.
const LEEWAY: Duration = Duration::seconds(10);

/// The longest life of any token that this issuer ever issued, under any setting.
const LONGEST_LIFE: Duration = Duration::hours(24);

/// The `Retry-After` seconds if the database can't be asked about a token.
const UNAVAILABLE_SECONDS: u32 = 5;

/// A client that has the required scope.
pub(super) struct Caller {
    client_id: String,
    scope: Option<String>,
}

impl Caller {
    /// Returns the client's id.
    pub(super) fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Returns true if the client was also granted `scope`.
    pub(super) fn may(&self, scope: &str) -> bool {
        holds(self.scope.as_deref(), scope)
    }
}

/// A user in a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SessionCaller {
    /// The user's id.
    pub(super) public_id: Uuid,
    /// The session's id.
    pub(super) sid: Uuid,
}

impl SessionCaller {
    /// Verifies the request's token, which may be for the issuer or for any of its audiences.
    pub(super) async fn of(request: &HttpRequest, issuer: &Issuer) -> Result<Self, Refusal> {
        let judged = user(request.headers(), issuer, issuer.tokens.every_audience(), Right::User);
        noted(request, issuer, judged.await)
    }
}

/// An operator: the role `admin` is in the token and in the table, and the token's audience is the
/// issuer. So a guard that receives an admin's token can't use it here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Admin {
    /// The user's id.
    pub(super) public_id: Uuid,
    /// The session's id.
    pub(super) sid: Uuid,
}

impl Admin {
    /// Verifies the request's token.
    pub(super) async fn of(request: &HttpRequest, issuer: &Issuer) -> Result<Self, Refusal> {
        let own = vec![issuer.tokens.issuer.clone()];
        let judged = user(request.headers(), issuer, own, Right::Admin).await;
        let SessionCaller { public_id, sid } = noted(request, issuer, judged)?;
        Ok(Self { public_id, sid })
    }
}

/// Verifies that the request's token is a client's and grants `scope`.
pub(super) async fn with_scope(
    request: &HttpRequest,
    issuer: &Issuer,
    scope: &'static str,
) -> Result<Caller, Refusal> {
    noted(request, issuer, client(request.headers(), issuer, scope).await)
}

/// Logs a refusal without any part of the token: the token may still be good elsewhere.
fn noted<T>(
    request: &HttpRequest,
    issuer: &Issuer,
    judged: Result<T, Refusal>,
) -> Result<T, Refusal> {
    if let Err(refusal) = &judged {
        let from = client_address(request, &issuer.options.trusted_proxies);
        tracing::info!(path = request.path(), ?from, why = %refusal, "token refused");
    }
    judged
}

async fn client(
    headers: &HeaderMap,
    issuer: &Issuer,
    scope: &'static str,
) -> Result<Caller, Refusal> {
    let own = vec![issuer.tokens.issuer.clone()];
    let token = verify(presented(headers)?, issuer, own).map_err(Refusal::Invalid)?;
    if let Subject::User { .. } = token.subject {
        return Err(Refusal::Forbidden { scope: Some(scope) });
    }
    let (client_id, pos) = (token.client_id.clone(), token.pos);
    if !ask(issuer, move |store| is_registered(store, &client_id, pos)).await? {
        return Err(Refusal::Invalid(Reason::Revoked));
    }
    if !holds(token.scope.as_deref(), scope) {
        return Err(Refusal::Forbidden { scope: Some(scope) });
    }
    Ok(Caller { client_id: token.client_id, scope: token.scope })
}

/// Returns true if the client of a token issued at `pos` is registered and was not removed since.
pub(super) fn is_registered(store: &dyn Store, client_id: &str, pos: u64) -> StoreResult<bool> {
    let removed_at = store.client_removed_at(client_id)?;
    let before_removal = removed_at.is_some_and(|seq| pos < seq);
    Ok(!before_removal && store.find_client(client_id)?.is_some())
}

async fn user(
    headers: &HeaderMap,
    issuer: &Issuer,
    audiences: Vec<String>,
    wanted: Right,
) -> Result<SessionCaller, Refusal> {
    let token = verify(presented(headers)?, issuer, audiences).map_err(Refusal::Invalid)?;
    let Subject::User { public_id, sid, roles } = token.subject else {
        return Err(Refusal::Forbidden { scope: None });
    };
    let pos = token.pos;
    let standing = ask(issuer, move |store| store.standing(&token.kid, public_id, sid)).await?;
    match judge(&standing, pos, &roles, wanted) {
        Ok(()) => Ok(SessionCaller { public_id, sid }),
        Err(Unfit::Refused(reason)) => Err(Refusal::Invalid(reason)),
        Err(Unfit::TooLittle) => Err(Refusal::Forbidden { scope: None }),
    }
}

/// Asks the store. A store error becomes `Refusal::Unavailable`.
async fn ask<T: Send + 'static>(
    issuer: &Issuer,
    question: impl FnOnce(&dyn Store) -> StoreResult<T> + Send + 'static,
) -> Result<T, Refusal> {
    let unavailable = |_| Refusal::Unavailable { retry_after: UNAVAILABLE_SECONDS };
    issuer.ask(question).await.map_err(unavailable)
}

/// Verifies that this issuer signed the token for one of `audiences`, with a key still published.
pub(super) fn verify(
    token: &str,
    issuer: &Issuer,
    audiences: Vec<String>,
) -> Result<AccessToken, Reason> {
    let profile = Profile {
        issuer: issuer.tokens.issuer.clone(),
        audiences,
        leeway: LEEWAY,
        max_life: LONGEST_LIFE,
    };
    let unverified = inspect(token, &profile, issuer.clock.now())?;
    let set = issuer.keys.key_set();
    let Some(key) = set.key(unverified.kid()) else {
        let kid = unverified.kid();
        let revoked = |key: &Key| key.kid == kid && key.state == KeyState::Revoked;
        return Err(if issuer.keys.keys().iter().any(revoked) {
            Reason::RevokedKey
        } else {
            Reason::Key
        });
    };
    unverified.verify(key)
}
