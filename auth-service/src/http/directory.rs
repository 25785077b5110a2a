//! `GET /directory/users`: the snapshot that a guard starts from.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, web};
use shared::contract::directory::{DirectoryPage, DirectoryUser};
use shared::contract::problem::Problem;
use shared::contract::scope::DIRECTORY_READ;

use super::query::Query;
use super::{Issuer, caller, cursor};
use crate::domain::directory::Snapshot;
use crate::domain::feed::REVOCATIONS_KEPT;
use crate::domain::users::User;

/// The most users of one page.
const MOST_USERS: u64 = 1_000;

/// One page of the user directory, in order of creation.
///
/// The first page has every revocation that can still matter. A reader applies the feed from the
/// first page's position.
#[utoipa::path(
    get, path = "/directory/users", tag = "Guards", operation_id = "listDirectory",
    security(("client" = ["directory:read"])),
    params(
        ("after" = Option<String>, Query, description = "The `next` of the page before; the first page if left out."),
        ("limit" = Option<u64>, Query, description = "The most users to send, 1 to 1000; 1000 if left out."),
    ),
    responses(
        (status = 200, description = "The page.", body = DirectoryPage),
        (status = 401, description = "The token is missing or not good."),
        (status = 403, description = "The token does not grant `directory:read`.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A parameter has a value that it can't have.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database can't be read.", body = Problem, content_type = "application/problem+json", headers(("Retry-After" = u32))),
    )
)]
pub(super) async fn list(
    request: HttpRequest,
    issuer: web::Data<Issuer>,
) -> Result<HttpResponse, actix_web::Error> {
    caller::with_scope(&request, &issuer, DIRECTORY_READ).await?;
    let query = Query::of(&request)?;
    let limit = query.number("limit", MOST_USERS, 1, MOST_USERS)?;
    let limit = u32::try_from(limit).unwrap_or(u32::MAX);
    let after = cursor::position_in(&query)?;
    let since = issuer.clock.now() - REVOCATIONS_KEPT;
    let snapshot = issuer.ask(move |store| store.snapshot(after, limit, since)).await?;
    let page = page(snapshot);
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(page))
}

fn page(snapshot: Snapshot) -> DirectoryPage {
    let last = snapshot.users.last().filter(|_| snapshot.more);
    DirectoryPage {
        next: last.map(|user| cursor::of_position(user.created_seq)),
        users: snapshot.users.into_iter().map(record).collect(),
        revocations: snapshot.revocations,
        position: snapshot.position,
    }
}

fn record(user: User) -> DirectoryUser {
    DirectoryUser {
        public_id: user.public_id,
        roles: user.roles(),
        name: user.name,
        email: user.email,
        state: user.state,
    }
}
