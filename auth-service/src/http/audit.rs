//! `GET /admin/audit`: who did what to whom, when and from where, for operators.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use shared::contract::problem::Problem;
use shared::service::problem_response::ProblemError;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use utoipa::ToSchema;
use uuid::Uuid;

use super::caller::Admin;
use super::query::{Query, wrong};
use super::refusals::{NotAnOperator, Unreadable, WrongParameter};
use super::{Issuer, answer, cursor};
use crate::domain::audit::{Action, AuditQuery, Record};
use crate::domain::page;

/// A page of the audit log, the latest row first.
#[derive(Serialize, ToSchema)]
pub(super) struct AuditLog {
    audit: Vec<AuditRow>,
    /// What the next page, of older rows, comes `after`; null on the last one.
    next: Option<String>,
}

/// One thing that was done or refused. It holds ids, no names and no secrets.
#[derive(Serialize, ToSchema)]
pub(super) struct AuditRow {
    /// Rises from row to row.
    id: u64,
    #[schema(format = "date-time")]
    at: String,
    /// `user`, `client`, `operator` (a command), `server` (its schedule) or `nobody` (unproven).
    actor_type: String,
    /// The id of the user or the client.
    actor: Option<String>,
    /// What, such as `login` or `user.disable`.
    action: String,
    /// `done` or `refused`.
    outcome: &'static str,
    /// Why it was refused, such as `wrong_password`.
    reason: Option<String>,
    /// `user`, `session`, `client`, `key` or `unknown`.
    subject_type: String,
    /// The id of what it was done to.
    subject: Option<String>,
    /// The id of the user concerned, whatever the subject is.
    user: Option<String>,
    /// A network address, `command line` or `server`.
    from: Option<String>,
    /// Roles, scopes, and the like.
    detail: Option<String>,
}

impl From<Record> for AuditRow {
    fn from(record: Record) -> Self {
        Self {
            id: record.id,
            at: answer::time(record.at),
            actor_type: record.actor_type,
            actor: record.actor,
            action: record.action,
            outcome: if record.refused.is_some() { "refused" } else { "done" },
            reason: record.refused,
            subject_type: record.subject_type,
            subject: record.subject,
            user: record.public_id,
            from: record.origin,
            detail: record.detail,
        }
    }
}

/// What was done and refused, the latest first.
///
/// Log-ins, good and failed; refused refreshes and clients; changes of passwords, roles, users, keys
/// and clients; ends of sessions. A row is written with the change itself and never changed after.
#[utoipa::path(
    get, path = "/admin/audit", tag = "Operators", operation_id = "readAudit",
    security(("admin" = [])),
    params(
        ("limit" = Option<u64>, Query, description = "The most rows to send, 1 to 1000; 100 if left out."),
        ("after" = Option<String>, Query, description = "The `next` of the page before; the latest rows if left out."),
        ("actor" = Option<String>, Query, description = "Only what this user or client did."),
        ("action" = Option<String>, Query, description = "Only this, such as `login`."),
        ("subject" = Option<String>, Query, description = "Only what was done to the user, session, client or key with this id."),
        ("user" = Option<String>, Query, description = "Only what concerns this user, their sessions included."),
        ("since" = Option<String>, Query, description = "Only from this time on (RFC 3339)."),
        ("until" = Option<String>, Query, description = "Only before this time (RFC 3339)."),
    ),
    responses(
        (status = 200, description = "The page.", body = AuditLog),
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
    let wanted = AuditQuery {
        before: Some(cursor::position_in(&query)?).filter(|id| *id > 0),
        limit: page::rows_for(limit),
        actor: query.text("actor").map(str::to_owned),
        action: action(&query)?,
        subject: query.text("subject").map(str::to_owned),
        public_id: user(&query)?,
        since: time(&query, "since")?,
        until: time(&query, "until")?,
    };
    let mut records = issuer.ask(move |store| store.list_audit(&wanted)).await?;
    let next = page::cut(&mut records, limit, |record| cursor::of_position(record.id));
    let audit = records.into_iter().map(AuditRow::from).collect();
    Ok(answer::json(StatusCode::OK, AuditLog { audit, next }))
}

fn action(query: &Query) -> Result<Option<String>, ProblemError> {
    let Some(word) = query.text("action") else { return Ok(None) };
    let action = Action::parse(word).ok_or_else(|| {
        let known: Vec<_> = Action::ALL.iter().map(|action| action.word()).collect();
        wrong("action", format!("is none of {}", known.join(", ")))
    })?;
    Ok(Some(action.word().to_owned()))
}

fn user(query: &Query) -> Result<Option<Uuid>, ProblemError> {
    let parse = |text| Uuid::try_parse(text).map_err(|_| wrong("user", "is no user's id"));
    query.text("user").map(parse).transpose()
}

fn time(query: &Query, name: &'static str) -> Result<Option<OffsetDateTime>, ProblemError> {
    let parse = |text| {
        let at = OffsetDateTime::parse(text, &Rfc3339);
        at.map_err(|_| wrong(name, "is no time such as 2026-01-31T12:00:00Z"))
    };
    query.text(name).map(parse).transpose()
}
