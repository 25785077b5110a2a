//! The two routes that the reader calls, as requests and answers.

use std::time::Duration;

use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::machine::Request;
use crate::issuer_client::{CallError, IssuerClient, not_as_agreed};
use signet_contract::directory::DirectoryPage;
use signet_contract::events::FeedPage;

const FEED_PATH: &str = "/feed";
const DIRECTORY_PATH: &str = "/directory/users";

/// The time beyond the wait of a call after which its connection is considered dead.
const GRACE: Duration = Duration::from_secs(5);

/// The seconds that a call is held open while the guard's settings do not fit the issuer's.
const WAIT_WHILE_UNFIT: u64 = 2;

/// The time limit of a call that is not held open; on a first page, of each part of the answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A limit in bytes, above the size of a thousand changes or users.
const LIMIT: usize = 16 * 1024 * 1024;

/// A limit in bytes, above two and a half million revocations: the first page of a snapshot has all
/// that still matter. Each is some 190 bytes and lives for a day; 30 log-outs a second are as many.
const FIRST_PAGE_LIMIT: usize = 512 * 1024 * 1024;

/// An answer, as received.
#[derive(Debug)]
pub(super) enum Answer {
    Feed(FeedPage),
    Directory(DirectoryPage),
}

/// Sends one request. `instance` and `kids` report this guard's id and the keys that it holds. A
/// call that waits is held open for at most `longest_wait` seconds.
pub(super) async fn call(
    client: &IssuerClient,
    request: &Request,
    longest_wait: u64,
    instance: Uuid,
    kids: &[String],
) -> Result<Answer, CallError> {
    match request {
        Request::Feed { after, wait, limit } => {
            // Notices soon an issuer that was restarted with other settings.
            let longest_wait =
                if client.fits() { longest_wait } else { longest_wait.min(WAIT_WHILE_UNFIT) };
            let seconds = if *wait { longest_wait } else { 0 };
            let query = [
                ("after", after.to_string()),
                ("wait", seconds.to_string()),
                ("limit", limit.to_string()),
                ("instance", instance.to_string()),
                ("kids", kids.join(",")),
            ];
            let query: Vec<_> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let timeout = if *wait { Duration::from_secs(seconds) + GRACE } else { TIMEOUT };
            let answer = client.read(FEED_PATH, &query, LIMIT, timeout).await?;
            client.note_audiences(&answer);
            parse(&answer.body).map(Answer::Feed)
        }
        Request::Directory { after, limit } => {
            let limit = limit.to_string();
            let mut query = vec![("limit", limit.as_str())];
            query.extend(after.as_deref().map(|cursor| ("after", cursor)));
            if after.is_none() {
                let page = client.read_long(DIRECTORY_PATH, &query, FIRST_PAGE_LIMIT, TIMEOUT);
                return page.await.map(Answer::Directory);
            }
            let answer = client.read(DIRECTORY_PATH, &query, LIMIT, TIMEOUT).await?;
            parse(&answer.body).map(Answer::Directory)
        }
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, CallError> {
    serde_json::from_slice(body).map_err(|error| not_as_agreed(&error))
}
