//! `GET /directory/users`: the snapshot that a guard starts from.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::StreamExt as _;
use signet_contract::directory::{DirectoryPage, DirectoryUser};
use signet_contract::events::Event;
use signet_contract::problem::Problem;
use signet_contract::scope::DIRECTORY_READ;
use signet_service::problem_response::ProblemError;
use time::OffsetDateTime;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Issuer;
use crate::edge::Edge;
use crate::edge::answer::uncached;
use crate::edge::errors;
use crate::edge::query::Query;
use crate::edge::refusals::{Unreadable, WrongParameter};
use auth_app::blocking;
use auth_domain::directory::Part;
use auth_domain::feed::REVOCATIONS_KEPT;
use auth_domain::page::Cursor;
use auth_domain::users::User;
use auth_store::Store;
use auth_store::{StoreError, StoreResult};

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
        WrongParameter,
        Unreadable,
    )
)]
pub(crate) async fn list(
    request: HttpRequest,
    issuer: web::Data<Issuer>,
    edge: web::Data<Edge>,
) -> Result<HttpResponse, actix_web::Error> {
    crate::edge::legacy::with_scope(&request, &issuer, DIRECTORY_READ).await?;
    let query = Query::of(&request)?;
    let limit = query.number("limit", MOST_USERS, 1, MOST_USERS)?;
    let limit = u32::try_from(limit).unwrap_or(u32::MAX);
    let after = query.after()?.map_or(0, |Cursor(place)| place);
    let since = issuer.clock.now() - REVOCATIONS_KEPT;
    let turn = if after == 0 { Some(edge.snapshots.turn().await?) } else { None };
    let store = Arc::clone(&issuer.store);
    let mut parts = blocking::parts(move |tell| Ok(write(&store, after, limit, since, tell)?));
    let first = parts.next().await.map_err(errors::problem)?;
    let rest = futures_util::stream::try_unfold((parts, turn), async |(mut parts, turn)| {
        // An error breaks the connection, so the reader sees that the answer is incomplete.
        let part = parts.next().await.map_err(errors::problem)?;
        Ok::<_, actix_web::Error>(part.map(|part| (part, (parts, turn))))
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
    async fn turn(&self) -> Result<OwnedSemaphorePermit, ProblemError> {
        let waiting = tokio::time::timeout(PATIENCE, Arc::clone(&self.0).acquire_owned());
        waiting.await.ok().and_then(Result::ok).ok_or_else(|| {
            let why = "Other guards are taking their snapshots; try again.";
            ProblemError::retry_after(StatusCode::SERVICE_UNAVAILABLE, why, BUSY_SECONDS)
        })
    }
}

/// Writes a [`DirectoryPage`] part by part. The whole page is never in memory: a million
/// revocations take some 200 MB.
fn write(
    store: &Store,
    after: u64,
    limit: u32,
    since: OffsetDateTime,
    tell: &mut dyn FnMut(Bytes) -> bool,
) -> StoreResult<()> {
    let unwritable = |_| StoreError::Failed("a snapshot can't be written".into());
    let (mut end, mut told, mut failed) = (String::new(), false, None);
    store.snapshot(after, limit, since, &mut |part| {
        let text = match part {
            Part::Page { users, position, more } => {
                page(users, position, more).map(|(head, tail)| {
                    end = tail;
                    head
                })
            }
            Part::Revocations(events) => listed(&events, told).inspect(|_| told = true),
        };
        match text {
            Ok(text) => tell(Bytes::from(text)),
            Err(error) => {
                failed = Some(error);
                false
            }
        }
    })?;
    if let Some(error) = failed {
        return Err(unwritable(error));
    }
    tell(Bytes::from(end));
    Ok(())
}

/// Returns the page's text before its first revocation, and the text after its last one.
fn page(
    users: Vec<User>,
    position: u64,
    more: bool,
) -> Result<(String, String), serde_json::Error> {
    let last = users.last().filter(|_| more);
    let page = DirectoryPage {
        next: last.map(|user| Cursor(user.created_seq).to_string()),
        users: users.into_iter().map(record).collect(),
        revocations: Vec::new(),
        position,
    };
    let mut text = serde_json::to_string(&page)?;
    // A name can't contain this text: JSON escapes its quotes.
    let opening = "\"revocations\":[";
    let end = text.rfind(opening).map_or(text.len(), |start| start + opening.len());
    let tail = text.split_off(end);
    Ok((text, tail))
}

/// Returns revocations as list members, with a leading comma if others come before them.
fn listed(events: &[Event], others: bool) -> Result<String, serde_json::Error> {
    let list = serde_json::to_string(events)?;
    let members = list.trim_start_matches('[').trim_end_matches(']');
    Ok(if others { format!(",{members}") } else { members.to_owned() })
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
