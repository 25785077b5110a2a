//! Who calls a guarded route: a client with a token of this issuer, meant for the issuer itself.
//!
//! The issuer judges by its own keys and tables, with the same verifier as every guard.

use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;
use shared::contract::bearer::Reason;
use shared::contract::scope::holds;
use shared::verifier::{AccessToken, Profile, Refusal, Subject, inspect, presented};
use time::Duration;

use super::Issuer;
use super::address::client_address;

/// For instances of the issuer whose clocks disagree.
const LEEWAY: Duration = Duration::seconds(10);

/// The longest life of any token this issuer ever issued, whatever its setting is now.
const LONGEST_LIFE: Duration = Duration::hours(24);

/// Seconds after which a token that the database could not be asked about is worth another try.
const UNAVAILABLE_SECONDS: u32 = 5;

/// A client that may do what it asks for.
pub(super) struct Caller {
    client_id: String,
    scope: Option<String>,
}

impl Caller {
    /// The client.
    pub(super) fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Whether the client was granted this scope, too.
    pub(super) fn may(&self, scope: &str) -> bool {
        holds(self.scope.as_deref(), scope)
    }
}

/// Judges the request's token and wants `scope` of it.
pub(super) async fn with_scope(
    request: &HttpRequest,
    issuer: &Issuer,
    scope: &'static str,
) -> Result<Caller, Refusal> {
    let judged = judge(request.headers(), issuer, scope).await;
    if let Err(refusal) = &judged {
        let from = client_address(request, &issuer.options.trusted_proxies);
        tracing::info!(path = request.path(), ?from, why = %refusal, "token refused");
    }
    judged
}

async fn judge(
    headers: &HeaderMap,
    issuer: &Issuer,
    scope: &'static str,
) -> Result<Caller, Refusal> {
    let token = verify(presented(headers)?, issuer).map_err(Refusal::Invalid)?;
    if let Subject::User { .. } = token.subject {
        return Err(Refusal::Forbidden { scope: Some(scope) });
    }
    let (client_id, pos) = (token.client_id.clone(), token.pos);
    let alive = issuer
        .ask(move |store| {
            let removed_at = store.client_removed_at(&client_id)?;
            let before_removal = removed_at.is_some_and(|seq| pos < seq);
            Ok(!before_removal && store.find_client(&client_id)?.is_some())
        })
        .await
        .map_err(|_| Refusal::Unavailable { retry_after: UNAVAILABLE_SECONDS })?;
    if !alive {
        return Err(Refusal::Invalid(Reason::Revoked));
    }
    if !holds(token.scope.as_deref(), scope) {
        return Err(Refusal::Forbidden { scope: Some(scope) });
    }
    Ok(Caller { client_id: token.client_id, scope: token.scope })
}

fn verify(token: &str, issuer: &Issuer) -> Result<AccessToken, Reason> {
    let profile = Profile {
        issuer: issuer.tokens.issuer.clone(),
        audiences: vec![issuer.tokens.issuer.clone()],
        leeway: LEEWAY,
        max_life: LONGEST_LIFE,
    };
    let unverified = inspect(token, &profile, issuer.clock.now())?;
    let set = issuer.keys.key_set();
    let key = set.key(unverified.kid()).ok_or(Reason::Key)?;
    unverified.verify(key)
}
