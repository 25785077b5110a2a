//! Refusals as HTTP responses, the same on every guarded route (RFC 6750 §3).

use http::StatusCode;
use serde_json::json;

use super::Reason;
use signet_contract::bearer::{MESSAGE_INVALID, MESSAGE_MISSING, TokenRefused};
use signet_contract::problem::{PROBLEM_MEDIA_TYPE, Problem};

/// The longest list of scopes in a challenge, in bytes. A client may ask for a rule (forward
/// authentication), and proxies read header fields of some kilobytes.
const LONGEST_SCOPE: usize = 512;

/// The reason for which a request is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request has no token: `401` without an error code.
    #[error("no token")]
    Missing,
    /// The request has more than one token: `400`.
    #[error("more than one token")]
    Ambiguous,
    /// The token is invalid: `401`.
    #[error("the token is refused: {}", .0.word())]
    Invalid(Reason),
    /// The token is valid, but does not grant the right: `403`.
    #[error("the token lacks the right")]
    Forbidden {
        /// The scopes that would grant the right, separated by spaces, if scopes are what lacks.
        scope: Option<String>,
    },
    /// The token can't be checked now: `503`.
    #[error("the token can't be checked now")]
    Unavailable {
        /// The time after which the client may try again, in whole seconds.
        retry_after: u32,
    },
}

impl Refusal {
    /// The words that refusals are counted under.
    pub const WORDS: [&str; 12] = [
        "missing",
        "ambiguous",
        "forbidden",
        "unavailable",
        "expired",
        "revoked",
        "revoked_key",
        "key",
        "audience",
        "issuer",
        "future",
        "malformed",
    ];

