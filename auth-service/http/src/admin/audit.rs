//! `GET /admin/audit`: the audit log (actor, action, subject, time, address), for operators.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use signet_service::api_description::TokenRefusals;
use signet_service::problem_response::ProblemError;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use utoipa::PartialSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use uuid::Uuid;

use crate::edge::{
    Admin, ApiError, PageParameters, Query, Then, answer,
    query::{limit, wrong},
    refusals::{Unreadable, WrongParameter},
};
use auth_app::AppState;
use auth_app::audit::{self, AuditLog};
use auth_domain::audit::{Action, AuditQuery};
use auth_domain::page::Cursor;

/// The word of an action, for the API description.
struct KnownAction;

impl PartialSchema for KnownAction {
    fn schema() -> RefOr<Schema> {
        let words = Action::ALL.iter().map(|action| action.word());
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into()
    }
}

/// The audit log of actions and refusals, the latest first.
///
/// Rows: log-ins, good and failed; refused refreshes and clients; changes of passwords, roles,
/// users, keys and clients; ends of sessions. A row is written with its change and never altered.
#[utoipa::path(
    get, path = "/admin/audit", tag = "Operators", operation_id = "readAudit",
    security(("admin" = [])),
    params(
        PageParameters,
        ("actor" = Option<String>, Query, description = "Only what this user or client did."),
        ("action" = inline(Option<KnownAction>), Query, description = "Only this."),
        ("subject" = Option<String>, Query, description = "Only what was done to the user, session, client or key with this id."),
        ("user" = Option<Uuid>, Query, description = "Only what concerns this user, their sessions included."),
        ("since" = Option<OffsetDateTime>, Query, description = "Only from this time on (RFC 3339)."),
        ("until" = Option<OffsetDateTime>, Query, description = "Only before this time (RFC 3339)."),
    ),
    responses(
        (status = 200, description = "The page.", body = AuditLog),
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
    let wanted = AuditQuery {
        before: query.value("after")?.map(|Cursor(id)| id),
        limit: limit(&query)?,
        actor: query.text("actor")?.map(str::to_owned),
        action: action(&query)?,
        subject: query.text("subject")?.map(str::to_owned),
        public_id: user(&query)?,
        since: time(&query, "since")?,
        until: time(&query, "until")?,
    };
    let page = app.run(move |store| audit::list_audit(store, wanted)).await?;
    Ok(answer::json(StatusCode::OK, page))
}

fn action(query: &Query) -> Result<Option<String>, ProblemError> {
    let Some(word) = query.text("action")? else { return Ok(None) };
    let action = Action::parse(word).ok_or_else(|| {
        let known: Vec<_> = Action::ALL.iter().map(|action| action.word()).collect();
        wrong("action", format!("is none of {}", known.join(", ")))
    })?;
    Ok(Some(action.word().to_owned()))
}

fn user(query: &Query) -> Result<Option<Uuid>, ProblemError> {
    let parse = |text| Uuid::try_parse(text).map_err(|_| wrong("user", "is no user's id"));
    query.text("user")?.map(parse).transpose()
}

fn time(query: &Query, name: &'static str) -> Result<Option<OffsetDateTime>, ProblemError> {
    let parse = |text| {
        let at = OffsetDateTime::parse(text, &Rfc3339);
        at.map_err(|_| wrong(name, "is no time such as 2026-01-31T12:00:00Z"))
    };
    query.text(name)?.map(parse).transpose()
}
