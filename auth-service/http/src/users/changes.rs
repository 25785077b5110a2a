//! The operators' changes of an account: state, roles, sessions and deletion.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use signet_contract::directory::UserState;
use signet_contract::problem::Problem;
use signet_service::problem_response::ProblemError;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{named, unknown};
use crate::caller::Admin;
use crate::query::wrong;
use crate::refusals::{LastAdmin, NoSuchUser, NotAnOperator, Unwritable};
use crate::{Issuer, answer, body};
use auth_domain::Store;
use auth_domain::audit::Act;
use auth_domain::error::StoreResult;
use auth_domain::users::{Changed, admin_by};

/// The new roles of a user.
#[derive(Deserialize, ToSchema)]
pub(crate) struct RolesForm {
    /// `user`, and `admin` for an operator.
    #[serde(default)]
    #[schema(required, example = json!(["user", "admin"]))]
    roles: Vec<String>,
}

/// Makes a change, logs it as `what`, and answers.
async fn change(
    request: &HttpRequest,
    admin: &Admin,
    public_id: &str,
    issuer: &Issuer,
    what: &str,
    make: impl FnOnce(&dyn Store, Uuid, &Act) -> StoreResult<Changed> + Send + 'static,
) -> Result<HttpResponse, actix_web::Error> {
    let (public_id, act) = (named(public_id)?, issuer.act_of(request, admin.public_id));
    match issuer.ask(move |store| make(store, public_id, &act)).await? {
        Changed::Done => {
            tracing::info!(by = %admin.public_id, who = %public_id, what, "an operator changed a user");
            Ok(answer::done())
        }
        Changed::Unknown => Err(unknown().into()),
        Changed::LastAdmin => {
            let line = "This is the last admin: nobody would be left to administer. Make another one first.";
            Err(ProblemError::new(StatusCode::CONFLICT, line).into())
        }
    }
}

/// Disables a user.
///
/// Every session ends, every guard refuses the access tokens, and the issuer refuses log-ins.
#[utoipa::path(
    post, path = "/admin/users/{public_id}/disable", tag = "Operators", operation_id = "disableUser",
    security(("admin" = [])),
    params(("public_id" = String, Path, description = "The user's id.")),
    responses(
        (status = 204, description = "The user is disabled, or was before."),
        NotAnOperator,
        NoSuchUser,
        LastAdmin,
        Unwritable,
    )
)]
pub(crate) async fn disable(
    request: HttpRequest,
    public_id: web::Path<String>,
    issuer: web::Data<Issuer>,
) -> Result<HttpResponse, actix_web::Error> {
    let admin = Admin::of(&request, &issuer).await?;
    let disable = |store: &dyn Store, public_id, act: &Act| {
        store.set_user_state(public_id, UserState::Disabled, act)
    };
    change(&request, &admin, &public_id, &issuer, "disabled", disable).await
}

/// Enables a disabled user.
///
/// Ended sessions stay ended.
#[utoipa::path(
    post, path = "/admin/users/{public_id}/enable", tag = "Operators", operation_id = "enableUser",
    security(("admin" = [])),
    params(("public_id" = String, Path, description = "The user's id.")),
    responses(
        (status = 204, description = "The user is active, or was before."),
        NotAnOperator,
        NoSuchUser,
        Unwritable,
    )
)]
pub(crate) async fn enable(
    request: HttpRequest,
    public_id: web::Path<String>,
    issuer: web::Data<Issuer>,
) -> Result<HttpResponse, actix_web::Error> {
    let admin = Admin::of(&request, &issuer).await?;
    let enable = |store: &dyn Store, public_id, act: &Act| {
        store.set_user_state(public_id, UserState::Active, act)
    };
    change(&request, &admin, &public_id, &issuer, "enabled", enable).await
}

/// Gives a user these roles and no others.
///
/// A right needs the role in both the token and the record. After the removal of a role, every
/// guard and the issuer refuse the user's access tokens. Sessions go on, and the next refresh
/// carries the new roles. A new role comes with the next token.
#[utoipa::path(
    put, path = "/admin/users/{public_id}/roles", tag = "Operators", operation_id = "setUserRoles",
    security(("admin" = [])),
    params(("public_id" = String, Path, description = "The user's id.")),
    request_body(content = RolesForm),
    responses(
        (status = 204, description = "These are the user's roles."),
        (status = 400, description = "The body is malformed, or has a field twice.", body = Problem, content_type = "application/problem+json"),
        NotAnOperator,
        NoSuchUser,
        LastAdmin,
        (status = 413, description = "The body is larger than 16 KiB.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`roles` is no list, lacks `user`, or holds what is no role.", body = Problem, content_type = "application/problem+json"),
        Unwritable,
    )
)]
pub(crate) async fn set_roles(
    request: HttpRequest,
    payload: web::Payload,
    public_id: web::Path<String>,
    issuer: web::Data<Issuer>,
) -> Result<HttpResponse, actix_web::Error> {
    let admin = Admin::of(&request, &issuer).await?;
    let RolesForm { roles } = body::read(&request, payload, body::JSON).await?;
    let operator = admin_by(&roles).map_err(|why| wrong("roles", why.to_string()))?;
    let what = if operator { "made an admin" } else { "made no admin" };
    let set = move |store: &dyn Store, public_id, act: &Act| {
        store.set_user_admin(public_id, operator, act)
    };
    change(&request, &admin, &public_id, &issuer, what, set).await
}

/// Ends every session of a user.
///
/// Refresh tokens are void, and every guard refuses the access tokens. The user may log in again.
#[utoipa::path(
    post, path = "/admin/users/{public_id}/logout", tag = "Operators", operation_id = "logUserOut",
    security(("admin" = [])),
    params(("public_id" = String, Path, description = "The user's id.")),
    responses(
        (status = 204, description = "Every session has ended."),
        NotAnOperator,
        NoSuchUser,
        Unwritable,
    )
)]
pub(crate) async fn log_out(
    request: HttpRequest,
    public_id: web::Path<String>,
    issuer: web::Data<Issuer>,
) -> Result<HttpResponse, actix_web::Error> {
    let admin = Admin::of(&request, &issuer).await?;
    let log_out = |store: &dyn Store, public_id, act: &Act| {
        let known = store.end_sessions_of(public_id, None, act)?;
        Ok(if known { Changed::Done } else { Changed::Unknown })
    };
    change(&request, &admin, &public_id, &issuer, "logged out everywhere", log_out).await
}

/// Deletes a user, every session, and the name and the address in the feed.
#[utoipa::path(
    delete, path = "/admin/users/{public_id}", tag = "Operators", operation_id = "deleteUser",
    security(("admin" = [])),
    params(("public_id" = String, Path, description = "The user's id.")),
    responses(
        (status = 204, description = "The account is gone."),
        NotAnOperator,
        NoSuchUser,
        LastAdmin,
        Unwritable,
    )
)]
pub(crate) async fn delete(
    request: HttpRequest,
    public_id: web::Path<String>,
    issuer: web::Data<Issuer>,
) -> Result<HttpResponse, actix_web::Error> {
    let admin = Admin::of(&request, &issuer).await?;
    let delete = |store: &dyn Store, public_id, act: &Act| store.delete_user(public_id, act);
    change(&request, &admin, &public_id, &issuer, "deleted", delete).await
}
