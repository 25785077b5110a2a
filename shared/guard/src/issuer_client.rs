//! The guard as a client of the issuer: its own access token, and the two routes that it reads.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout};
use url::Url;
use url::form_urlencoded::byte_serialize;

use super::config::GuardConfig;
use super::own_token::OwnToken;
use super::self_check::SelfCheck;
use super::transport::{Answer, Transport, TransportError};
use super::{address, incoming};
use signet_contract::audiences;
use signet_files::secret;

/// The path of the token route, below the issuer's address.
const TOKEN_PATH: &str = "/oauth2/token";

/// The time limit of a token request.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(10);

/// The time limit of a long answer. Each of its parts has a limit of its own.
const LONG_ANSWER: Duration = Duration::from_secs(5 * 60);

/// Limits in bytes, above the size of any good token answer or secret file.
const TOKEN_LIMIT: usize = 64 * 1024;
const SECRET_LIMIT: usize = 4 * 1024;

/// The longest use of a token, even with a longer `expires_in`.
const LONGEST_USE: Duration = Duration::from_secs(3_600);

/// An error of a call to the issuer.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum CallError {
    /// The secret file does not exist or can't be read. The path is for the log only, not for the
    /// status.
    #[error("the file with the client's secret can't be read: {why}")]
    Secret {
        /// The file.
        path: String,
        /// The operating system's error.
        why: String,
    },
    /// The issuer refuses this client, or the client lacks a scope.
    #[error("the issuer refuses this guard's client: {0}")]
    Refused(String),
    /// The position asked for is unknown to the issuer: a new snapshot is needed.
    #[error("the issuer no longer keeps this position")]
    Gone,
    /// The issuer answers with another status than expected.
    #[error("the issuer answered {0}")]
    Status(StatusCode),
    /// The answer breaks the contract.
    #[error("the issuer's answer is not valid: {0}")]
    Invalid(String),
    /// No answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

impl CallError {
    /// Returns true if the issuer fails, and not this guard's own credentials.
    pub(super) fn is_outage(&self) -> bool {
        !matches!(self, Self::Secret { .. } | Self::Refused(_) | Self::Gone)
    }
}

/// The client. Concurrent calls share one token. No call waits for another one, so a call that
/// hangs delays only itself.
pub(super) struct IssuerClient {
    transport: Transport,
    auth_url: Url,
    client_id: String,
    secret_file: PathBuf,
    token: Mutex<Option<Token>>,
    /// Held while a long answer is read.
    reading: tokio::sync::Mutex<()>,
    check: Arc<SelfCheck>,
}

struct Token {
    /// The whole `Authorization` field, marked sensitive.
    header: HeaderValue,
    use_until: Instant,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    token_type: String,
    expires_in: u64,
}

#[derive(Deserialize)]
struct TokenRefusal {
    error: String,
}

impl IssuerClient {
    /// Creates a client with the given configuration.
    pub(super) fn new(transport: Transport, config: &GuardConfig, check: Arc<SelfCheck>) -> Self {
        Self {
            transport,
            auth_url: config.auth_url.clone(),
            client_id: config.client_id.clone(),
            secret_file: config.client_secret_file.clone(),
            token: Mutex::new(None),
            reading: tokio::sync::Mutex::new(()),
            check,
        }
    }

    /// Gets a new token and judges it. A failure changes nothing.
    pub(super) async fn renew(&self) {
        if let Ok(token) = self.ask_for_token().await {
            *self.held() = Some(token);
        }
    }

    /// Drops the token in use: the next call gets another one.
    pub(super) fn forget_token(&self) {
        *self.held() = None;
    }

    /// Returns whether no mismatch with the issuer is known.
    pub(super) fn fits(&self) -> bool {
        self.check.mismatches().is_empty()
    }

    /// Notes the audiences that an answer of the feed names.
    pub(super) fn note_audiences(&self, answer: &Answer) {
        let field = answer.headers.get(audiences::AUDIENCE_HEADER);
        let field = field.and_then(|value| value.to_str().ok());
        self.check.heard_audiences(field.and_then(audiences::read));
    }

    /// Reads one of the contract's routes with this client's token. After a `401`, it retries once
    /// with a new token.
    pub(super) async fn read(
        &self,
        path: &str,
        query: &[(&str, &str)],
        limit: usize,
        timeout: Duration,
    ) -> Result<Answer, CallError> {
        let url = self.url(path, query);
        let mut answer = self.send(&url, limit, timeout).await?;
        if answer.status == StatusCode::UNAUTHORIZED {
            *self.held() = None;
            answer = self.send(&url, limit, timeout).await?;
        }
        is_good(answer.status)?;
        Ok(answer)
    }

