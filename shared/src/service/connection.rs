//! One client's connection: its bytes on their way to the HTTP parser and back, bounded in time.
//!
//! The server underneath times idle connections. Here every head and every body has its time, and so
//! has an answer that the client does not take; who is too slow loses the connection, whatever a
//! handler is waiting for. What has come is read before its time is looked at: it is the client that
//! must not be slow, and not the machine that this runs on.

use std::future::Future;
use std::io::{self, ErrorKind};
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::framing::{Framing, Part};
use super::parser_refusal;
use crate::clock::{Clock, SystemClock};

/// How long the first head of a connection may take, the wait for its first byte with it. Where idle
/// connections fill a small process, everybody else waits for this.
const FIRST_HEAD: Duration = Duration::from_secs(5);

/// How long a later head may take from its first byte on.
const HEAD: Duration = Duration::from_secs(10);

/// How long the content of a request may take. No route takes more than 16 KiB.
const BODY: Duration = Duration::from_secs(15);

/// How long after such a time the last look comes.
const LOOK: Duration = Duration::from_millis(20);

/// How long an answer may wait for a client that does not read.
const ANSWER: Duration = Duration::from_secs(20);

/// How long a client that was refused in the middle of a request may go on sending it. A
/// connection closed with bytes unread is reset, and the refusal is lost with it.
const LINGER: Duration = Duration::from_secs(1);

/// And how much.
const LINGER_BYTES: usize = 1024 * 1024;

/// A stream that is held to these times, and to proper line ends.
#[derive(Debug)]
pub(super) struct Connection<T: Stream> {
    /// There until the connection is dropped.
    stream: Option<T>,
    framing: Framing,
    receiving: Deadline,
    sending: Deadline,
    /// What is to be sent in place of what the parser wrote.
    instead: Vec<u8>,
    /// Whether the client was told that its first head did not come in time.
    late: bool,
    /// Whether the client has nothing more to say, or no more time for it.
    over: bool,
}

/// What a connection runs over.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send + 'static> Stream for T {}

impl<T: Stream> Connection<T> {
    pub(super) fn new(stream: T) -> Self {
        Self {
            stream: Some(stream),
            framing: Framing::new(),
            receiving: Deadline::default(),
            sending: Deadline::default(),
            instead: Vec::new(),
            late: false,
            over: false,
        }
    }

    fn stream(&mut self) -> io::Result<Pin<&mut T>> {
        self.stream.as_mut().map(Pin::new).ok_or_else(|| ErrorKind::NotConnected.into())
    }

    fn write(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = self.stream()?.poll_write(context, bytes);
        self.sent(context, outcome)
    }

    /// Sends what is left of [`Self::instead`].
    fn write_instead(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.instead.is_empty() {
            let rest = mem::take(&mut self.instead);
            let outcome = self.write(context, &rest);
            self.instead = rest;
            match ready!(outcome)? {
                0 => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                count => drop(self.instead.drain(..count)),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Passes on what writing came to; a write that is stuck for too long has failed.
    fn sent<R>(
        &mut self,
        context: &mut Context<'_>,
        outcome: Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        if outcome.is_ready() {
            self.sending.clear();
            return outcome;
        }
        ready!(self.sending.poll(context, ANSWER));
        self.over = true;
        Poll::Ready(Err(ErrorKind::TimedOut.into()))
    }
}

impl<T: Stream> AsyncRead for Connection<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        if let Poll::Ready(read) = this.stream()?.poll_read(context, buffer) {
            let due = owed(&this.framing);
            let new = &mut buffer.filled_mut()[before..];
            this.over |= new.is_empty();
            this.framing.follow(new);
            // More bytes of the same part do not buy it more time.
            if owed(&this.framing) != due {
                this.receiving.clear();
            }
            return Poll::Ready(read);
        }
        let (_, Some(patience)) = owed(&this.framing) else { return Poll::Pending };
        ready!(this.receiving.poll(context, patience));
        if patience == FIRST_HEAD {
            // Nothing is under way yet, so there is somebody to tell, and then nothing more to read.
            if !mem::replace(&mut this.late, true) {
                this.instead = parser_refusal::too_late(SystemClock.now());
            }
            return this.write_instead(context);
        }
        this.over = true;
        Poll::Ready(Err(ErrorKind::TimedOut.into()))
    }
}

impl<T: Stream> AsyncWrite for Connection<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.write_instead(context))?;
        match parser_refusal::find(bytes) {
            None => this.write(context, bytes),
            Some(refusal) if refusal.at > 0 => this.write(context, &bytes[..refusal.at]),
            Some(refusal) => {
                this.instead = refusal.in_words;
                Poll::Ready(Ok(bytes.len()))
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.write_instead(context))?;
        this.stream()?.poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.write_instead(context))?;
        this.stream()?.poll_shutdown(context)
    }
}

impl<T: Stream> Drop for Connection<T> {
    fn drop(&mut self) {
        let cut_short = !self.over && self.framing.part() != Part::Between;
        if let (true, Some(stream), Ok(runtime)) =
            (cut_short, self.stream.take(), tokio::runtime::Handle::try_current())
        {
            runtime.spawn(linger(stream));
        }
    }
}

/// What the client owes, of which request, and how long it may take for that; nothing between two
/// requests.
fn owed(framing: &Framing) -> (u64, Option<Duration>) {
    match framing.place() {
        (0, Part::Between) | (1, Part::Head) => (1, Some(FIRST_HEAD)),
        (request, Part::Between) => (request, None),
        (request, Part::Head) => (request, Some(HEAD)),
        (request, Part::Body) => (request, Some(BODY)),
    }
}

