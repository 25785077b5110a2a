//! `GET /feed`: the changes after a position, at once or as soon as one comes.

use std::future::{Ready, ready};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use signet_contract::audiences::{self, AUDIENCE_HEADER};
use signet_contract::events::FeedPage;
use signet_contract::problem::Problem;
use signet_service::api_description::TokenRefusals;
use signet_service::problem_response::ProblemError;
use uuid::Uuid;

use crate::edge::{
    ApiError, Edge, EventsRead, Query, ScopedClient, Then,
    answer::uncached,
    query::wrong,
    refusals::{Unreadable, WrongParameter},
};
use auth_app::AppState;
use auth_app::feed::FeedRequest;

/// The longest wait, in seconds. A proxy's idle time-out is seldom below 30.
const LONGEST_WAIT: u64 = 25;

/// The most events of one answer.
const MOST_EVENTS: u32 = 1_000;

/// The most keys that a guard can report.
const MOST_KIDS: usize = 100;

/// The longest wait of a call that begins while the server ends.
const LATE_WAIT: Duration = Duration::from_secs(1);

/// Characters of an RFC 7638 SHA-256 thumbprint.
const THUMBPRINT: usize = 43;

/// The moment at which a call came in. It is taken before the caller is judged: a longer judgement
/// must not change the order of two calls.
pub(crate) struct Arrival {
    /// The number of the call, in the order of arrival.
    pub(crate) number: u64,
    /// True if the shutdown had begun.
    too_late: bool,
}

impl FromRequest for Arrival {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let app = request.app_data::<web::Data<AppState>>();
        let edge = request.app_data::<web::Data<Edge>>();
        let (Some(app), Some(edge)) = (app, edge) else { return ready(Err(ApiError::no_state())) };
        ready(Ok(Self { number: app.guards.arrival(), too_late: edge.shutdown.begun() }))
    }
}

/// The changes after a position, in commit order.
///
/// The answer comes at once if there are changes, else with the next one, else empty after `wait`
/// seconds. Without the scope `directory:read`, user events carry only `public_id` and `state`.
#[utoipa::path(
    get, path = "/feed", tag = "Guards", operation_id = "readFeed",
    security(("client" = ["events:read"])),
    params(
        ("after" = Option<u64>, Query, description = "The position to read from; 0 if left out."),
        ("wait" = Option<u16>, Query, minimum = 0, maximum = 25, description = "Seconds to wait for a change, 0 to 25; 0 if left out."),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 1000, description = "The most events to send, 1 to 1000; 1000 if left out."),
        ("instance" = Option<Uuid>, Query, description = "Which guard this is."),
        ("kids" = Option<String>, Query, pattern = "^([A-Za-z0-9_-]{43}(,[A-Za-z0-9_-]{43}){0,99})?$", description = "The keys that the guard holds, separated by commas."),
    ),
    responses(
        (status = 200, description = "The changes.", body = FeedPage, headers(("Signet-Audience" = String, description = "The audiences of this issuer's tokens, percent-encoded and separated by commas."))),
        TokenRefusals,
        (status = 410, description = "The position is older than what is kept, or of another database: take a new snapshot.", body = Problem, content_type = "application/problem+json"),
        WrongParameter,
        Unreadable,
    )
)]
pub(crate) async fn read(
    arrival: Arrival,
    request: Then<ScopedClient<EventsRead>, Query>,
    app: web::Data<AppState>,
    edge: web::Data<Edge>,
) -> Result<HttpResponse, ApiError> {
    let Then(guard, query) = request;
    let request = feed_request(&query)?;
    let page = app.read_changes(&guard.0, &request, arrival.number, edge.shutdown.wait());
    let page = page.await?.ok_or_else(|| {
        let gone = "The changes after this position are not kept; take a new snapshot.";
        ProblemError::new(StatusCode::GONE, gone)
    })?;
    if arrival.too_late && page.events.is_empty() {
        // After an immediate empty page, the reader would ask again at once.
        tokio::time::sleep(request.wait.min(LATE_WAIT)).await;
    }
    // The body's members are fixed, so a header holds the audiences that a guard checks.
    let audiences = audiences::write(&app.tokens.every_audience());
    Ok(uncached(StatusCode::OK).insert_header((AUDIENCE_HEADER, audiences)).json(page))
}

fn feed_request(query: &Query) -> Result<FeedRequest, ProblemError> {
    let after = query.number("after", 0, 0..=u64::MAX)?;
    let wait = query.number("wait", 0, 0..=LONGEST_WAIT)?;
    let limit = query.number("limit", MOST_EVENTS, 1..=MOST_EVENTS)?;
    let instance = query.text("instance")?.map(Uuid::try_parse).transpose();
    let instance = instance.map_err(|_| wrong("instance", "is not a UUID"))?;
    let kids: Vec<_> = query.text("kids")?.map_or_else(Vec::new, |kids| kids.split(',').collect());
    if kids.len() > MOST_KIDS || !kids.iter().all(|kid| is_thumbprint(kid)) {
        return Err(wrong("kids", "is not a list of key thumbprints separated by commas"));
    }
    Ok(FeedRequest {
        after,
        wait: Duration::from_secs(wait),
        limit,
        instance,
        kids: kids.into_iter().map(str::to_owned).collect(),
    })
}

fn is_thumbprint(text: &str) -> bool {
    let base64url = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    text.len() == THUMBPRINT && text.bytes().all(base64url)
}