    /// Reads an answer that is too long to be held, and parses it as JSON while it arrives. The
    /// limits are `limit` bytes, and `silence` for each part.
    ///
    /// Concurrent calls are retries of the same request, and the issuer writes few such answers at
    /// a time. So one of them is read, and the others end when it has ended.
    pub(super) async fn read_long<T: DeserializeOwned + Send + 'static>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        limit: usize,
        silence: Duration,
    ) -> Result<T, CallError> {
        let url = self.url(path, query);
        let mut answer = self.open(&url, silence).await?;
        if answer.status() == StatusCode::UNAUTHORIZED {
            *self.held() = None;
            answer = self.open(&url, silence).await?;
        }
        is_good(answer.status())?;
        let Ok(_reading) = self.reading.try_lock() else {
            drop(answer);
            let _ended = self.reading.lock().await;
            return Err(TransportError::Unreachable("another call was first".into()).into());
        };
        incoming::parse(answer, limit, silence).await
    }

    fn url(&self, path: &str, query: &[(&str, &str)]) -> Url {
        let mut url = address::below(&self.auth_url, path);
        url.query_pairs_mut().extend_pairs(query);
        url
    }

    /// Waits at most `silence` for the head of an answer.
    async fn open(&self, url: &Url, silence: Duration) -> Result<Response, CallError> {
        let authorization = self.authorization().await?;
        let request = self.transport.get(url.clone()).timeout(LONG_ANSWER);
        let opening = self.transport.open(request.header(AUTHORIZATION, authorization));
        let silent = |_| TransportError::Unreachable("it does not answer".into());
        Ok(timeout(silence, opening).await.map_err(silent)??)
    }

    async fn send(&self, url: &Url, limit: usize, timeout: Duration) -> Result<Answer, CallError> {
        let authorization = self.authorization().await?;
        let request = self.transport.get(url.clone()).timeout(timeout);
        Ok(self.transport.send(request.header(AUTHORIZATION, authorization), limit).await?)
    }

    /// Returns the token in use, or a new one.
    async fn authorization(&self) -> Result<HeaderValue, CallError> {
        let usable = |token: &&Token| Instant::now() < token.use_until;
        if let Some(token) = self.held().as_ref().filter(usable) {
            return Ok(token.header.clone());
        }
        let token = self.ask_for_token().await?;
        let header = token.header.clone();
        *self.held() = Some(token);
        Ok(header)
    }

    fn held(&self) -> MutexGuard<'_, Option<Token>> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Requests a token (RFC 6749 §4.4) with client authentication by §2.3.1.
    async fn ask_for_token(&self) -> Result<Token, CallError> {
        let secret = self.secret().await?;
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!("{}:{}", encoded(&self.client_id), encoded(&secret));
        let credentials = sensitive(&format!("Basic {}", STANDARD.encode(pair)))?;
        let (asked, asked_at) = (Instant::now(), self.transport.now());
        let request = self
            .transport
            .post(address::below(&self.auth_url, TOKEN_PATH))
            .timeout(TOKEN_TIMEOUT)
            .header(AUTHORIZATION, credentials)
            .form(&[("grant_type", "client_credentials")]);
        let answer = self.transport.send(request, TOKEN_LIMIT).await?;
        if matches!(answer.status, StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED) {
            let told = serde_json::from_slice::<TokenRefusal>(&answer.body);
            let code = told.map_or_else(|_| answer.status.to_string(), |told| told.error);
            let readable = code.chars().filter(char::is_ascii_graphic).take(40).collect();
            return Err(CallError::Refused(readable));
        }
        if answer.status != StatusCode::OK {
            return Err(CallError::Status(answer.status));
        }
        let invalid = || CallError::Invalid("it is no token answer".into());
        let told: TokenAnswer = serde_json::from_slice(&answer.body).map_err(|_| invalid())?;
        if !told.token_type.eq_ignore_ascii_case("bearer") {
            return Err(invalid());
        }
        let received = self.transport.now();
        let header = sensitive(&format!("Bearer {}", told.access_token))?;
        self.check.received(OwnToken { text: told.access_token, asked: asked_at, received });
        // The token is replaced before it expires: a call takes time, and clocks differ.
        let usable = Duration::from_secs(told.expires_in).min(LONGEST_USE).mul_f64(0.8);
        Ok(Token { header, use_until: asked + usable })
    }

    /// Reads the secret from its file each time, since an operator may replace it.
    async fn secret(&self) -> Result<String, CallError> {
        let path = self.secret_file.clone();
        let read = tokio::task::spawn_blocking(move || secret::read(&path, SECRET_LIMIT));
        let failed =
            |why: String| CallError::Secret { path: self.secret_file.display().to_string(), why };
        let text = read.await.map_err(|_| failed("the read broke off".into()))?;
        let text = text.map_err(|error| failed(error.to_string()))?;
        let secret = text.trim_end_matches(['\r', '\n']);
        if secret.is_empty() {
            return Err(failed("the file is empty".into()));
        }
        Ok(secret.to_owned())
    }
}

/// Maps every status but `200` to an error.
fn is_good(status: StatusCode) -> Result<(), CallError> {
    match status {
        StatusCode::OK => Ok(()),
        StatusCode::GONE => Err(CallError::Gone),
        StatusCode::UNAUTHORIZED => Err(CallError::Refused("its access token is not taken".into())),
        StatusCode::FORBIDDEN => {
            Err(CallError::Refused("it lacks the scope `directory:read` or `events:read`".into()))
        }
        status => Err(CallError::Status(status)),
    }
}

/// Returns an error with the position of the fault, not the text: that may be personal data.
pub(super) fn not_as_agreed(error: &serde_json::Error) -> CallError {
    let (line, column) = (error.line(), error.column());
    CallError::Invalid(format!("it is not what the contract says ({line}:{column})"))
}

/// Returns a header value that is left out of every `Debug` output.
fn sensitive(text: &str) -> Result<HeaderValue, CallError> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| CallError::Invalid("a credential does not fit a header".into()))?;
    value.set_sensitive(true);
    Ok(value)
}
