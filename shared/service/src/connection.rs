//! A connection of a client: a TCP stream with time limits.
//!
//! actix-http limits the head of the first request and the time between two requests. It does not
//! limit a later head, content that no handler reads, or the time that a client takes to read a
//! response (`docs/upstream/actix-http.md`). This stream does, without reading the bytes:
//! [`Activity`] shows if a request is being answered.

use std::cell::Cell;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::deadline::Deadline;

/// The time for the head of a request, from its first byte on, and for unread content of the
/// previous request.
const HEAD: Duration = Duration::from_secs(10);

/// The time for a response that the client does not read.
const ANSWER: Duration = Duration::from_secs(20);

/// The bytes per second that a client must read after [`ANSWER`].
const SLOWEST: u64 = 16 * 1024;

/// The time in which a client may still send after this side has closed the connection. A
/// connection closed with unread bytes is reset, and the client loses the last response.
const LINGER: Duration = Duration::from_secs(1);

/// The bytes that a client may send in that time.
const LINGER_BYTES: usize = 1024 * 1024;

/// The requests of a connection that are being answered.
#[derive(Debug, Default)]
pub(super) struct Activity {
    answering: Cell<bool>,
    /// The time of the first byte that belongs to no request yet.
    head_since: Cell<Option<Instant>>,
}

impl Activity {
    /// Records that a request has come, until the result is dropped.
    pub(super) fn answering(self: &Rc<Self>) -> Answering {
        self.answering.set(true);
        self.head_since.set(None);
        Answering { activity: Rc::clone(self), content_left: Rc::default() }
    }

    fn received(&self) {
        if !self.answering.get() && self.head_since.get().is_none() {
            self.head_since.set(Some(Instant::now()));
        }
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(super) struct Answering {
    activity: Rc<Activity>,
    content_left: Rc<Cell<bool>>,
}

impl Answering {
    /// Returns the flag for content that the client still has to send after the response.
    pub(super) fn content_left(&self) -> Rc<Cell<bool>> {
        Rc::clone(&self.content_left)
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.activity.answering.set(false);
        if self.content_left.get() {
            self.activity.head_since.set(Some(Instant::now()));
        }
    }
}

/// A stream with these limits.
#[derive(Debug)]
pub(super) struct Connection<T: Stream> {
    /// Present until the connection is dropped.
    stream: Option<T>,
    activity: Rc<Activity>,
    receiving: Deadline,
    sending: Deadline,
    backlog: Option<Backlog>,
    /// True if the client has closed its side, or a time limit has passed.
    over: bool,
}

/// A response that a client still has to read.
#[derive(Debug)]
struct Backlog {
    since: Instant,
    /// The bytes written since then.
    taken: u64,
    /// True if the stream accepted nothing at the last try.
    blocked: bool,
}

impl Backlog {
    fn due(&self) -> Instant {
        self.since + ANSWER + Duration::from_secs(self.taken / SLOWEST)
    }
}

/// A stream for a connection.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// Makes the stream drop unsent bytes when it closes.
    fn drop_unsent(&self) {}
}

impl Stream for TcpStream {
    fn drop_unsent(&self) {
        // Otherwise the kernel keeps a response for minutes. An error means a closed connection.
        drop(self.set_zero_linger());
    }
}

impl<T: Stream> Connection<T> {
    pub(super) fn new(stream: T) -> Self {
        Self {
            stream: Some(stream),
            activity: Rc::default(),
            receiving: Deadline::default(),
            sending: Deadline::default(),
            backlog: None,
            over: false,
        }
    }

    /// Returns the record of the requests that are being answered.
    pub(super) fn activity(&self) -> Rc<Activity> {
        Rc::clone(&self.activity)
    }

    fn stream(&mut self) -> io::Result<Pin<&mut T>> {
        self.stream.as_mut().map(Pin::new).ok_or_else(|| ErrorKind::NotConnected.into())
    }

    fn timed_out<R>(&mut self) -> Poll<io::Result<R>> {
        self.over = true;
        Poll::Ready(Err(ErrorKind::TimedOut.into()))
    }

    /// Counts the bytes that the stream accepted, and fails if the client is too slow.
    fn sent<R>(
        &mut self,
        context: &mut Context<'_>,
        outcome: Poll<io::Result<R>>,
        taken: impl Fn(&R) -> u64,
    ) -> Poll<io::Result<R>> {
        match (&outcome, &mut self.backlog) {
            (Poll::Ready(Ok(written)), Some(backlog)) => {
                backlog.taken += taken(written);
                if std::mem::take(&mut backlog.blocked) {
                    // Reading was suspended, and continues with the next poll.
                    context.waker().wake_by_ref();
                }
                outcome
            }
            (Poll::Ready(_), _) => outcome,
            (Poll::Pending, backlog) => {
                let backlog = backlog.get_or_insert_with(|| Backlog {
                    since: Instant::now(),
                    taken: 0,
                    blocked: true,
                });
                backlog.blocked = true;
                let due = backlog.due();
                ready!(self.sending.poll(context, due));
                self.stream()?.drop_unsent();
                self.timed_out()
            }
        }
    }
}

impl<T: Stream> AsyncRead for Connection<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.backlog.as_ref().is_some_and(|backlog| backlog.blocked) {
            // More requests would only add to the backlog. `sent` wakes the task.
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        if let Poll::Ready(read) = this.stream()?.poll_read(context, buffer) {
            if read.is_err() || buffer.filled().len() == before {
                this.over = true;
            } else {
                this.activity.received();
            }
            return Poll::Ready(read);
        }
        match this.activity.head_since.get() {
            Some(since) if !this.activity.answering.get() => {
                ready!(this.receiving.poll(context, since + HEAD));
                this.timed_out()
            }
            _ => {
                this.receiving.clear();
                Poll::Pending
            }
        }
    }
}

impl<T: Stream> AsyncWrite for Connection<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.activity.head_since.get().is_none() {
            this.receiving.clear();
        }
        let outcome = this.stream()?.poll_write(context, bytes);
        this.sent(context, outcome, |written| *written as u64)
    }

    /// Called after [`Self::poll_write`] accepted all bytes so far.
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let outcome = this.stream()?.poll_flush(context);
        ready!(this.sent(context, outcome, |()| 0))?;
        this.backlog = None;
        this.sending.clear();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().stream()?.poll_shutdown(context)
    }
}

impl<T: Stream> Drop for Connection<T> {
    fn drop(&mut self) {
        if let (false, Some(stream), Ok(runtime)) =
            (self.over, self.stream.take(), tokio::runtime::Handle::try_current())
        {
            runtime.spawn(linger(stream));
        }
    }
}

/// Closes this side, and reads until the client closes its side (RFC 9112 §9.6).
pub(super) async fn linger<T: Stream>(mut stream: T) {
    let rest = async {
        stream.shutdown().await?;
        let (mut bytes, mut dropped) = ([0; 8_192], 0);
        while dropped < LINGER_BYTES {
            match stream.read(&mut bytes).await? {
                0 => break,
                count => dropped += count,
            }
        }
        Ok::<_, io::Error>(())
    };
    // The connection ends in both cases.
    drop(tokio::time::timeout(LINGER, rest).await);
}

#[cfg(test)]
#[path = "connection_tests.rs"]
mod tests;
