//! What the HTTP parser underneath refuses, in words.
//!
//! It answers a request that it can't read with a bare status (`400`, `408`, `431`), before any
//! route or middleware sees it. Every other error is a problem (RFC 9457), so these become one on
//! their way out. The parser always closes the connection after them.

use std::time::SystemTime;

use actix_web::http::StatusCode;
use actix_web::http::header::HttpDate;
use time::OffsetDateTime;

use super::problem_response::ProblemError;
use super::protection::HEADERS;
use crate::contract::problem::PROBLEM_MEDIA_TYPE;

/// How an answer begins, whichever version 1 it is of.
const BEGINNING: &[u8] = b"HTTP/1.";

/// How it says that nothing follows its head.
const NO_CONTENT: &str = "content-length: 0\r\n";

/// What the head of such a refusal holds besides. Answers of this service's own hold more.
const FIELDS: [&str; 2] = ["connection: ", "date: "];

/// Why a request is refused whose head is late.
const LATE: &str = "The head of the request did not come in time.";

/// Longer heads are not the parser's.
const LONGEST: usize = 256;

/// A bare refusal at the end of what is to be sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// Where it begins.
    pub(super) at: usize,
    /// What to send in its place.
    pub(super) in_words: Vec<u8>,
}

/// Finds the parser's own refusal at the end of `bytes`, the next ones that go to the client.
pub(super) fn find(bytes: &[u8]) -> Option<Refusal> {
    if !bytes.ends_with(b"\r\n\r\n") {
        return None;
    }
    let tail = bytes.len().saturating_sub(LONGEST);
    let last = bytes[tail..].windows(BEGINNING.len()).rposition(|window| window == BEGINNING)?;
    let at = tail + last;
    let head = std::str::from_utf8(&bytes[at..]).ok()?.strip_suffix("\r\n")?;
    let (first, fields) = head.split_once("\r\n")?;
    let status = first.split(' ').nth(1)?.parse().ok()?;
    let status = StatusCode::from_u16(status).ok()?;
    let (before, after) = fields.split_once(NO_CONTENT)?;
    let rest = format!("{before}{after}");
    let bare = |field: &str| FIELDS.iter().any(|known| field.starts_with(known));
    if !rest.split_terminator("\r\n").all(bare) {
        return None;
    }
    Some(Refusal { at, in_words: in_words(first, &rest, status, detail(status)?) })
}

/// What to send at the time `now` where the first head of a connection does not come in time.
pub(super) fn too_late(now: OffsetDateTime) -> Vec<u8> {
    let date = HttpDate::from(SystemTime::from(now));
    let rest = format!("connection: close\r\ndate: {date}\r\n");
    let status = StatusCode::REQUEST_TIMEOUT;
    in_words("HTTP/1.1 408 Request Timeout", &rest, status, LATE)
}

fn in_words(first: &str, rest: &str, status: StatusCode, detail: &'static str) -> Vec<u8> {
    let problem = ProblemError::new(status, detail).problem;
    let body = serde_json::to_string(&problem).unwrap_or_default();
    let manners: String =
        HEADERS.iter().flat_map(|(name, value)| [name.as_str(), ": ", value, "\r\n"]).collect();
    let length = body.len();
    format!(
        "{first}\r\n{rest}content-type: {PROBLEM_MEDIA_TYPE}\r\n{manners}\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

fn detail(status: StatusCode) -> Option<&'static str> {
    Some(match status {
        StatusCode::BAD_REQUEST => {
            "The request is malformed, or could be read in more than one way."
        }
        StatusCode::REQUEST_TIMEOUT => LATE,
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => "The head of the request is too large.",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: &str = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\
                        date: Mon, 23 Nov 2026 16:00:00 GMT\r\n\r\n";

    #[test]
    fn a_bare_refusal_becomes_a_problem_and_keeps_its_fields() {
        let whole = format!("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok{BARE}");
        let refusal = find(whole.as_bytes()).expect("one");
        assert_eq!(refusal.at, whole.len() - BARE.len());
        let text = String::from_utf8(refusal.in_words).expect("UTF-8");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\nconnection: close\r\ndate: Mon"));
        assert!(head.contains("\r\ncontent-type: application/problem+json\r\n"), "{head}");
        assert!(head.contains("\r\nx-content-type-options: nosniff\r\n"), "{head}");
        assert!(head.ends_with(&format!("\r\ncontent-length: {}", body.len())), "{head}");
        assert!(body.starts_with(r#"{"type":"about:blank","title":"Bad Request","status":400,"#));
    }

    #[test]
    fn a_late_head_is_refused_in_the_same_words_whoever_noticed() {
        let now = time::macros::datetime!(2026-11-23 16:00:00 UTC);
        let bare = BARE.replace("400 Bad Request", "408 Request Timeout");
        let of_the_parser = find(bare.as_bytes()).expect("one").in_words;
        assert_eq!(String::from_utf8(too_late(now)), String::from_utf8(of_the_parser));
    }

    #[test]
    fn every_other_answer_is_left_alone() {
        for other in [
            BARE.replace("content-length: 0", "content-length: 9"),
            BARE.replace("date:", "x-content-type-options: nosniff\r\ndate:"),
            BARE.replace("400 Bad Request", "204 No Content"),
            BARE.replace("HTTP/1.1", "HTTP/2"),
            format!("{BARE}{{}}"),
            BARE[1..].to_owned(),
            "\r\n\r\n".to_owned(),
            String::new(),
        ] {
            assert_eq!(find(other.as_bytes()), None, "{other}");
        }
    }
}
