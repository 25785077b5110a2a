//! `GET /feed`: the changes after a position, at once or as soon as one comes.

use std::collections::BTreeSet;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use signet_contract::audiences::{self, AUDIENCE_HEADER};
use signet_contract::events::{Change, Event, FeedPage, UserChange};
use signet_contract::problem::Problem;
use signet_contract::scope::{DIRECTORY_READ, EVENTS_READ};
use signet_service::problem_response::ProblemError;
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use crate::Issuer;
use crate::edge::Edge;
use crate::edge::answer::uncached;
use crate::edge::query::{Query, wrong};
use crate::edge::refusals::{Unreadable, WrongParameter};
use auth_app::guards::Call;
use auth_app::keys::follow;
use auth_domain::feed::Changes;
use auth_domain::guards::{GuardId, Report};
use auth_domain::keys::KeyState;

/// The longest wait, in seconds. A proxy's idle time-out is seldom below 30.
const LONGEST_WAIT: u64 = 25;

/// The most events of one answer.
const MOST_EVENTS: u64 = 1_000;

/// The most keys that a guard can report.
const MOST_KIDS: usize = 100;

/// The `Retry-After` seconds at shutdown: another server may have taken over by then.
const ENDING_SECONDS: u32 = 1;

/// Characters of an RFC 7638 SHA-256 thumbprint.
const THUMBPRINT: usize = 43;

/// The changes after a position, in commit order.
///
/// The answer comes at once if there are changes, else with the next one, else empty after `wait`
/// seconds. Without the scope `directory:read`, user events carry only `public_id` and `state`.
#[utoipa::path(
    get, path = "/feed", tag = "Guards", operation_id = "readFeed",
    security(("client" = ["events:read"])),
    params(
        ("after" = Option<u64>, Query, description = "The position to read from; 0 if left out."),
        ("wait" = Option<u64>, Query, description = "Seconds to wait for a change, 0 to 25; 0 if left out."),
        ("limit" = Option<u64>, Query, description = "The most events to send, 1 to 1000; 1000 if left out."),
        ("instance" = Option<Uuid>, Query, description = "Which guard this is."),
        ("kids" = Option<String>, Query, description = "The keys that the guard holds, separated by commas."),
    ),
    responses(
        (status = 200, description = "The changes.", body = FeedPage, headers(("Signet-Audience" = String, description = "The audiences of this issuer's tokens, percent-encoded and separated by commas."))),
        (status = 401, description = "The token is missing or not good."),
        (status = 403, description = "The token does not grant `events:read`.", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "The position is older than what is kept, or of another database: take a new snapshot.", body = Problem, content_type = "application/problem+json"),
        WrongParameter,
        Unreadable,
    )
)]
pub(crate) async fn read(
    request: HttpRequest,
    issuer: web::Data<Issuer>,
    edge: web::Data<Edge>,
) -> Result<HttpResponse, actix_web::Error> {
    let came_too_late = edge.shutdown.begun();
    let arrival = issuer.guards.arrival();
    let caller = crate::edge::legacy::with_scope(&request, &issuer, EVENTS_READ).await?;
    let asked = Asked::of(&Query::of(&request)?)?;
    if came_too_late {
        // After an immediate empty page, the reader would ask again at once.
        let (status, why) = (StatusCode::SERVICE_UNAVAILABLE, "This server is ending; try again.");
        return Err(ProblemError::retry_after(status, why, ENDING_SECONDS).into());
    }
    let report = asked.report(&caller.client_id, arrival);
    let Some((mut events, oldest)) = changes(&issuer, &edge, &asked, report).await? else {
        let gone = "The changes after this position are not kept; take a new snapshot.";
        return Err(ProblemError::new(StatusCode::GONE, gone).into());
    };
    serve_keys_of(&issuer, &events).await;
    if !caller.may(DIRECTORY_READ) {
        events.iter_mut().for_each(conceal);
    }
    let next = events.last().map_or(asked.after, |event| event.seq);
    let page = FeedPage { events, next, oldest };
    // The body's members are fixed, so a header holds the audiences that a guard checks.
    let audiences = audiences::write(&issuer.tokens.every_audience());
    Ok(uncached(StatusCode::OK).insert_header((AUDIENCE_HEADER, audiences)).json(page))
}

/// The parameters of a guard's request.
struct Asked {
    after: u64,
    wait: Duration,
    limit: u32,
    instance: Option<Uuid>,
    kids: BTreeSet<String>,
}