/// Reads on, for nothing, what a refused client is still sending.
async fn linger<T: Stream>(mut stream: T) {
    let rest = async {
        stream.shutdown().await?;
        let (mut bytes, mut passed_over) = ([0; 8_192], 0);
        while passed_over < LINGER_BYTES {
            match stream.read(&mut bytes).await? {
                0 => break,
                count => passed_over += count,
            }
        }
        Ok::<_, io::Error>(())
    };
    // However it ends, the connection is over now.
    drop(tokio::time::timeout(LINGER, rest).await);
}

/// A time limit that costs nothing until something has to be waited for.
#[derive(Debug, Default)]
struct Deadline(Option<(Pin<Box<Sleep>>, bool)>);

impl Deadline {
    fn clear(&mut self) {
        self.0 = None;
    }

    /// Ready once `patience` is over, counted from the first call since it was cleared, and after one
    /// more look: a process that stood still may hear of the time before it hears of the bytes.
    fn poll(&mut self, context: &mut Context<'_>, patience: Duration) -> Poll<()> {
        let (sleep, last) =
            self.0.get_or_insert_with(|| (Box::pin(sleep_until(Instant::now() + patience)), false));
        ready!(sleep.as_mut().poll(context));
        if !*last {
            *last = true;
            sleep.as_mut().reset(Instant::now() + LOOK);
            ready!(sleep.as_mut().poll(context));
        }
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;

    const HEAD_TEXT: &[u8] = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n";

    async fn read(connection: &mut Connection<tokio::io::DuplexStream>) -> io::Result<usize> {
        connection.read(&mut [0; 1_024]).await
    }

    #[tokio::test(start_paused = true)]
    async fn who_sends_no_first_head_in_time_is_told_so_once_and_read_no_more() {
        for trickling in [false, true] {
            let (mut client, server) = duplex(1_024);
            let mut connection = Connection::new(server);
            let began = Instant::now();
            let outcome = async { while read(&mut connection).await.expect("no error") > 0 {} };
            let trickle = async {
                for byte in &HEAD_TEXT[..if trickling { 4 } else { 0 }] {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    client.write_all(&[*byte]).await.expect("taken");
                }
            };
            tokio::join!(outcome, trickle);
            assert_eq!(began.elapsed(), FIRST_HEAD + LOOK, "{trickling}");
            assert_eq!(read(&mut connection).await.expect("no error"), 0);
            connection.shutdown().await.expect("ended");
            let mut answer = String::new();
            client.read_to_string(&mut answer).await.expect("an answer");
            assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
            assert!(answer.contains("\r\ndate: ") && answer.ends_with('}'), "{answer}");
            assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_come_is_read_however_late_this_machine_looks() {
        let (mut client, server) = duplex(1_024);
        let mut connection = Connection::new(server);
        for part in [HEAD_TEXT, b"abcde", HEAD_TEXT] {
            let waiting = tokio::time::timeout(Duration::from_secs(1), read(&mut connection));
            assert!(waiting.await.is_err(), "it waits, and its time has begun");
            client.write_all(part).await.expect("sent");
            tokio::time::advance(Duration::from_hours(1)).await;
            assert_eq!(read(&mut connection).await.expect("read"), part.len());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_later_head_that_trickles_in_loses_the_connection_however_often_a_byte_comes() {
        let (mut client, server) = duplex(64);
        let mut connection = Connection::new(server);
        client.write_all(HEAD_TEXT).await.expect("sent");
        client.write_all(b"abcde").await.expect("sent");
        read(&mut connection).await.expect("the whole request");
        let began = Instant::now();
        let trickle = async {
            for byte in HEAD_TEXT {
                tokio::time::sleep(Duration::from_secs(1)).await;
                if client.write_all(&[*byte]).await.is_err() {
                    break;
                }
            }
        };
        let outcome = async {
            loop {
                read(&mut connection).await?;
            }
        };
        let outcome: io::Result<()> =
            tokio::select! { outcome = outcome => outcome, () = trickle => Ok(()) };
        assert_eq!(outcome.expect_err("cut off").kind(), ErrorKind::TimedOut);
        assert_eq!(began.elapsed(), Duration::from_secs(1) + HEAD + LOOK);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_come_loses_the_connection() {
        let (mut client, server) = duplex(1_024);
        let mut connection = Connection::new(server);
        client.write_all(HEAD_TEXT).await.expect("sent");
        client.write_all(b"abc").await.expect("sent");
        let began = Instant::now();
        read(&mut connection).await.expect("the head");
        let error = loop {
            if let Err(error) = read(&mut connection).await {
                break error;
            }
        };
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert_eq!(began.elapsed(), BODY + LOOK);
    }

    #[tokio::test(start_paused = true)]
    async fn between_requests_nothing_is_owed() {
        let (mut client, server) = duplex(1_024);
        let mut connection = Connection::new(server);
        client.write_all(HEAD_TEXT).await.expect("sent");
        client.write_all(b"abcde").await.expect("sent");
        read(&mut connection).await.expect("the whole request");
        assert_eq!(connection.framing.place(), (1, Part::Between));
        let idle = tokio::time::timeout(10 * BODY, read(&mut connection)).await;
        assert!(idle.is_err(), "the server's own time for idle connections holds");
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_nobody_takes_is_given_up() {
        let (_client, server) = duplex(4);
        let mut connection = Connection::new(server);
        let began = Instant::now();
        let error = connection.write_all(b"longer than that").await.expect_err("stuck");
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert_eq!(began.elapsed(), ANSWER + LOOK);
    }
}
