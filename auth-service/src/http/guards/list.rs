//! `GET /admin/guards`: who follows the feed, what each holds, and how far behind it is.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use crate::domain::guards::lag;
use crate::http::caller::Admin;
use crate::http::refusals::{NotAnOperator, Unreadable};
use crate::http::{Issuer, answer};
use crate::listing::guards::{GuardEntry, GuardList};

/// The guards that follow the feed.
///
/// One that is behind refuses late what was revoked: its lag says by how much.
#[utoipa::path(
    get, path = "/admin/guards", tag = "Operators", operation_id = "listGuards",
    security(("admin" = [])),
    responses(
        (status = 200, description = "The guards.", body = GuardList),
        NotAnOperator,
        Unreadable,
    )
)]
pub(in crate::http) async fn list(
    request: HttpRequest,
    issuer: web::Data<Issuer>,
) -> Result<HttpResponse, actix_web::Error> {
    Admin::of(&request, &issuer).await?;
    let now = issuer.clock.now();
    let guards = issuer.guards.list(now);
    let entries = issuer.ask(move |store| {
        let with_lag = |guard| lag(store, &guard, now).map(|lag| GuardEntry::of(guard, &lag));
        guards.into_iter().map(with_lag).collect()
    });
    Ok(answer::json(StatusCode::OK, GuardList { guards: entries.await?, next: None }))
}
