//! What operators change of an account: its state, its roles, its sessions, its being there.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use shared::contract::directory::UserState;
use shared::contract::problem::Problem;
use shared::service::problem_response::ProblemError;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{named, unknown};
use crate::domain::users::{Changed, admin_by};
use crate::http::caller::Admin;
use crate::http::query::wrong;
use crate::http::refusals::{NotAnOperator, Unwritable};
use crate::http::{Issuer, answer, body};

/// The roles that a user is to have.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: the body is read field by field")]
pub(in crate::http) struct RolesForm {
    /// `user`, and `admin` for an operator.
    #[schema(example = json!(["user", "admin"]))]
    roles: Vec<String>,
}

fn answered(changed: Changed) -> Result<HttpResponse, ProblemError> {
    match changed {
        Changed::Done => Ok(answer::done()),
        Changed::Unknown => Err(unknown()),
        Changed::LastAdmin => Err(ProblemError::new(
            StatusCode::CONFLICT,
            "This is the last admin: nobody would be left to administer. Make another one first.",
        )),
    }
}

/// Disables a user.
///
/// Every session ends, every guard refuses the access tokens, and no log-in is taken.
#[utoipa::path(
    post, path = "/admin/users/{public_id}/disable", tag = "Operators", operation_id = "disableUser",
    security(("admin" = [])),
    params(("public_id" = String, Path, description = "The user's id.")),
    responses(
        (status = 204, description = "The user is disabled, or was before."),
        NotAnOperator,
        (status = 404, description = "There is no such user.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It is the last admin.", body = Problem, content_type = "application/problem+json"),
        Unwritable,
    )
)]
pub(in crate::http) async fn disable(
    request: HttpRequest,
    public_id: web::Path<String>,
    issuer: web::Data<Issuer>,
) -> Result<HttpResponse, actix_web::Error> {
    set_state(&request, &public_id, &issuer, UserState::Disabled).await
}

/// Enables a disabled user.
///
/// No session revives.
#[utoipa::path(
    post, path = "/admin/users/{public_id}/enable", tag = "Operators", operation_id = "enableUser",
    security(("admin" = [])),
    params(("public_id" = String, Path, description = "The user's id.")),
    responses(
        (status = 204, description = "The user is active, or was before."),
        NotAnOperator,
        (status = 404, description = "There is no such user.", body = Problem, content_type = "application/problem+json"),
        Unwritable,
    )
)]
pub(in crate::http) async fn enable(
    request: HttpRequest,
    public_id: web::Path<String>,
    issuer: web::Data<Issuer>,
) -> Result<HttpResponse, actix_web::Error> {
    set_state(&request, &public_id, &issuer, UserState::Active).await
}

async fn set_state(
    request: &HttpRequest,
    public_id: &str,
    issuer: &Issuer,
    state: UserState,
) -> Result<HttpResponse, actix_web::Error> {
    let admin = Admin::of(request, issuer).await?;
    let (public_id, act) = (named(public_id)?, issuer.act_of(request, admin.public_id));
    let changed = issuer.ask(move |store| store.set_user_state(public_id, state, &act)).await?;
    noted(&admin, public_id, changed, &format!("set to {state:?}"));
    Ok(answered(changed)?)
}

/// Gives a user these roles and no others.
///
/// A right holds where both the token and the record have it: one that is taken away is gone at once,
/// one that is given needs a new token.
#[utoipa::path(
    put, path = "/admin/users/{public_id}/roles", tag = "Operators", operation_id = "setUserRoles",
    security(("admin" = [])),
    params(("public_id" = String, Path, description = "The user's id.")),
    request_body(content = RolesForm),
    responses(
        (status = 204, description = "These are the user's roles."),
        (status = 400, description = "The body is malformed, or has a field twice.", body = Problem, content_type = "application/problem+json"),
        NotAnOperator,
        (status = 404, description = "There is no such user.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It is the last admin.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is larger than 16 KiB.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`roles` is no list, lacks `user`, or holds what is no role.", body = Problem, content_type = "application/problem+json"),
        Unwritable,
    )
)]
pub(in crate::http) async fn set_roles(
    request: HttpRequest,
    payload: web::Payload,
    public_id: web::Path<String>,
    issuer: web::Data<Issuer>,
) -> Result<HttpResponse, actix_web::Error> {
    let admin = Admin::of(&request, &issuer).await?;
    let mut fields = body::json_only(&request, payload).await.map_err(ProblemError::from)?;
    let roles = fields.take_texts("roles").map_err(|_| wrong("roles", "is no list of texts"))?;
    let operator = admin_by(&roles).map_err(|why| wrong("roles", why.to_string()))?;
    let (public_id, act) = (named(&public_id)?, issuer.act_of(&request, admin.public_id));
    let changed = issuer.ask(move |store| store.set_user_admin(public_id, operator, &act)).await?;
    noted(&admin, public_id, changed, if operator { "made an admin" } else { "made no admin" });
    Ok(answered(changed)?)
}

/// Ends every session of a user.
///
/// Refresh tokens die, and every guard refuses the access tokens. The user may log in again.
#[utoipa::path(
    post, path = "/admin/users/{public_id}/logout", tag = "Operators", operation_id = "logUserOut",
    security(("admin" = [])),
    params(("public_id" = String, Path, description = "The user's id.")),
    responses(
        (status = 204, description = "Every session has ended."),
        NotAnOperator,
        (status = 404, description = "There is no such user.", body = Problem, content_type = "application/problem+json"),
        Unwritable,
    )
)]
pub(in crate::http) async fn log_out(
    request: HttpRequest,
    public_id: web::Path<String>,
    issuer: web::Data<Issuer>,
) -> Result<HttpResponse, actix_web::Error> {
    let admin = Admin::of(&request, &issuer).await?;
    let (public_id, act) = (named(&public_id)?, issuer.act_of(&request, admin.public_id));
    let known = issuer.ask(move |store| store.end_sessions_of(public_id, None, &act)).await?;
    let changed = if known { Changed::Done } else { Changed::Unknown };
    noted(&admin, public_id, changed, "logged out everywhere");
    Ok(answered(changed)?)
}

/// Deletes a user, every session, and the name and the address in the feed.
#[utoipa::path(
    delete, path = "/admin/users/{public_id}", tag = "Operators", operation_id = "deleteUser",
    security(("admin" = [])),
    params(("public_id" = String, Path, description = "The user's id.")),
    responses(
        (status = 204, description = "The account is gone."),
        NotAnOperator,
        (status = 404, description = "There is no such user.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It is the last admin.", body = Problem, content_type = "application/problem+json"),
        Unwritable,
    )
)]
pub(in crate::http) async fn delete(
    request: HttpRequest,
    public_id: web::Path<String>,
    issuer: web::Data<Issuer>,
) -> Result<HttpResponse, actix_web::Error> {
    let admin = Admin::of(&request, &issuer).await?;
    let (public_id, act) = (named(&public_id)?, issuer.act_of(&request, admin.public_id));
    let changed = issuer.ask(move |store| store.delete_user(public_id, &act)).await?;
    noted(&admin, public_id, changed, "deleted");
    Ok(answered(changed)?)
}

fn noted(admin: &Admin, public_id: Uuid, changed: Changed, what: &str) {
    if changed == Changed::Done {
        tracing::info!(by = %admin.public_id, who = %public_id, what, "an operator changed a user");
    }
}