impl Asked {
    fn of(query: &Query) -> Result<Self, ProblemError> {
        let after = query.number("after", 0, 0, u64::MAX)?;
        let wait = query.number("wait", 0, 0, LONGEST_WAIT)?;
        let limit = query.number("limit", MOST_EVENTS, 1, MOST_EVENTS)?;
        let instance = query.text("instance").map(Uuid::try_parse).transpose();
        let instance = instance.map_err(|_| wrong("instance", "is not a UUID"))?;
        let kids = query.text("kids").unwrap_or_default();
        let sound = |kid: &str| {
            kid.len() == THUMBPRINT
                && kid.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        if !kids.is_empty() && (kids.split(',').count() > MOST_KIDS || !kids.split(',').all(sound))
        {
            return Err(wrong("kids", "is not a list of key thumbprints separated by commas"));
        }
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let kids = kids.split(',').filter(|kid| !kid.is_empty()).map(str::to_owned).collect();
        Ok(Self { after, wait: Duration::from_secs(wait), limit, instance, kids })
    }

    /// Returns the guard's report on itself, or `None` if the request names no instance.
    fn report(&self, client_id: &str, arrival: u64) -> Option<Report> {
        let id = GuardId { client_id: client_id.to_owned(), instance: self.instance? };
        Some(Report { id, kids: self.kids.clone(), position: self.after, arrival })
    }
}

/// Returns the changes as soon as there are any or the wait is over, or `None` if the position is
/// gone. The wait holds only a timer and a channel. A position that is not gone is a confirmation,
/// which is recorded before the wait begins.
async fn changes(
    issuer: &Issuer,
    edge: &Edge,
    asked: &Asked,
    mut report: Option<Report>,
) -> Result<Option<(Vec<Event>, u64)>, ProblemError> {
    let until = Instant::now() + asked.wait;
    let mut changed = edge.changed.clone();
    let (after, limit) = (asked.after, asked.limit);
    let mut call: Option<Call<'_>> = None;
    loop {
        // Before the read, so that a commit after the read wakes the wait.
        changed.mark_unchanged();
        match issuer.ask(move |store| store.changes_after(after, limit)).await? {
            Changes::Gone => return Ok(None),
            Changes::After { events, oldest } => {
                if let Some(report) = report.take() {
                    call = issuer.guards.call(report, &*issuer.clock);
                }
                let over = asked.wait.is_zero() || edge.shutdown.begun();
                if !events.is_empty() || over || Instant::now() >= until {
                    if let Some(call) = &call {
                        call.sends(&events);
                    }
                    return Ok(Some((events, oldest)));
                }
            }
        }
        tokio::select! {
            moved = changed.changed() => if moved.is_err() {
                // The store is gone and sends no more changes. This process ends soon, too.
                edge.shutdown.wait().await;
            },
            () = sleep_until(until) => {}
            () = edge.shutdown.wait() => {}
        }
    }
}

/// Updates the served key set if it is older than `events`: a guard fetches the set at once. If the
/// update fails, the upkeep logs the reason and the guard asks again.
async fn serve_keys_of(issuer: &Issuer, events: &[Event]) {
    let unserved = |event: &Event| match &event.change {
        Change::KeyPublished { kid } => issuer.keys.state(kid).is_none(),
        Change::KeyRevoked { kid } => issuer.keys.state(kid) != Some(KeyState::Revoked),
        _ => false,
    };
    if events.iter().any(unserved) {
        let (keys, now) = (issuer.keys.clone(), issuer.clock.now());
        let _ = issuer.ask(move |store| Ok(follow(&keys, store, now).is_ok())).await;
    }
}

/// Removes the fields that only clients with `directory:read` may see.
fn conceal(event: &mut Event) {
    match &mut event.change {
        Change::UserCreated(user)
        | Change::UserUpdated(user)
        | Change::UserDisabled(user)
        | Change::UserEnabled(user) => {
            let UserChange { public_id, state, .. } = *user;
            *user = UserChange { public_id, state, name: None, email: None, roles: None };
        }
        Change::UserDeleted { .. }
        | Change::SessionRevoked { .. }
        | Change::UserSessionsRevoked { .. }
        | Change::ClientRemoved { .. }
        | Change::KeyPublished { .. }
        | Change::KeyActivated { .. }
        | Change::KeyRevoked { .. }
        | Change::Unknown => {}
    }
}
