//! The HTTP client for the issuer: no redirects, no proxy from the environment, every answer
//! limited in time and size. The `Date` of each answer also gives the difference of the two clocks.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use reqwest::header::{AGE, DATE, HeaderMap};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use time::OffsetDateTime;
use url::Url;

use super::GuardError;
use signet_contract::clock::Clock;

/// The time limit of a connection setup, with TLS.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Probes on a silent connection find a dead peer even if no answer is due. The first one comes
/// after `KEEPALIVE`, then one per interval until all retries fail: 14 seconds in all.
const KEEPALIVE: Duration = Duration::from_secs(5);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(3);
const KEEPALIVE_RETRIES: u32 = 3;

/// The value of an unknown skew in milliseconds.
const UNKNOWN: i64 = i64::MIN;

/// A client that talks only to the issuer. A clone is cheap.
#[derive(Clone)]
pub(super) struct Transport {
    client: Client,
    clock: Arc<dyn Clock>,
    skew: Skew,
}

/// The issuer's clock minus the guard's, as the last answer shows it. A clone is the same value.
#[derive(Debug, Clone)]
pub(super) struct Skew {
    millis: Arc<AtomicI64>,
}

impl Default for Skew {
    fn default() -> Self {
        Self { millis: Arc::new(AtomicI64::new(UNKNOWN)) }
    }
}

impl Skew {
    /// Returns the difference, to about a second.
    pub(super) fn get(&self) -> Option<time::Duration> {
        let millis = self.millis.load(Ordering::Relaxed);
        (millis != UNKNOWN).then(|| time::Duration::milliseconds(millis))
    }
}

/// A complete answer.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// An error instead of an answer.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum TransportError {
    /// The issuer was not reached, did not answer in time or closed the connection early.
    #[error("the issuer can't be reached: {0}")]
    Unreachable(String),
    /// The answer is longer than any good one.
    #[error("the issuer's answer is longer than {0} bytes")]
    TooLong(usize),
}

impl Transport {
    /// Creates a transport with its own connections.
    pub(super) fn new(clock: Arc<dyn Clock>) -> Result<Self, GuardError> {
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_keepalive(KEEPALIVE)
            .tcp_keepalive_interval(KEEPALIVE_INTERVAL)
            .tcp_keepalive_retries(KEEPALIVE_RETRIES)
            .user_agent(concat!("signet-guard/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| GuardError::Client(with_causes(&error)))?;
        Ok(Self { client, clock, skew: Skew::default() })
    }

    /// Builds a `GET`, to be sent with [`send`](Self::send).
    pub(super) fn get(&self, url: Url) -> RequestBuilder {
        self.client.get(url)
    }

    /// Builds a `POST`, to be sent with [`send`](Self::send).
    pub(super) fn post(&self, url: Url) -> RequestBuilder {
        self.client.post(url)
    }

    /// Sends a request, which must carry a time-out, and reads at most `limit` bytes of body.
    pub(super) async fn send(
        &self,
        request: RequestBuilder,
        limit: usize,
    ) -> Result<Answer, TransportError> {
        let mut response = self.open(request).await?;
        let too_long = || TransportError::TooLong(limit);
        let told = response.content_length().map(usize::try_from);
        if told.is_some_and(|length| length.is_err() || length.is_ok_and(|length| length > limit)) {
            return Err(too_long());
        }
        let body = read(&mut response, limit).await?.ok_or_else(too_long)?;
        Ok(Answer { status: response.status(), headers: response.headers().clone(), body })
    }

    /// Sends a request, which must carry a time-out, and returns the answer with its body unread.
    pub(super) async fn open(&self, request: RequestBuilder) -> Result<Response, TransportError> {
        let response = request.send().await.map_err(unreachable)?;
        self.compare_clocks(response.headers());
        Ok(response)
    }

    /// Returns this machine's time.
    pub(super) fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// Returns the difference of the clocks, which each answer updates.
    pub(super) fn skew(&self) -> Skew {
        self.skew.clone()
    }

    fn compare_clocks(&self, headers: &HeaderMap) {
        // An answer from a cache has the time of its creation.
        if headers.contains_key(AGE) {
            return;
        }
        let date = headers.get(DATE).and_then(|value| value.to_str().ok());
        let Some(date) = date.and_then(|text| httpdate::parse_http_date(text).ok()) else {
            return;
        };
        // `Date` is cut to the second: on average the issuer's clock is half a second ahead.
        let theirs = OffsetDateTime::from(date).saturating_add(time::Duration::milliseconds(500));
        let millis = (theirs - self.clock.now()).whole_milliseconds();
        self.skew.millis.store(i64::try_from(millis).unwrap_or(i64::MAX), Ordering::Relaxed);
    }
}

async fn read(response: &mut Response, limit: usize) -> Result<Option<Vec<u8>>, TransportError> {
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(unreachable)? {
        if body.len() + part.len() > limit {
            return Ok(None);
        }
        body.extend_from_slice(&part);
    }
    Ok(Some(body))
}

pub(super) fn unreachable(error: reqwest::Error) -> TransportError {
    // Without the address: it is known, and a query does not belong in a log.
    TransportError::Unreachable(with_causes(&error.without_url()))
}

/// Joins the error and its causes in one line; the outermost error alone says too little.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        line.push_str(": ");
        line.push_str(&inner.to_string());
        cause = inner.source();
    }
    line
}
