//! `/admin/keys`: the signing keys, for operators.

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use signet_contract::problem::Problem;
use signet_service::api_description::TokenRefusals;
use time::OffsetDateTime;
use time::serde::rfc3339;
use tokio::time::Instant;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::edge::{
    Admin, ApiError, Strict, Then, answer, body,
    refusals::{Unreadable, Unwritable, WrongBody},
};
use auth_app::AppState;
use auth_app::keys::{KeyList, RevokedKeys, Rotation, Target};
use auth_domain::guards::Receipt;

/// The time at which a request came in, before its caller was judged.
pub(crate) struct ReceivedAt(Instant);

impl FromRequest for ReceivedAt {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(_: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(Instant::now())))
    }
}

/// The options of a key rotation.
#[derive(Deserialize, ToSchema)]
#[schema(max_properties = 32)]
pub(crate) struct RotationForm {
    /// True if the standby key signs at once, without waiting for verifiers; false if left out.
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
    instance: Uuid,
    #[serde(with = "rfc3339::option")]
    confirmed_at: Option<OffsetDateTime>,
}

/// The result of a revocation of every key.
#[derive(Serialize, ToSchema)]
pub(crate) struct FullRevocationReceipt {
    /// The void keys.
    kids: Vec<String>,
    /// The key that signs now.
    active: String,
    /// The live guards.
    guards: Vec<Confirmation>,
}

fn confirmations(receipts: Vec<Receipt>) -> Vec<Confirmation> {
    let confirmation =
        |Receipt { id, confirmed_at }| Confirmation { instance: id.instance, confirmed_at };
    receipts.into_iter().map(confirmation).collect()
}

/// Every key that ever existed, also retired and revoked ones.
#[utoipa::path(
    get, path = "/admin/keys", tag = "Operators", operation_id = "listKeys",
    security(("admin" = [])),
    responses(
        (status = 200, description = "The keys.", body = KeyList),
        TokenRefusals,
        Unreadable,
    )
)]
pub(crate) async fn list(_: Admin, app: web::Data<AppState>) -> Result<HttpResponse, ApiError> {
    Ok(answer::json(StatusCode::OK, app.list_keys().await?))
}

/// Rotates the signing key.
///
/// A ripe standby key signs before the answer: it has been published for two `max-age`s of the key set,
/// and every live guard holds it. Otherwise the rotation is scheduled for that moment, and the same
/// request has the same answer. With `immediate`, the standby key signs before the answer, ripe or
/// not.
#[utoipa::path(
    post, path = "/admin/keys/rotate", tag = "Operators", operation_id = "rotateKeys",
    security(("admin" = [])),
    request_body(content = Option<RotationForm>),
    responses(
        (status = 202, description = "The standby key, which signs next, or already.", body = Rotation),
        TokenRefusals,
        (status = 409, description = "The key set holds 64 keys; the detail says when one leaves.", body = Problem, content_type = "application/problem+json"),
        WrongBody,
        (status = 422, description = "`immediate` is not true or false.", body = Problem, content_type = "application/problem+json"),
        Unwritable,
    )
)]
pub(crate) async fn rotate(
    request: Then<Admin, Strict<RotationForm>>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let Then(admin, Strict(form)) = request;
    let rotation = app.rotate_keys(form.immediate.unwrap_or_default(), admin.act(&app)).await?;
    Ok(answer::json(StatusCode::ACCEPTED, rotation))
}

/// Revokes a key and every token that it signed, also the caller's.
///
/// If it was the active key, the same transaction activates the standby key. Refresh tokens stay good.
/// The answer comes when every live guard has confirmed, at the latest after 5 seconds.
#[utoipa::path(
    post, path = "/admin/keys/{kid}/revoke", tag = "Operators", operation_id = "revokeKey",
    security(("admin" = [])),
    params(("kid" = String, Path, pattern = "^[A-Za-z0-9_-]{43}$", description = "The key's thumbprint.")),
    responses(
        (status = 200, description = "It is void.", body = RevocationReceipt),
        TokenRefusals,
        (status = 404, description = "There is no such key.", body = Problem, content_type = "application/problem+json"),
        Unwritable,
    )
)]
pub(crate) async fn revoke(
    received: ReceivedAt,
    request: Then<Admin, web::Path<String>>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let Then(admin, kid) = request;
    let kid = kid.into_inner();
    let revoked = app.revoke_keys(Target::Key(kid.clone()), admin.act(&app), received.0).await?;
    let RevokedKeys { active, receipts, .. } = revoked;
    let receipt = RevocationReceipt { kid, active, guards: confirmations(receipts) };
    Ok(answer::json(StatusCode::OK, receipt))
}

/// Revokes every published key and every token, also the caller's.
///
/// It is the answer to a stolen keys folder, database or machine. Key pairs that are not published are
/// deleted, too. A pair that is made now signs. Refresh tokens stay good.
#[utoipa::path(
    post, path = "/admin/keys/revoke-all", tag = "Operators", operation_id = "revokeAllKeys",
    security(("admin" = [])),
    responses(
        (status = 200, description = "They are void.", body = FullRevocationReceipt),
        TokenRefusals,
        Unwritable,
    )
)]
pub(crate) async fn revoke_all(
    received: ReceivedAt,
    admin: Admin,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let revoked = app.revoke_keys(Target::All, admin.act(&app), received.0).await?;
    let RevokedKeys { kids, active, receipts, .. } = revoked;
    let receipt = FullRevocationReceipt { kids, active, guards: confirmations(receipts) };
    Ok(answer::json(StatusCode::OK, receipt))
}
