//! The guard's decision on a request, and the log line of a refusal.

use actix_web::HttpRequest;
use signet_contract::claims::ROLE_USER;
use signet_verifier::{AccessToken, Refusal, Subject};
use uuid::Uuid;

use super::Api;

/// Admits users and returns the id of the caller. Refuses the token of a service.
pub(super) async fn user(request: &HttpRequest, api: &Api) -> Result<Uuid, Refusal> {
    with_role(request, api, ROLE_USER).await
}

/// Admits users that have `role` in their token and in the directory.
pub(super) async fn with_role(
    request: &HttpRequest,
    api: &Api,
    role: &str,
) -> Result<Uuid, Refusal> {
    let judged =
        api.guard.admit_role(request.headers(), role).await.and_then(|token| caller(&token));
    if let Err(refusal) = &judged {
        note(request, refusal);
    }
    judged
}

fn caller(token: &AccessToken) -> Result<Uuid, Refusal> {
    match &token.subject {
        Subject::User { public_id, .. } => Ok(*public_id),
        Subject::Service => Err(Refusal::Forbidden { scope: None }),
    }
}

/// Logs a refusal. Nothing of the token is logged: it may still be good elsewhere.
fn note(request: &HttpRequest, refusal: &Refusal) {
    let from = request.peer_addr().map(|peer| peer.to_string()).unwrap_or_default();
    let (method, path) = (request.method(), request.path());
    match refusal {
        Refusal::Missing => tracing::debug!(%method, path, %from, "refused: {refusal}"),
        Refusal::Unavailable { .. } => {
            tracing::warn!(%method, path, %from, "not answered: {refusal}");
        }
        _ => tracing::info!(%method, path, %from, "refused: {refusal}"),
    }
}