    /// Returns the word for the reason, one of [`Self::WORDS`].
    pub fn word(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Ambiguous => "ambiguous",
            Self::Forbidden { .. } => "forbidden",
            Self::Unavailable { .. } => "unavailable",
            Self::Invalid(reason) => reason.word(),
        }
    }

    /// Returns the status of the response.
    pub fn status(&self) -> u16 {
        match self {
            Self::Missing | Self::Invalid(_) => 401,
            Self::Ambiguous => 400,
            Self::Forbidden { .. } => 403,
            Self::Unavailable { .. } => 503,
        }
    }

    /// Returns the header fields of the response, with names in lower case.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![("cache-control", "no-store".to_owned())];
        fields.extend(self.challenge().map(|challenge| ("www-authenticate", challenge)));
        if let Self::Unavailable { retry_after } = self {
            fields.push(("retry-after", retry_after.to_string()));
        }
        let media_type =
            if self.message().is_none() { PROBLEM_MEDIA_TYPE } else { "application/json" };
        fields.push(("content-type", media_type.to_owned()));
        fields
    }

    /// Returns the body of the response: a problem (RFC 9457), or for a `401` the message that
    /// older clients read.
    pub fn body(&self) -> String {
        if let Some(message) = self.message() {
            return json!(TokenRefused { message }).to_string();
        }
        let status = StatusCode::from_u16(self.status()).ok();
        let title = status.and_then(|status| status.canonical_reason()).unwrap_or("Error");
        json!(Problem::new(self.status(), title, self.detail())).to_string()
    }

    /// Returns the `WWW-Authenticate` field (RFC 6750 §3), if any. No byte of it comes from a request,
    /// apart from a scope that a rule of the request asks for.
    pub fn challenge(&self) -> Option<String> {
        match self {
            Self::Missing => Some("Bearer".into()),
            Self::Ambiguous => Some(
                "Bearer error=\"invalid_request\", \
                 error_description=\"the request carries more than one token\""
                    .into(),
            ),
            Self::Invalid(reason) => Some(format!(
                "Bearer error=\"invalid_token\", error_description=\"{}\"",
                reason.description()
            )),
            Self::Forbidden { scope: Some(scope) } if scope.len() <= LONGEST_SCOPE => {
                Some(format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\""))
            }
            Self::Forbidden { .. } => Some("Bearer error=\"insufficient_scope\"".into()),
            Self::Unavailable { .. } => None,
        }
    }

    /// Returns a sentence for the one who has to mend the client. No byte of it comes from a request.
    pub fn detail(&self) -> &'static str {
        match self {
            Self::Missing => "Send an access token in `Authorization: Bearer`.",
            Self::Invalid(reason) => reason.description(),
            Self::Ambiguous => {
                "Send one access token, once: in `Authorization: Bearer` or in `x-access-token`."
            }
            Self::Forbidden { .. } => "The access token does not grant the right to do this.",
            Self::Unavailable { .. } => "The access token can't be checked now; try again.",
        }
    }

    /// Returns the message of a `401`.
    fn message(&self) -> Option<&'static str> {
        match self {
            Self::Missing => Some(MESSAGE_MISSING),
            Self::Invalid(_) => Some(MESSAGE_INVALID),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REASONS: [(Reason, &str); 7] = [
        (Reason::Expired, "expired"),
        (Reason::Revoked, "revoked"),
        (Reason::Key, "key"),
        (Reason::Audience, "audience"),
        (Reason::Issuer, "issuer"),
        (Reason::Future, "future"),
        (Reason::Malformed, "malformed"),
    ];

    fn field(refusal: &Refusal, wanted: &str) -> Option<String> {
        let fields = refusal.headers().into_iter();
        fields.filter(|(name, _)| *name == wanted).map(|(_, value)| value).next()
    }

    /// Returns status, challenge, media type and body of the response.
    fn answer(refusal: &Refusal) -> (u16, Option<String>, String, serde_json::Value) {
        assert_eq!(field(refusal, "cache-control").as_deref(), Some("no-store"));
        let (status, challenge) = (refusal.status(), field(refusal, "www-authenticate"));
        let media_type = field(refusal, "content-type").expect("a media type");
        (status, challenge, media_type, serde_json::from_str(&refusal.body()).expect("JSON"))
    }

    #[test]
    fn long_list_of_scopes_is_left_out_of_the_challenge() {
        let long = Refusal::Forbidden { scope: Some("a ".repeat(1_000)) };
        assert_eq!(long.challenge().as_deref(), Some(r#"Bearer error="insufficient_scope""#));
    }

    #[test]
    fn a_missing_token_is_a_challenge_without_an_error() {
        let (status, challenge, media_type, body) = answer(&Refusal::Missing);
        assert_eq!((status, challenge.as_deref()), (401, Some("Bearer")));
        assert_eq!(media_type, "application/json");
        assert_eq!(body, serde_json::json!({"message": "Token is missing !!"}));
    }

    #[test]
    fn a_bad_token_s_answer_names_the_reason_in_the_characters_of_rfc_6750() {
        for (reason, word) in REASONS {
            let (status, challenge, media_type, body) = answer(&Refusal::Invalid(reason));
            assert_eq!((status, media_type.as_str()), (401, "application/json"));
            assert_eq!(body, serde_json::json!({"message": "Token is invalid !!"}));
            let challenge = challenge.expect("a challenge");
            let description = challenge
                .strip_prefix("Bearer error=\"invalid_token\", error_description=\"")
                .and_then(|rest| rest.strip_suffix('"'))
                .expect("the form of RFC 6750");
            assert!(description.contains(word), "{description}");
            let words = REASONS.iter().filter(|(_, word)| description.contains(word)).count();
            assert_eq!(words, 1, "{description}");
            let allowed = |byte: u8| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
            assert!(description.bytes().all(allowed), "{description}");
        }
    }

    #[test]
    fn two_tokens_are_an_invalid_request() {
        let (status, challenge, media_type, body) = answer(&Refusal::Ambiguous);
        assert_eq!((status, media_type.as_str()), (400, PROBLEM_MEDIA_TYPE));
        assert!(challenge.expect("a challenge").starts_with("Bearer error=\"invalid_request\", "));
        assert_eq!((&body["status"], &body["title"]), (&400.into(), &"Bad Request".into()));
    }

    #[test]
    fn missing_right_is_403_and_names_the_scope() {
        let (status, challenge, media_type, body) = answer(&Refusal::Forbidden { scope: None });
        assert_eq!((status, media_type.as_str()), (403, PROBLEM_MEDIA_TYPE));
        assert_eq!(challenge.as_deref(), Some("Bearer error=\"insufficient_scope\""));
        assert_eq!((&body["status"], &body["type"]), (&403.into(), &"about:blank".into()));
        let (_, challenge, _, _) =
            answer(&Refusal::Forbidden { scope: Some("events:read".into()) });
        let expected = "Bearer error=\"insufficient_scope\", scope=\"events:read\"";
        assert_eq!(challenge.as_deref(), Some(expected));
    }

    #[test]
    fn undecided_token_is_503_with_retry_after() {
        let refusal = Refusal::Unavailable { retry_after: 2 };
        let (status, challenge, media_type, body) = answer(&refusal);
        assert_eq!((status, challenge, media_type.as_str()), (503, None, PROBLEM_MEDIA_TYPE));
        assert_eq!(body["status"], 503);
        assert_eq!(field(&refusal, "retry-after").as_deref(), Some("2"));
    }
}
