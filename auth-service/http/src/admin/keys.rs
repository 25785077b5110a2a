//! `/admin/keys`: the signing keys, for operators.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use signet_contract::problem::Problem;
use signet_service::problem_response::ProblemError;
use tokio::time::Instant;
use utoipa::ToSchema;

use crate::Issuer;
use crate::edge::answer;
use crate::edge::body;
use crate::edge::callers::Admin;
use crate::edge::errors;
use crate::edge::refusals::{NotAnOperator, Unreadable, Unwritable, WrongBody};
use auth_app::error::{AppError, Conflict};
use auth_app::keys::{Revoked, follow};
use auth_app::listing::keys::{KeyList, Rotation};
use auth_domain::guards::Receipt;

/// The longest time to the answer of a revocation, confirmed or not: below 5 s in all.
const PATIENCE: Duration = Duration::from_millis(4_700);

/// The options of a key rotation.
#[derive(Deserialize, ToSchema)]
pub(crate) struct RotationForm {
    /// True if the next key signs at once, without waiting for verifiers; false if left out.
    #[serde(default, deserialize_with = "body::flag")]
    immediate: Option<bool>,
}

/// The result of a revocation.
#[derive(Serialize, ToSchema)]
pub(crate) struct RevocationReceipt {
    kid: String,
    /// The key that signs now.
    active: String,
    /// The live guards.
    guards: Vec<Confirmation>,
}

/// The time of a guard's confirmation, if there is one.
#[derive(Serialize, ToSchema)]
pub(crate) struct Confirmation {
    #[schema(format = "uuid")]
    instance: String,
    #[schema(format = "date-time")]
    confirmed_at: Option<String>,
}

/// Every key that ever existed, also retired and revoked ones.
#[utoipa::path(
    get, path = "/admin/keys", tag = "Operators", operation_id = "listKeys",
    security(("admin" = [])),
    responses(
        (status = 200, description = "The keys.", body = KeyList),
        NotAnOperator,
        Unreadable,
    )
)]
pub(crate) async fn list(
    request: HttpRequest,
    issuer: web::Data<Issuer>,
) -> Result<HttpResponse, actix_web::Error> {
    Admin::of(&request, &issuer).await?;
    let keys = issuer.ask(|store| store.list_keys()).await?;
    let guards = issuer.guards.list(issuer.clock.now());
    let list = KeyList::of(&keys, &guards, &issuer.keys.policy());
    Ok(answer::json(StatusCode::OK, list))
}

/// Rotates the signing key.
///
/// A planned rotation publishes a key, which signs when its lead is over and every live guard holds
/// it. A pending key is the answer again. With `immediate`, the key signs before the answer.
#[utoipa::path(
    post, path = "/admin/keys/rotate", tag = "Operators", operation_id = "rotateKeys",
    security(("admin" = [])),
    request_body(content = Option<RotationForm>),
    responses(
        (status = 202, description = "The key that signs next, or already.", body = Rotation),
        NotAnOperator,
        (status = 409, description = "The key set holds 64 keys; the detail says when one leaves.", body = Problem, content_type = "application/problem+json"),
        WrongBody,
        (status = 422, description = "`immediate` is not true or false.", body = Problem, content_type = "application/problem+json"),
        Unwritable,
    )
)]
pub(crate) async fn rotate(
    request: HttpRequest,
    payload: web::Payload,
    issuer: web::Data<Issuer>,
) -> Result<HttpResponse, actix_web::Error> {
    let admin = Admin::of(&request, &issuer).await?;
    let asked: RotationForm = body::read(&request, payload, body::ANY).await?;
    let immediate = asked.immediate.unwrap_or_default();
    let act = issuer.act_of(&request, admin.public_id);
    let (rotator, keys, now) = (issuer.rotator.clone(), issuer.keys.clone(), act.at);
    // Outside `ask`, which stops waiting after a time-out although its work goes on.
    let prepared = {
        let (rotator, keys) = (rotator.clone(), keys.clone());
        tokio::task::spawn_blocking(move || rotator.prepare(&keys.keys())).await
    };
    prepared.map_err(|_panic| ProblemError::internal())?.map_err(of_rotation)?;
    let rotated = issuer
        .ask(move |store| {
            let rotated = rotator.rotate_keys(store, immediate, &act);
            // The upkeep logs a failure of `follow`.
            let _ = follow(&keys, store, now);
            Ok(rotated)
        })
        .await?
        .map_err(of_rotation);
    let policy = issuer.keys.policy();
    let key = rotated?;
    let served = issuer.keys.keys().into_iter().find(|known| known.kid == key.kid);
    let key = served.unwrap_or(key);
    tracing::info!(by = %admin.public_id, kid = %key.kid, immediate, "an operator rotated the keys");
    Ok(answer::json(StatusCode::ACCEPTED, Rotation::to(key, &policy, now)))
}

/// Revokes a key and every token that it signed, also the caller's.
///
/// If it was the active key, the same transaction activates another. Refresh tokens stay good. The
/// answer comes when every live guard has confirmed, at the latest after 5 seconds.
#[utoipa::path(
    post, path = "/admin/keys/{kid}/revoke", tag = "Operators", operation_id = "revokeKey",
    security(("admin" = [])),
    params(("kid" = String, Path, description = "The key's thumbprint.")),
    responses(
        (status = 200, description = "It is void.", body = RevocationReceipt),
        NotAnOperator,
        (status = 404, description = "There is no such key.", body = Problem, content_type = "application/problem+json"),
        Unwritable,
    )
)]
pub(crate) async fn revoke(
    request: HttpRequest,
    kid: web::Path<String>,
    issuer: web::Data<Issuer>,
) -> Result<HttpResponse, actix_web::Error> {
    let began = Instant::now();
    let admin = Admin::of(&request, &issuer).await?;
    let act = issuer.act_of(&request, admin.public_id);
    let (rotator, keys, now) = (issuer.rotator.clone(), issuer.keys.clone(), act.at);
    let wanted = kid.clone();
    let revoked = issuer
        .ask(move |store| {
            let revoked = rotator.revoke_key(store, &wanted, &act);
            let _ = follow(&keys, store, now);
            Ok(revoked)
        })
        .await?
        .map_err(of_rotation)?;
    let Revoked { seq, active } = revoked;
    let kid = kid.into_inner();
    tracing::warn!(by = %admin.public_id, %kid, %active, "an operator revoked a key");
    let patience = PATIENCE.saturating_sub(began.elapsed());
    let receipts = issuer.guards.confirmed(seq, patience, &*issuer.clock).await;
    let confirmation = |receipt: Receipt| Confirmation {
        instance: receipt.id.instance.to_string(),
        confirmed_at: receipt.confirmed_at.map(answer::time),
    };
    let guards = receipts.into_iter().map(confirmation).collect();
    Ok(answer::json(StatusCode::OK, RevocationReceipt { kid, active, guards }))
}

fn of_rotation(error: AppError) -> ProblemError {
    match error {
        AppError::Conflict(Conflict::KeySetFull { next_leaves_at }) => {
            let next = next_leaves_at.map_or_else(
                || "None of them leaves by itself".to_owned(),
                |at| format!("The next one leaves at {}", answer::time(at)),
            );
            let line = format!("The key set holds as many keys as it may. {next}.");
            ProblemError::new(StatusCode::CONFLICT, line)
        }
        AppError::NotFound { .. } => {
            ProblemError::new(StatusCode::NOT_FOUND, "There is no such key.")
        }
        error => errors::problem(error),
    }
}
