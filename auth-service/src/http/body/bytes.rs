//! The bytes of a body, at most so many and within so long.

use std::time::Duration;

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use actix_web::{HttpRequest, web};
use futures_util::StreamExt as _;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::BodyError;

/// The most bytes of a body.
pub(super) const MOST_BYTES: usize = 16 * 1024;

/// How long a client may take to send a body. On a mobile line 16 KiB take a second or two.
const PATIENCE: Duration = Duration::from_secs(10);

/// How much of a body that is too large is read on and thrown away: closing a connection with
/// bytes unread resets it, and many a client would see that instead of the answer.
const DRAINED_BYTES: usize = 1024 * 1024;

/// How long that may take.
const DRAINING: Duration = Duration::from_secs(2);

pub(super) async fn read(
    request: &HttpRequest,
    mut payload: web::Payload,
) -> Result<Zeroizing<Vec<u8>>, BodyError> {
    if announced(request).is_some_and(|length| length > MOST_BYTES) {
        drain(&mut payload).await;
        return Err(BodyError::TooLarge);
    }
    let body = timeout(PATIENCE, collect(&mut payload)).await.map_err(|_| BodyError::TooSlow)?;
    if body == Err(BodyError::TooLarge) {
        drain(&mut payload).await;
    }
    let body = body?;
    // A compressed body is a small one that becomes large.
    let plain =
        request.headers().get(CONTENT_ENCODING).is_none_or(|encoding| encoding == "identity");
    if plain || body.is_empty() { Ok(body) } else { Err(BodyError::MediaType) }
}

fn announced(request: &HttpRequest) -> Option<usize> {
    let length = request.headers().get(CONTENT_LENGTH)?.to_str().ok()?;
    // More digits than a number holds is more than enough.
    Some(length.parse().unwrap_or(usize::MAX))
}

async fn collect(payload: &mut web::Payload) -> Result<Zeroizing<Vec<u8>>, BodyError> {
    let mut body = Zeroizing::new(Vec::new());
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| BodyError::Malformed)?;
        if body.len() + chunk.len() > MOST_BYTES {
            return Err(BodyError::TooLarge);
        }
        // All at once: a vector that grows leaves copies of a password behind.
        if body.capacity() == 0 {
            body.reserve_exact(MOST_BYTES);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

async fn drain(payload: &mut web::Payload) {
    let all = async {
        let mut drained = 0;
        while let Some(Ok(chunk)) = payload.next().await {
            drained += chunk.len();
            if drained > DRAINED_BYTES {
                break;
            }
        }
    };
    // Whether it came to an end or the time did is the same to us.
    let _ = timeout(DRAINING, all).await;
}
