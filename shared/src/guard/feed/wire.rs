//! The two routes that the reader reads, as requests and answers.

use std::time::Duration;

use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::machine::Request;
use crate::contract::directory::DirectoryPage;
use crate::contract::events::FeedPage;
use crate::guard::issuer_client::{CallError, IssuerClient};

const FEED_PATH: &str = "/feed";
const DIRECTORY_PATH: &str = "/directory/users";

/// How much longer than it may be held open a call may take before its connection is taken for dead.
const GRACE: Duration = Duration::from_secs(5);

/// A call that is not held open.
const TIMEOUT: Duration = Duration::from_secs(10);

/// More than a thousand changes, or users, ever take.
const LIMIT: usize = 16 * 1024 * 1024;

/// An answer, as it came.
#[derive(Debug)]
pub(super) enum Answer {
    Feed(FeedPage),
    Directory(DirectoryPage),
}

/// Asks once. `instance` and `kids` tell the issuer who asks and which keys it holds; a call that
/// waits is held open for at most `longest_wait` seconds.
pub(super) async fn call(
    client: &IssuerClient,
    request: &Request,
    longest_wait: u64,
    instance: Uuid,
    kids: &[String],
) -> Result<Answer, CallError> {
    match request {
        Request::Feed { after, wait, limit } => {
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
            let body = client.read(FEED_PATH, &query, LIMIT, timeout).await?;
            parse(&body).map(Answer::Feed)
        }
        Request::Directory { after, limit } => {
            let limit = limit.to_string();
            let mut query = vec![("limit", limit.as_str())];
            query.extend(after.as_deref().map(|cursor| ("after", cursor)));
            let body = client.read(DIRECTORY_PATH, &query, LIMIT, TIMEOUT).await?;
            parse(&body).map(Answer::Directory)
        }
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, CallError> {
    // Where the fault lies, not what was sent: that may be somebody's data.
    serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        CallError::Invalid(format!("it is not what the contract says ({line}:{column})"))
    })
}
