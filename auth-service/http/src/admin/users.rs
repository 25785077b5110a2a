//! `/admin/users`: the accounts, for operators.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use signet_contract::problem::Problem;
use signet_service::api_description::TokenRefusals;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::edge::{
    Admin, ApiError, PageParameters, Query, StrictJson, Then, UserId, answer,
    query::limit,
    refusals::{LastAdmin, NoSuchUser, Unreadable, Unwritable, WrongBody, WrongParameter},
};
use auth_app::AppState;
use auth_app::users::{self, UserEntry, UserForm, UserList};

/// The new roles of a user.
#[derive(Deserialize, ToSchema)]
#[schema(max_properties = 32)]
pub(crate) struct RolesForm {
    #[serde(default)]
    #[schema(required, schema_with = users::known_roles)]
    roles: Vec<String>,
}

/// The new password of a user.
#[derive(Deserialize, ToSchema)]
#[schema(max_properties = 32)]
pub(crate) struct NewPasswordForm {
    /// Not a common one, not the address, not the name.
    #[serde(default)]
    #[schema(required, value_type = String, format = "password", min_length = 8, example = "a long sentence is best")]
    password: Zeroizing<String>,
}

/// The users, in order of creation.
///
/// `q` matches a part of the name or the address, or the beginning of the id. It ignores case.
#[utoipa::path(
    get, path = "/admin/users", tag = "Operators", operation_id = "listUsers",
    security(("admin" = [])),
    params(
        PageParameters,
        ("q" = Option<String>, Query, description = "A part of the name or the address, or the beginning of the id."),
    ),
    responses(
        (status = 200, description = "The page.", body = UserList),
        TokenRefusals,
        WrongParameter,
        Unreadable,
    )
)]
pub(crate) async fn list(
    request: Then<Admin, Query>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let Then(_, query) = request;
    let (limit, after) = (limit(&query)?, query.value("after")?);
    let search = query.text("q")?.map(str::to_owned);
    let page = app.run(move |store| users::list_users(store, after, limit, search)).await?;
    Ok(answer::json(StatusCode::OK, page))
}

/// Creates a user, by the rules of a sign-up.
#[utoipa::path(
    post, path = "/admin/users", tag = "Operators", operation_id = "createUser",
    security(("admin" = [])),
    request_body(content = UserForm),
    responses(
        (status = 201, description = "The user.", body = UserEntry),
        TokenRefusals,
        (status = 409, description = "Another user has the e-mail address.", body = Problem, content_type = "application/problem+json"),
        WrongBody,
        (status = 422, description = "A field has a value that it can't have.", body = Problem, content_type = "application/problem+json"),
        Unwritable,
    )
)]
pub(crate) async fn create(
    request: Then<Admin, StrictJson<UserForm>>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let Then(admin, StrictJson(form)) = request;
    let account = form.check()?;
    let hash = app.hash_password(account.password(), admin.0.from.address).await?;
    let act = admin.act(&app);
    let user = app.run(move |store| users::create_user(store, account, hash, &act)).await?;
    Ok(answer::json(StatusCode::CREATED, user))
}

/// Sets a user's password. Every session of the user ends.
#[utoipa::path(
    put, path = "/admin/users/{public_id}/password", tag = "Operators",
    operation_id = "setUserPassword",
    security(("admin" = [])),
    params(("public_id" = Uuid, Path, description = "The user's id.")),
    request_body(content = NewPasswordForm),
    responses(
        (status = 204, description = "The password is set, and every session has ended."),
        TokenRefusals,
        NoSuchUser,
        WrongBody,
        (status = 422, description = "The password is not allowed.", body = Problem, content_type = "application/problem+json"),
        Unwritable,
    )
)]
pub(crate) async fn set_password(
    request: Then<Admin, (StrictJson<NewPasswordForm>, UserId)>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let Then(admin, (StrictJson(NewPasswordForm { password }), UserId(public_id))) = request;
    let checked = password.clone();
    app.run(move |store| users::check_password(store, public_id, &checked)).await?;
    let hash = app.hash_password(&password, admin.0.from.address).await?;
    let act = admin.act(&app);
    app.run(move |store| users::set_user_password(store, public_id, &hash, &act)).await?;
    Ok(answer::done())
}

