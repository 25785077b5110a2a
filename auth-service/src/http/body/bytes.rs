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

pub(super) async fn read(
    request: &HttpRequest,
    mut payload: web::Payload,
) -> Result<Zeroizing<Vec<u8>>, BodyError> {
    // At once: what was announced may never come. The server reads on, for nothing, what does.
    if announced(request).is_some_and(|length| length > MOST_BYTES) {
        return Err(BodyError::TooLarge);
    }
    let body = timeout(PATIENCE, collect(&mut payload)).await.map_err(|_| BodyError::TooSlow)??;
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

#[cfg(test)]
mod tests {
    use actix_web::error::PayloadError;
    use actix_web::test::TestRequest;
    use actix_web::{FromRequest as _, dev};
    use futures_util::stream;
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_length_that_is_too_large_is_refused_although_nothing_comes() {
        let silent = stream::pending::<Result<web::Bytes, PayloadError>>();
        let mut silent: dev::Payload = dev::Payload::Stream { payload: Box::pin(silent) };
        let request =
            TestRequest::post().insert_header((CONTENT_LENGTH, MOST_BYTES + 1)).to_http_request();
        let payload = web::Payload::from_request(&request, &mut silent).await.expect("a payload");
        let began = Instant::now();
        assert_eq!(read(&request, payload).await.err(), Some(BodyError::TooLarge));
        assert_eq!(began.elapsed(), Duration::ZERO);
    }
}
