//! `GET /admin/guards`: who follows the feed, what each holds, and how far behind it is.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::guards::{Guard, Lag, lag};
use crate::http::caller::Admin;
use crate::http::refusals::{NotAnOperator, Unreadable};
use crate::http::{Issuer, answer};

/// The guards that called within a day, by client and instance.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct GuardList {
    guards: Vec<GuardEntry>,
    /// Always null: there is no other page.
    next: Option<String>,
}

/// A guard: one process of a client.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct GuardEntry {
    client_id: String,
    #[schema(format = "uuid")]
    instance: String,
    /// Whether a call of it is open, or ended less than a minute ago.
    live: bool,
    /// The feed position up to which it has applied every change.
    position: u64,
    /// How many changes it has not confirmed.
    lag: u64,
    /// How long ago the first of them was made; null if the feed does not keep it any more.
    lag_seconds: Option<f64>,
    /// The thumbprints of the keys that it holds.
    kids: Vec<String>,
    #[schema(format = "date-time")]
    first_seen: String,
    /// When a call of it was last open.
    #[schema(format = "date-time")]
    last_seen: String,
}

fn entry(guard: Guard, lag: &Lag) -> GuardEntry {
    GuardEntry {
        client_id: guard.id.client_id,
        instance: guard.id.instance.to_string(),
        live: guard.live,
        position: guard.position,
        lag: lag.changes,
        lag_seconds: lag.time.map(time::Duration::as_seconds_f64),
        kids: guard.kids.into_iter().collect(),
        first_seen: answer::time(guard.first_seen),
        last_seen: answer::time(guard.seen_at),
    }
}

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
        let with_lag = |guard| lag(store, &guard, now).map(|lag| entry(guard, &lag));
        guards.into_iter().map(with_lag).collect()
    });
    Ok(answer::json(StatusCode::OK, GuardList { guards: entries.await?, next: None }))
}
