//! Refusals as HTTP answers, the same on every guarded route (RFC 6750 §3).

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;

use super::Reason;
use crate::contract::bearer::{MESSAGE_INVALID, MESSAGE_MISSING};
use crate::contract::problem::{PROBLEM_MEDIA_TYPE, Problem};

/// Why a request does not get in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No token was presented: `401` without an error code.
    #[error("no token")]
    Missing,
    /// More than one way of presenting a token was used: `400`.
    #[error("more than one token")]
    Ambiguous,
    /// The token is not good: `401`.
    #[error("the token is refused: {}", .0.word())]
    Invalid(Reason),
    /// The token is good, its right is too small: `403`.
    #[error("too little right")]
    Forbidden {
        /// The scope that would do, if it is a matter of scope.
        scope: Option<&'static str>,
    },
    /// Whether the token is good can't be known now: `503`.
    #[error("can't be judged now")]
    Unavailable {
        /// Whole seconds after which to try again.
        retry_after: u32,
    },
}

/// The body of a `401`, which older clients read.
#[derive(Serialize)]
struct Message {
    message: &'static str,
}

impl Refusal {
    /// The `WWW-Authenticate` field, where the answer has one. No byte of it comes from a request.
    fn challenge(&self) -> Option<String> {
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
            Self::Forbidden { scope: None } => Some("Bearer error=\"insufficient_scope\"".into()),
            Self::Forbidden { scope: Some(scope) } => {
                Some(format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\""))
            }
            Self::Unavailable { .. } => None,
        }
    }

    /// The words of a problem's `detail`; `None` where the body is a [`Message`].
    fn detail(&self) -> Option<&'static str> {
        match self {
            Self::Missing | Self::Invalid(_) => None,
            Self::Ambiguous => Some(
                "Send one access token, once: in `Authorization: Bearer` or in `x-access-token`.",
            ),
            Self::Forbidden { .. } => Some("The access token does not grant the right to do this."),
            Self::Unavailable { .. } => Some("The access token can't be judged now; try again."),
        }
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Missing | Self::Invalid(_) => StatusCode::UNAUTHORIZED,
            Self::Ambiguous => StatusCode::BAD_REQUEST,
            Self::Forbidden { .. } => StatusCode::FORBIDDEN,
            Self::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        let mut response = HttpResponse::build(status);
        response.insert_header((CACHE_CONTROL, "no-store"));
        if let Some(challenge) = self.challenge() {
            response.insert_header((WWW_AUTHENTICATE, challenge));
        }
        if let Self::Unavailable { retry_after } = self {
            response.insert_header((RETRY_AFTER, *retry_after));
        }
        let Some(detail) = self.detail() else {
            let message = if *self == Self::Missing { MESSAGE_MISSING } else { MESSAGE_INVALID };
            return response.json(Message { message });
        };
        let title = status.canonical_reason().unwrap_or("Error");
        let mut response = response.json(Problem::new(status.as_u16(), title, detail));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_MEDIA_TYPE));
        response
    }
}
