//! `GET /user`, `/user/me`, `/user/{public_id}`: the user directory, for its own users.

use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use actix_web::{Error, HttpRequest, HttpResponse, web};
use signet_contract::bearer::Reason;
use signet_contract::problem::Problem;
use signet_guard::actix::{Judge, Then};
use signet_guard::verifier::Refusal;
use signet_guard::{Admin, User as CallingUser};
use signet_service::api_description::TokenRefusals;
use signet_service::problem_response::ProblemError;
use uuid::Uuid;

use super::Api;
use super::page_query::PageQuery;
use crate::domain::directory::{DirectoryError, Page, User};
use crate::domain::visibility::Visibility;

/// A user who may list users, by `API_USER_LIST`.
#[derive(Debug)]
pub(super) struct ListReader;

impl Judge for ListReader {
    async fn judge(request: &HttpRequest) -> Result<Self, Refusal> {
        let visibility = request.app_data::<web::Data<Api>>().map(|api| api.visibility);
        match visibility {
            Some(Visibility::Everyone) => CallingUser::judge(request).await.map(|_| Self),
            Some(Visibility::Admins) | None => Admin::judge(request).await.map(|_| Self),
        }
    }
}

/// Lists the users in the order of creation, page by page.
#[utoipa::path(
    get,
    path = "/user",
    operation_id = "list_users",
    tag = "users",
    params(
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 1000,
            description = "At most so many users; 100 if left out"),
        ("after" = Option<String>, Query, pattern = "^(u[0-9a-f]{32})?$",
            description = "The `next` of the page before; the first page if left out or empty"),
    ),
    responses(
        (status = 200, description = "One page", body = Page),
        TokenRefusals,
        (status = 422, description = "A parameter can't have this value", body = Problem,
            content_type = "application/problem+json"),
        (status = 503, description = "Can't be answered now; try again", body = Problem,
            content_type = "application/problem+json", headers(("Retry-After" = u32))),
    ),
    security(("bearer" = []), ("x_access_token" = []))
)]
pub(super) async fn list(
    request: Then<ListReader, PageQuery>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Error> {
    let Then(ListReader, PageQuery { limit, after }) = request;
    let page = if let Some(page) = api.directory.page_in_memory(after, limit) {
        page
    } else {
        let directory = api.directory.clone();
        api.blocking.run(move || directory.page(after, limit)).await?.map_err(problem)?
    };
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(page))
}

/// Returns the caller's own record.
#[utoipa::path(
    get,
    path = "/user/me",
    operation_id = "read_own_user",
    tag = "users",
    responses(
        (status = 200, description = "The caller", body = User),
        TokenRefusals,
        (status = 503, description = "Can't be answered now; try again", body = Problem,
            content_type = "application/problem+json", headers(("Retry-After" = u32))),
    ),
    security(("bearer" = []), ("x_access_token" = []))
)]
pub(super) async fn me(caller: CallingUser, api: web::Data<Api>) -> Result<HttpResponse, Error> {
    let found = api.directory.find(caller.public_id()).map_err(problem)?;
    // The user was deleted after the guard's check.
    let user = found.ok_or(Refusal::Invalid(Reason::Revoked))?;
    Ok(HttpResponse::Ok().json(&*user))
}

/// Returns one user.
#[utoipa::path(
    get,
    path = "/user/{public_id}",
    operation_id = "read_user",
    tag = "users",
    params(("public_id" = Uuid, Path, description = "Whose record")),
    responses(
        (status = 200, description = "The user", body = User),
        TokenRefusals,
        (status = 404, description = "No such user", body = Problem,
            content_type = "application/problem+json"),
        (status = 503, description = "Can't be answered now; try again", body = Problem,
            content_type = "application/problem+json", headers(("Retry-After" = u32))),
    ),
    security(("bearer" = []), ("x_access_token" = []))
)]
pub(super) async fn one(
    caller: CallingUser,
    request: HttpRequest,
    api: web::Data<Api>,
) -> Result<HttpResponse, Error> {
    let wanted = request.match_info().get("public_id").and_then(|id| Uuid::try_parse(id).ok());
    if api.visibility == Visibility::Admins && wanted != Some(caller.public_id()) {
        Admin::judge(&request).await?;
    }
    // A point read takes microseconds, less than a hop to another thread.
    let found = wanted.map(|wanted| api.directory.find(wanted)).transpose().map_err(problem)?;
    let user = found.flatten().ok_or_else(|| {
        ProblemError::new(StatusCode::NOT_FOUND, "There is no user with this id.")
    })?;
    Ok(HttpResponse::Ok().json(&*user))
}

pub(super) fn problem(error: DirectoryError) -> ProblemError {
    match error {
        DirectoryError::UnknownCursor => ProblemError::fields([(
            "after",
            "names no place in the list any more; begin again without it".to_owned(),
        )]),
        DirectoryError::Unavailable(why) => {
            tracing::error!(%why, "the directory can't be read");
            ProblemError::retry_after(
                StatusCode::SERVICE_UNAVAILABLE,
                "The directory can't be read now; try again.",
                1,
            )
        }
    }
}
