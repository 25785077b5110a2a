//! `GET /directory/users`: the snapshot that a guard starts from.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use actix_web::{HttpResponse, web};
use futures_util::StreamExt as _;
use signet_contract::directory::DirectoryPage;
use signet_contract::events::Event;
use signet_service::api_description::TokenRefusals;
use signet_service::problem_response::ProblemError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::{Instrument as _, Span};

use crate::edge::{
    ApiError, DirectoryRead, Edge, Query, ScopedClient, Then,
    answer::uncached,
    refusals::{Unreadable, WrongParameter},
};
use auth_app::AppState;
use auth_app::directory::SnapshotPart;
use auth_app::error::AppError;

/// The most users of one page.
const MOST_USERS: u32 = 1_000;

/// One page of the user directory, in order of creation.
///
/// The first page has every revocation that can still matter. A reader applies the feed from the
/// first page's position.
#[utoipa::path(
    get, path = "/directory/users", tag = "Guards", operation_id = "listDirectory",
    security(("client" = ["directory:read"])),
    params(
        ("after" = Option<String>, Query, pattern = "^([A-Za-f][A-Za-z0-9_-]{9}[AEIMQUYcgkosw048])?$", description = "The `next` of the page before; the first page if left out."),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 1000, description = "The most users to send, 1 to 1000; 1000 if left out."),
    ),
    responses(
        (status = 200, description = "The page.", body = DirectoryPage),
        TokenRefusals,
        WrongParameter,
        Unreadable,
    )
)]
pub(crate) async fn list(
    request: Then<ScopedClient<DirectoryRead>, Query>,
    app: web::Data<AppState>,
    edge: web::Data<Edge>,
) -> Result<HttpResponse, ApiError> {
    let Then(_, query) = request;
    let limit = query.number("limit", MOST_USERS, 1..=MOST_USERS)?;
    let after = query.value("after")?;
    let permit = if after.is_none() { Some(edge.snapshots.permit().await?) } else { None };
    let mut page = PageWriter::default();
    let mut parts = app.read_directory(after, limit, move |part| page.write(part));
    let first = parts.next().await?;
    // The handler has ended by then, and its span with it.
    let span = Span::current();
    let rest = futures_util::stream::try_unfold((parts, permit), move |(mut parts, permit)| {
        let part = async move {
            // An error breaks the connection, so the reader sees that the answer is incomplete.
            let part = parts.next().await?;
            Ok::<_, ApiError>(part.map(|part| (part, (parts, permit))))
        };
        part.instrument(span.clone())
    });
    let body = futures_util::stream::iter(first.map(Ok)).chain(rest);
    Ok(uncached(StatusCode::OK).content_type("application/json").streaming(body))
}

/// The most first pages that are written at the same time. Each holds a database connection for as
/// long as its guard reads, and other requests need connections, too.
const AT_ONCE: usize = 2;

/// The time that a guard waits for a permit: less than it waits for the head of an answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// The `Retry-After` seconds for a guard that got no permit.
const BUSY_SECONDS: u32 = 1;

/// Limits the first pages that are written at the same time.
pub struct Snapshots(Arc<Semaphore>);

impl Default for Snapshots {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Snapshots {
    async fn permit(&self) -> Result<OwnedSemaphorePermit, ProblemError> {
        let waiting = tokio::time::timeout(PATIENCE, Arc::clone(&self.0).acquire_owned());
        waiting.await.ok().and_then(Result::ok).ok_or_else(|| {
            let why = "Other guards are taking their snapshots; try again.";
            ProblemError::retry_after(StatusCode::SERVICE_UNAVAILABLE, why, BUSY_SECONDS)
        })
    }
}

/// Writes a [`DirectoryPage`] part by part.
#[derive(Default)]
struct PageWriter {
    /// The page's text after its last revocation.
    tail: String,
    /// True after the first revocations.
    others: bool,
}

impl PageWriter {
    fn write(&mut self, part: SnapshotPart) -> Result<Bytes, AppError> {
        let text = match part {
            SnapshotPart::Page(page) => self.head(&page),
            SnapshotPart::Revocations(events) => self.members(&events),
            SnapshotPart::End => Ok(std::mem::take(&mut self.tail)),
        };
        text.map(Bytes::from).map_err(AppError::internal)
    }

    /// Returns the page's text before its first revocation.
    fn head(&mut self, page: &DirectoryPage) -> Result<String, serde_json::Error> {
        let mut text = serde_json::to_string(page)?;
        // A name can't contain this text: JSON escapes its quotes.
        let opening = "\"revocations\":[";
        let end = text.rfind(opening).map_or(text.len(), |start| start + opening.len());
        self.tail = text.split_off(end);
        Ok(text)
    }

    /// Returns revocations as list members, with a leading comma if others come before them.
    fn members(&mut self, events: &[Event]) -> Result<String, serde_json::Error> {
        let list = serde_json::to_string(events)?;
        let members = list.trim_start_matches('[').trim_end_matches(']');
        let comma = if std::mem::replace(&mut self.others, true) { "," } else { "" };
        Ok(format!("{comma}{members}"))
    }
}