/// Disables a user.
///
/// Every session ends, every guard refuses the access tokens, and the issuer refuses log-ins.
#[utoipa::path(
    post, path = "/admin/users/{public_id}/disable", tag = "Operators", operation_id = "disableUser",
    security(("admin" = [])),
    params(("public_id" = Uuid, Path, description = "The user's id.")),
    responses(
        (status = 204, description = "The user is disabled, or was before."),
        TokenRefusals,
        NoSuchUser,
        LastAdmin,
        Unwritable,
    )
)]
pub(crate) async fn disable(
    request: Then<Admin, UserId>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let Then(admin, UserId(public_id)) = request;
    let act = admin.act(&app);
    app.run(move |store| users::disable_user(store, public_id, &act)).await?;
    Ok(answer::done())
}

/// Enables a disabled user.
///
/// Ended sessions stay ended.
#[utoipa::path(
    post, path = "/admin/users/{public_id}/enable", tag = "Operators", operation_id = "enableUser",
    security(("admin" = [])),
    params(("public_id" = Uuid, Path, description = "The user's id.")),
    responses(
        (status = 204, description = "The user is active, or was before."),
        TokenRefusals,
        NoSuchUser,
        Unwritable,
    )
)]
pub(crate) async fn enable(
    request: Then<Admin, UserId>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let Then(admin, UserId(public_id)) = request;
    let act = admin.act(&app);
    app.run(move |store| users::enable_user(store, public_id, &act)).await?;
    Ok(answer::done())
}

/// Gives a user these roles and no others.
///
/// A right needs the role in both the token and the record. After the removal of a role, every
/// guard and the issuer refuse the user's access tokens. Sessions go on, and the next refresh
/// carries the new roles. A new role comes with the next token.
#[utoipa::path(
    put, path = "/admin/users/{public_id}/roles", tag = "Operators", operation_id = "setUserRoles",
    security(("admin" = [])),
    params(("public_id" = Uuid, Path, description = "The user's id.")),
    request_body(content = RolesForm),
    responses(
        (status = 204, description = "These are the user's roles."),
        TokenRefusals,
        NoSuchUser,
        LastAdmin,
        WrongBody,
        (status = 422, description = "`roles` is no list, lacks `user`, or holds what is no role.", body = Problem, content_type = "application/problem+json"),
        Unwritable,
    )
)]
pub(crate) async fn set_roles(
    request: Then<Admin, (StrictJson<RolesForm>, UserId)>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let Then(admin, (StrictJson(RolesForm { roles }), UserId(public_id))) = request;
    let act = admin.act(&app);
    app.run(move |store| users::set_user_roles(store, public_id, &roles, &act)).await?;
    Ok(answer::done())
}

/// Ends every session of a user.
///
/// Refresh tokens are void, and every guard refuses the access tokens. The user may log in again.
#[utoipa::path(
    post, path = "/admin/users/{public_id}/logout", tag = "Operators", operation_id = "logUserOut",
    security(("admin" = [])),
    params(("public_id" = Uuid, Path, description = "The user's id.")),
    responses(
        (status = 204, description = "Every session has ended."),
        TokenRefusals,
        NoSuchUser,
        Unwritable,
    )
)]
pub(crate) async fn log_out(
    request: Then<Admin, UserId>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let Then(admin, UserId(public_id)) = request;
    let act = admin.act(&app);
    app.run(move |store| users::log_user_out(store, public_id, &act)).await?;
    Ok(answer::done())
}

/// Deletes a user, every session, and the name and the address in the feed.
#[utoipa::path(
    delete, path = "/admin/users/{public_id}", tag = "Operators", operation_id = "deleteUser",
    security(("admin" = [])),
    params(("public_id" = Uuid, Path, description = "The user's id.")),
    responses(
        (status = 204, description = "The account is gone."),
        TokenRefusals,
        NoSuchUser,
        LastAdmin,
        Unwritable,
    )
)]
pub(crate) async fn delete(
    request: Then<Admin, UserId>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let Then(admin, UserId(public_id)) = request;
    let act = admin.act(&app);
    app.run(move |store| users::delete_user(store, public_id, &act)).await?;
    Ok(answer::done())
}
