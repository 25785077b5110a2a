//! `/admin/users`: the accounts, for operators.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use shared::contract::directory::UserState;
use shared::contract::problem::Problem;
use shared::service::problem_response::ProblemError;
use utoipa::ToSchema;
use uuid::Uuid;

use super::caller::Admin;
use super::query::Query;
use super::refusals::{NotAnOperator, Unreadable, WrongParameter};
use super::{Issuer, answer, cursor};
use crate::domain::page;
use crate::domain::users::{User, UserQuery};

pub(super) mod changes;

/// A page of users, in order of creation.
#[derive(Serialize, ToSchema)]
pub(super) struct UserList {
    users: Vec<UserEntry>,
    /// What the next page comes `after`; null on the last one.
    next: Option<String>,
}

/// An account, without anything of its password.
#[derive(Serialize, ToSchema)]
pub(super) struct UserEntry {
    public_id: Uuid,
    name: String,
    email: String,
    state: UserState,
    /// `user`, and `admin` for operators.
    roles: Vec<String>,
    #[schema(format = "date-time")]
    created_at: String,
    /// When state, roles or password last changed; until then, when the account was made.
    #[schema(format = "date-time")]
    changed_at: String,
}

impl From<User> for UserEntry {
    fn from(user: User) -> Self {
        Self {
            public_id: user.public_id,
            roles: user.roles(),
            name: user.name,
            email: user.email,
            state: user.state,
            created_at: answer::time(user.created_at),
            changed_at: answer::time(user.changed_at),
        }
    }
}

/// The users, in order of creation.
///
/// `q` finds a part of the name or the address, small and capital letters alike, or the beginning of
/// the id.
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
        (status = 400, description = "The query names a parameter twice.", body = Problem, content_type = "application/problem+json"),
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
        after: cursor::position_in(&query)?,
        limit: page::rows_for(limit),
        search: query.text("q").map(str::to_owned),
    };
    let mut users = issuer.ask(move |store| store.list_users(&wanted)).await?;
    let next = page::cut(&mut users, limit, |user| cursor::of_position(user.created_seq));
    let users = users.into_iter().map(UserEntry::from).collect();
    Ok(answer::json(StatusCode::OK, UserList { users, next }))
}

/// The user that a path names. What is no id is nobody's.
pub(super) fn named(path: &str) -> Result<Uuid, ProblemError> {
    Uuid::try_parse(path).map_err(|_| unknown())
}

/// The answer for an id that is nobody's.
pub(super) fn unknown() -> ProblemError {
    ProblemError::new(StatusCode::NOT_FOUND, "There is no such user.")
}
