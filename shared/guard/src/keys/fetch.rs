//! One fetch of the key set: the request and the check of its answer.
//!
//! An answer is a complete `200` without redirect and with a usable key in its key set, or a `304`
//! to a set that is held. Everything else is a failure and does not change the held set.

use std::future::Future;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, IF_NONE_MATCH};
use url::Url;

use crate::address;
use crate::transport::Transport;
use signet_contract::jwks::JWKS_PATH;
use signet_verifier::{JwkError, MAX_KEY_SET_BYTES, PublicKey, parse_key_set};

/// The time limit of a fetch, with the connection setup.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The `max-age` if the issuer names none (RFC 9111 leaves it to the client).
const DEFAULT_MAX_AGE: Duration = Duration::from_secs(60);

/// The longest `ETag` that is stored.
const LONGEST_ETAG: usize = 256;

/// The parameters of a fetch.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    /// The `ETag` of the held set.
    pub(super) etag: Option<String>,
    /// True if caches on the way must ask the issuer too.
    pub(super) past_caches: bool,
}

/// A good answer.
#[derive(Debug, Clone)]
pub(crate) enum Fetched {
    /// The held set is still the issuer's.
    Same {
        /// The time for which this stays valid.
        max_age: Duration,
    },
    /// The issuer's set.
    Set {
        /// Its usable keys, at least one.
        keys: Vec<PublicKey>,
        /// Its text.
        text: String,
        /// Its `ETag`.
        etag: Option<String>,
        /// The time for which the set stays valid.
        max_age: Duration,
    },
}

impl Fetched {
    pub(super) fn max_age(&self) -> Duration {
        match self {
            Self::Same { max_age } | Self::Set { max_age, .. } => *max_age,
        }
    }
}

/// The reason for a failed fetch, in one line.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub(crate) struct FetchError(String);

impl FetchError {
    pub(super) fn new(line: impl std::fmt::Display) -> Self {
        Self(line.to_string())
    }
}

/// A source of key sets.
pub(crate) trait KeySource: Send + Sync + 'static {
    /// Fetches once. The call must have a time limit.
    fn fetch(&self, ask: Ask) -> impl Future<Output = Result<Fetched, FetchError>> + Send;
}

/// The issuer's JWKS route.
pub(crate) struct HttpSource {
    transport: Transport,
    url: Url,
    timeout: Duration,
}

impl HttpSource {
    /// Creates the source for the issuer at `auth_url`.
    pub(crate) fn new(transport: Transport, auth_url: &Url) -> Self {
        Self { transport, url: address::below(auth_url, JWKS_PATH), timeout: TIMEOUT }
    }

    /// Sets another time limit.
    #[cfg(test)]
    pub(super) fn within(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}

impl KeySource for HttpSource {
    async fn fetch(&self, ask: Ask) -> Result<Fetched, FetchError> {
        let mut request = self.transport.get(self.url.clone()).timeout(self.timeout);
        if let Some(etag) = &ask.etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        if ask.past_caches {
            request = request.header(CACHE_CONTROL, "no-cache");
        }
        let answer =
            self.transport.send(request, MAX_KEY_SET_BYTES).await.map_err(FetchError::new)?;
        let max_age = max_age(&answer.headers);
        match answer.status {
            StatusCode::NOT_MODIFIED if ask.etag.is_some() => Ok(Fetched::Same { max_age }),
            StatusCode::OK => set(&answer.headers, answer.body).map(|(keys, text)| Fetched::Set {
                keys,
                text,
                etag: etag(&answer.headers),
                max_age,
            }),
            status => Err(FetchError::new(format_args!("the issuer answered {status}"))),
        }
    }
}

fn set(headers: &HeaderMap, body: Vec<u8>) -> Result<(Vec<PublicKey>, String), FetchError> {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = media_type.and_then(|value| value.split(';').next()).map(str::trim);
    if essence.is_some_and(|essence| !essence.to_ascii_lowercase().ends_with("json")) {
        return Err(FetchError::new("the answer is not JSON"));
    }
    let parsed = parse_key_set(&body).map_err(FetchError::new)?;
    for dropped in &parsed.dropped {
        if dropped.error == JwkError::Private {
            tracing::error!(
                index = dropped.index,
                "the issuer publishes a private key; it is not used"
            );
        } else {
            tracing::warn!(index = dropped.index, error = %dropped.error, "a published key is not used");
        }
    }
    let text = String::from_utf8(body).map_err(FetchError::new)?;
    Ok((parsed.keys, text))
}

fn etag(headers: &HeaderMap) -> Option<String> {
    let etag = headers.get(ETAG)?.to_str().ok()?;
    (etag.len() <= LONGEST_ETAG).then(|| etag.to_owned())
}

/// Returns the first `max-age` of `Cache-Control` (RFC 9111 §5.2.2.1).
fn max_age(headers: &HeaderMap) -> Duration {
    headers
        .get_all(CACHE_CONTROL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .find_map(|directive| {
            let (name, value) = directive.split_once('=')?;
            let seconds = value.trim().trim_matches('"').parse().ok()?;
            name.trim().eq_ignore_ascii_case("max-age").then(|| Duration::from_secs(seconds))
        })
        .unwrap_or(DEFAULT_MAX_AGE)
}
