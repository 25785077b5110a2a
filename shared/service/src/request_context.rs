//! The outermost middleware of a public listener: the id of each request, and its origin.
//!
//! The log and the audit log record the id, and the answer returns it (`X-Request-Id`). A trusted
//! proxy may choose it, so that one id runs through all services. A stranger's id comes back in the
//! answer, but is not recorded: two requests could have the same one, or that of another user.
//!
//! A [`tracing`] span around the handler adds `request_id`, `trace_id` and `from` to each line of the
//! request. Work on another thread takes the span along (`tracing::Span::current`).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage as _, HttpRequest};
use ipnet::IpNet;
use tracing::{Instrument as _, Span};
use uuid::Uuid;

use super::forwarded::client_behind;
use super::line_limit::LineLimit;
use super::log_settings::SPAN_TARGET;
use super::protection::with_headers;

/// The header with the id of a request.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The header with the id of a trace (W3C Trace Context).
const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");

/// The headers in which proxies name the client.
const FORWARDING: [HeaderName; 3] = [
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("forwarded"),
    HeaderName::from_static("x-real-ip"),
];

/// The most bytes of an id that another program chose.
const LONGEST_ID: usize = 64;

/// The interval of the warnings about a proxy that is not trusted.
const WARNING_INTERVAL: Duration = Duration::from_hours(1);

/// The proxies that may name the client and the id of a request.
#[derive(Debug, Clone)]
pub struct Proxies(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    trusted: Vec<IpNet>,
    /// The setting that lists them.
    setting: &'static str,
    /// The limit of warnings about forwarding headers from other peers.
    warnings: LineLimit,
}

impl Proxies {
    /// Creates the list of the proxies that `setting` names.
    pub fn new(trusted: Vec<IpNet>, setting: &'static str) -> Self {
        Self(Arc::new(Inner { trusted, setting, warnings: LineLimit::every(WARNING_INTERVAL) }))
    }

    fn trust(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.0.trusted.iter().any(|network| network.contains(&peer))
    }

    /// Logs at most one warning an hour about forwarding headers from a peer that is not trusted:
    /// behind an unknown proxy, all users share one address, and so one limit.
    fn warn_of_untrusted(&self, peer: IpAddr, headers: &HeaderMap) {
        if self.trust(peer) || !FORWARDING.iter().any(|name| headers.contains_key(name)) {
            return;
        }
        if let Some(requests) = self.0.warnings.count() {
            let setting = self.0.setting;
            tracing::warn!(
                peer = %peer.to_canonical(), requests,
                "a forwarding header comes from a peer that is not trusted and has no effect; \
                 if the peer is your proxy, add its address to {setting}"
            );
        }
    }

    /// Returns the context of a request.
    fn context(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> RequestContext {
        let trusted = peer.is_some_and(|peer| self.trust(peer));
        let given = only(headers, &REQUEST_ID).filter(|id| is_id(id));
        let made = || Arc::from(Uuid::new_v4().to_string());
        let id = given.filter(|_| trusted).map_or_else(made, Arc::from);
        RequestContext {
            echoed: given.map(str::to_owned),
            id,
            address: peer.map(|peer| client_behind(peer, headers, &self.0.trusted)),
        }
    }
}

/// The id and the origin of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestContext {
    /// The id, as the log and the audit log record it.
    pub id: Arc<str>,
    /// The client's address: that of the peer, or the one that a trusted proxy names.
    pub address: Option<IpAddr>,
    /// A valid id that the peer chose, for the answer.
    echoed: Option<String>,
}

impl RequestContext {
    /// Returns the context of a request inside [`with_context`].
    pub fn of(request: &HttpRequest) -> Option<Self> {
        request.extensions().get::<Self>().cloned()
    }

    fn span(&self, trace_id: Option<&str>) -> Span {
        // Of the highest level: a filter selects lines, and each of them has its request.
        tracing::error_span!(
            target: SPAN_TARGET,
            "request",
            request_id = &*self.id,
            trace_id,
            from = self.address.map(display),
        )
    }
}

/// The middleware, for [`actix_web::middleware::from_fn`].
///
/// # Errors
///
/// Those of the service, with the header of the id.
pub async fn with_context(
    proxies: Proxies,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let peer = request.peer_addr().map(|peer| peer.ip());
    let context = proxies.context(peer, request.headers());
    let span = context.span(only(request.headers(), &TRACE_PARENT).and_then(trace_id));
    let shown = context.echoed.as_deref().unwrap_or(&context.id);
    let shown = HeaderValue::from_str(shown);
    request.extensions_mut().insert(context);
    let answer = span.in_scope(|| {
        if let Some(peer) = peer {
            proxies.warn_of_untrusted(peer, request.headers());
        }
        next.call(request)
    });
    let answered = answer.instrument(span).await;
    with_headers(answered, |headers| {
        if let Ok(id) = shown {
            headers.insert(REQUEST_ID, id);
        }
    })
}

/// Returns the text of a header that stands once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut lines = headers.get_all(name);
    let line = lines.next()?;
    lines.next().is_none().then(|| line.to_str().ok()).flatten()
}

fn is_id(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(allowed)
}

/// Returns the trace id of a `traceparent` (W3C Trace Context, §3.2). A later version may add fields
/// at the end.
fn trace_id(text: &str) -> Option<&str> {
    let mut fields = text.splitn(5, '-');
    let mut hex = |digits: usize| {
        let lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        fields.next().filter(|field| field.len() == digits && field.bytes().all(lower))
    };
    let (version, trace, parent, _flags) = (hex(2)?, hex(32)?, hex(16)?, hex(2)?);
    let zero = |id: &str| id.bytes().all(|byte| byte == b'0');
    let bad_version = version == "ff" || version == "00" && fields.next().is_some();
    (!bad_version && !zero(trace) && !zero(parent)).then_some(trace)
}

#[cfg(test)]
#[path = "request_context_tests.rs"]
mod tests;
