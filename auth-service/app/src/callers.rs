//! The caller of a route: a user in a session, an operator, or a client with a scope.
//!
//! The issuer checks tokens against its own keys and tables. It uses the same verifier as every
//! guard and gives the same refusals.

use signet_contract::bearer::Reason;
use signet_contract::scope::holds;
use signet_verifier::{AccessToken, Profile, Refusal, Subject, inspect};
use time::Duration;
use uuid::Uuid;

use crate::AppState;
use crate::error::AppError;
use auth_domain::caller::{CallerRefusal, Right, judge};
use auth_domain::keys::{Key, KeyState};
use auth_store::{Store, StoreResult};

/// The leeway for different clocks of the issuer's instances.
const LEEWAY: Duration = Duration::seconds(10);

/// The longest life of any token that this issuer ever issued, under any setting.
const LONGEST_LIFE: Duration = Duration::hours(24);

/// The `Retry-After` seconds if the database can't be asked about a token.
const UNAVAILABLE_SECONDS: u32 = 5;

/// A user in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionCaller {
    /// The user's id.
    pub public_id: Uuid,
    /// The session's id.
    pub sid: Uuid,
}

/// A client with a scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCaller {
    /// The client's id.
    pub client_id: String,
    /// Every scope of its token, separated by spaces.
    pub scope: Option<String>,
}

impl ClientCaller {
    /// Returns true if the client was granted `scope`.
    pub fn may(&self, scope: &str) -> bool {
        holds(self.scope.as_deref(), scope)
    }
}

impl AppState {
    /// Returns the user of an access token. The token may be for the issuer or for any of its
    /// audiences.
    pub async fn session_caller(&self, token: &str) -> Result<SessionCaller, Refusal> {
        self.user(token, self.tokens.every_audience(), Right::User).await
    }

    /// Returns the operator of an access token: the role `admin` is in the token and in the table,
    /// and the token's audience is the issuer. So a guard that receives an admin's token can't use
    /// it here.
    pub async fn operator(&self, token: &str) -> Result<SessionCaller, Refusal> {
        self.user(token, vec![self.tokens.issuer.clone()], Right::Admin).await
    }

    /// Returns the client of an access token that grants `scope`.
    pub async fn client_with_scope(
        &self,
        token: &str,
        scope: &'static str,
    ) -> Result<ClientCaller, Refusal> {
        let forbidden = || Refusal::Forbidden { scope: Some(scope.to_owned()) };
        let own = vec![self.tokens.issuer.clone()];
        let token = self.verify(token, own).map_err(Refusal::Invalid)?;
        if let Subject::User { .. } = token.subject {
            return Err(forbidden());
        }
        let (client_id, pos) = (token.client_id.clone(), token.pos);
        let registered = self.run(move |store| is_registered(store, &client_id, pos)).await;
        if !registered.map_err(|error| unavailable(&error))? {
            return Err(Refusal::Invalid(Reason::Revoked));
        }
        let caller = ClientCaller { client_id: token.client_id, scope: token.scope };
        if caller.may(scope) { Ok(caller) } else { Err(forbidden()) }
    }

    async fn user(
        &self,
        token: &str,
        audiences: Vec<String>,
        wanted: Right,
    ) -> Result<SessionCaller, Refusal> {
        let token = self.verify(token, audiences).map_err(Refusal::Invalid)?;
        let Subject::User { public_id, sid, roles } = token.subject else {
            return Err(Refusal::Forbidden { scope: None });
        };
        let standing = self.run(move |store| store.standing(&token.kid, public_id, sid)).await;
        match judge(&standing.map_err(|error| unavailable(&error))?, token.pos, &roles, wanted) {
            Ok(()) => Ok(SessionCaller { public_id, sid }),
            Err(CallerRefusal::Invalid(reason)) => Err(Refusal::Invalid(reason)),
            Err(CallerRefusal::Forbidden) => Err(Refusal::Forbidden { scope: None }),
        }
    }

    /// Verifies that this issuer signed the token for one of `audiences`, with a key still
    /// published.
    pub(crate) fn verify(
        &self,
        token: &str,
        audiences: Vec<String>,
    ) -> Result<AccessToken, Reason> {
        let profile = Profile {
            issuer: self.tokens.issuer.clone(),
            audiences,
            leeway: LEEWAY,
            max_life: LONGEST_LIFE,
        };
        let unverified = inspect(token, &profile, self.clock.now())?;
        let set = self.keys.key_set();
        let Some(key) = set.key(unverified.kid()) else {
            let kid = unverified.kid();
            let revoked = |key: &Key| key.kid == kid && key.state == KeyState::Revoked;
            let revoked = self.keys.keys().iter().any(revoked);
            return Err(if revoked { Reason::RevokedKey } else { Reason::Key });
        };
        unverified.verify(key)
    }
}

/// Returns true if the client of a token issued at `pos` is registered and was not removed since.
pub(crate) fn is_registered(store: &Store, client_id: &str, pos: u64) -> StoreResult<bool> {
    let removed_at = store.client_removed_at(client_id)?;
    let before_removal = removed_at.is_some_and(|seq| pos < seq);
    Ok(!before_removal && store.find_client(client_id)?.is_some())
}

fn unavailable(error: &AppError) -> Refusal {
    match error {
        AppError::Internal(_) => tracing::error!(%error, "a token can't be judged"),
        // At `debug`, since each request of an outage causes it. The upkeep logs the outage.
        error => tracing::debug!(%error, "a token can't be judged"),
    }
    Refusal::Unavailable { retry_after: UNAVAILABLE_SECONDS }
}
