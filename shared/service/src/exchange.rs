//! One request and its response, between actix-http and the application.
//!
//! Workarounds for errors of actix-http (`docs/upstream/actix-http.md`): it reuses
//! `Connection: upgrade` for its own response, it lets `Upgrade: websocket` set the end of content,
//! and it copies a response as a whole, even for a slow client.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_http::{ConnectionType, HttpMessage as _, Payload, Request, Response};
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::error::PayloadError;
use actix_web::http::Method;
use actix_web::http::header::{CONTENT_LENGTH, UPGRADE};
use actix_web::web::Bytes;
use futures_util::{Stream, StreamExt as _};

use super::connection::{Activity, Answering};

/// The most bytes of a response that are copied for a connection at a time.
pub(super) const SLICE: usize = 16 * 1024;

/// A request that the application answers.
#[derive(Debug)]
pub(super) struct Exchange {
    answering: Option<Answering>,
    close: bool,
}

impl Exchange {
    /// Starts the response to `request`, and ends its content at `Content-Length`.
    pub(super) fn begin(request: &mut Request) -> Self {
        let answering = request.conn_data::<Rc<Activity>>().map(Activity::answering);
        // A server that does not switch ignores `Upgrade` (RFC 9110 §7.8). actix-http has already
        // changed the state of the connection, so this code can only close it in order.
        let upgrade = request.head().connection_type() == ConnectionType::Upgrade;
        let close = end_content_at_its_length(request) || upgrade;
        if let (Some(answering), Ok(true)) = (&answering, request.chunked()) {
            watch_content(request, answering.content_left());
        }
        Self { answering, close }
    }

    /// Completes the response. `leaving` asks the client to close the connection (RFC 9112 §9.6).
    pub(super) fn end<B: MessageBody + 'static>(
        self,
        mut response: Response<B>,
        leaving: bool,
    ) -> Response<Sliced> {
        if self.close || leaving {
            response.head_mut().set_connection_type(ConnectionType::Close);
        }
        response.map_body(|_, body| Sliced {
            body: body.boxed(),
            rest: Bytes::new(),
            _answering: self.answering,
        })
    }
}

/// Ends the content of a request that actix-http reads as a stream without an end. Returns true for
/// such a request. `Content-Length` gives the end; without it there is no content (RFC 9112 §6.3).
/// Chunked content has its own end.
fn end_content_at_its_length(request: &mut Request) -> bool {
    let mut upgrades = request.headers().get_all(UPGRADE);
    let endless = request.method() == Method::CONNECT
        || upgrades.any(|name| name.as_bytes().trim_ascii().eq_ignore_ascii_case(b"websocket"));
    if !endless || request.chunked().unwrap_or(true) {
        return false;
    }
    let length = request.headers().get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.trim().parse().ok()).unwrap_or(0);
    let content = until(length, request.take_payload());
    *request.payload() = Payload::Stream { payload: Box::pin(content) };
    true
}

/// Keeps `left` true until a chunked request is read to its end. If a handler does not read it,
/// actix-http waits for the rest, without a limit.
fn watch_content(request: &mut Request, left: Rc<Cell<bool>>) {
    left.set(true);
    let end = futures_util::stream::poll_fn(move |_| {
        left.set(false);
        Poll::Ready(None)
    });
    let content = request.take_payload().chain(end);
    *request.payload() = Payload::Stream { payload: Box::pin(content) };
}

/// Returns the first `length` bytes of `content`.
fn until(
    length: u64,
    content: impl Stream<Item = Result<Bytes, PayloadError>> + Unpin,
) -> impl Stream<Item = Result<Bytes, PayloadError>> {
    futures_util::stream::unfold((length, content), async |(left, mut content)| {
        if left == 0 {
            return None;
        }
        match content.next().await {
            Some(Ok(mut bytes)) => {
                bytes.truncate(usize::try_from(left).unwrap_or(usize::MAX));
                let left = left - bytes.len() as u64;
                Some((Ok(bytes), (left, content)))
            }
            Some(Err(error)) => Some((Err(error), (0, content))),
            None => Some((Err(PayloadError::Incomplete(None)), (0, content))),
        }
    })
}

/// A body in slices of at most [`SLICE`] bytes, because actix-http copies each chunk as a whole.
pub(super) struct Sliced {
    body: BoxBody,
    rest: Bytes,
    _answering: Option<Answering>,
}

impl MessageBody for Sliced {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = self.get_mut();
        if this.rest.is_empty() {
            match ready!(Pin::new(&mut this.body).poll_next(context)) {
                Some(Ok(bytes)) => this.rest = bytes,
                other => return Poll::Ready(other),
            }
        }
        let size = this.rest.len().min(SLICE);
        Poll::Ready(Some(Ok(this.rest.split_to(size))))
    }
}
