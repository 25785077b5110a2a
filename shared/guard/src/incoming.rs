//! A parser for an answer that is still arriving. A snapshot with a million revocations is some
//! 200 MB and need not be held as text.

use std::io::{self, BufReader, Read};
use std::time::Duration;

use bytes::Bytes;
use reqwest::Response;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::issuer_client::{CallError, not_as_agreed};
use super::transport::{TransportError, unreachable};

/// The number of parts of an answer that wait for the parser.
const PARTS_AHEAD: usize = 8;

/// The buffer size of the parser, in bytes.
const BUFFER: usize = 64 * 1024;

/// Reads a body of at most `limit` bytes as JSON. Fails if the issuer sends nothing for `silence`.
pub(super) async fn parse<T: DeserializeOwned + Send + 'static>(
    mut response: Response,
    limit: usize,
    silence: Duration,
) -> Result<T, CallError> {
    let (sender, parts) = mpsc::channel(PARTS_AHEAD);
    let parsing = tokio::task::spawn_blocking(move || {
        let text = BufReader::with_capacity(BUFFER, Parts { parts, part: Bytes::new() });
        serde_json::from_reader(text)
    });
    let mut length = 0;
    loop {
        let part = timeout(silence, response.chunk()).await;
        let part = part.map_err(|_| TransportError::Unreachable("it fell silent".into()))?;
        let Some(part) = part.map_err(unreachable)? else { break };
        length += part.len();
        if length > limit {
            return Err(TransportError::TooLong(limit).into());
        }
        if sender.send(part).await.is_err() {
            // The parser failed; its result is the error.
            break;
        }
    }
    drop(sender);
    match parsing.await {
        Ok(parsed) => parsed.map_err(|error| not_as_agreed(&error)),
        Err(_) => Err(CallError::Invalid("reading it broke off".into())),
    }
}

/// The parts as a blocking reader. They end when the sender is dropped; a truncated answer is then
/// invalid JSON.
struct Parts {
    parts: mpsc::Receiver<Bytes>,
    part: Bytes,
}

impl Read for Parts {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.part.is_empty() {
            match self.parts.blocking_recv() {
                Some(part) => self.part = part,
                None => return Ok(0),
            }
        }
        let count = buffer.len().min(self.part.len());
        buffer[..count].copy_from_slice(&self.part.split_to(count));
        Ok(count)
    }
}
