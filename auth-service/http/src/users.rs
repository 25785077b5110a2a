//! `/admin/users`: the accounts, for operators.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use signet_service::problem_response::ProblemError;
use uuid::Uuid;

use super::caller::Admin;
use super::query::Query;
use super::refusals::{NotAnOperator, Unreadable, WrongParameter};
use super::{Issuer, answer};
use auth_app::listing::users::UserList;
use auth_domain::page::{self, Cursor};
use auth_domain::users::UserQuery;

pub(super) mod changes;

/// The users, in order of creation.
///
/// `q` matches a part of the name or the address, or the beginning of the id. It ignores case.
#[utoipa::path(
    get, path = "/admin/users", tag = "Operators", operation_id = "listUsers",
    security(("admin" = [])),
    params(
        ("limit" = Option<u64>, Query, description = "The most users to send, 1 to 1000; 100 if left out."),
        ("after" = Option<String>, Query, description = "The `next` of the page before; the first page if left out."),
        ("q" = Option<String>, Query, description = "A part of the name or the address, or the beginning of the id."),
    ),
    responses(
        (status = 200, description = "The page.", body = UserList),
        NotAnOperator,
        WrongParameter,
        Unreadable,
    )
)]
pub(super) async fn list(
    request: HttpRequest,
    issuer: web::Data<Issuer>,
) -> Result<HttpResponse, actix_web::Error> {
    Admin::of(&request, &issuer).await?;
    let query = Query::of(&request)?;
    let limit = query.limit()?;
    let wanted = UserQuery {
        after: query.after()?.map_or(0, |Cursor(place)| place),
        limit: page::rows_for(limit),
        search: query.text("q").map(str::to_owned),
    };
    let users = issuer.ask(move |store| store.list_users(&wanted)).await?;
    Ok(answer::json(StatusCode::OK, UserList::of(users, limit)))
}

/// Returns the user id in a path. An invalid UUID is answered `404`.
pub(super) fn named(path: &str) -> Result<Uuid, ProblemError> {
    Uuid::try_parse(path).map_err(|_| unknown())
}

/// Returns the answer for an unknown id.
pub(super) fn unknown() -> ProblemError {
    ProblemError::new(StatusCode::NOT_FOUND, "There is no such user.")
}
