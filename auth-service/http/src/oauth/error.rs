//! The errors of the OAuth routes (RFC 6749 §5.2).

use actix_web::http::StatusCode;
use actix_web::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use signet_contract::problem::OAuthError;
use signet_service::problem_response::ProblemError;

use crate::edge::body::BodyError;

/// The reason that an OAuth request is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    /// The request breaks the protocol.
    #[error("{0}")]
    InvalidRequest(&'static str),
    /// The body can't be read.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The client is unknown or not authenticated.
    #[error("the client is unknown, or its secret is wrong")]
    InvalidClient,
    /// The refresh token is not good, or another client's.
    #[error("the token is invalid, used before, over, or another client's")]
    InvalidGrant,
    /// A token that can't be revoked (RFC 7009 §2.2.1).
    #[error("the token of a service can't be revoked; it ends with its client")]
    UnsupportedTokenType,
    /// A grant that this issuer does not offer.
    #[error("grant_type is client_credentials or refresh_token here")]
    UnsupportedGrantType,
    /// A scope that the client does not have.
    #[error("the client or the session has no such scope")]
    InvalidScope,
    /// An audience that no tokens are issued for (RFC 8707 §2).
    #[error("no tokens are issued for this audience")]
    InvalidTarget,
    /// An error of the issuer.
    #[error("this can't be done at the moment")]
    Ours { status: StatusCode, retry_after: Option<u32> },
}

impl From<ProblemError> for TokenError {
    fn from(error: ProblemError) -> Self {
        Self::Ours { status: error.status_code(), retry_after: error.retry_after }
    }
}

impl TokenError {
    fn code(&self) -> &'static str {
        match self {
            Self::InvalidRequest(_) | Self::Body(_) => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnsupportedTokenType => "unsupported_token_type",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            // This code is from RFC 6749 §4.1.2.1: §5.2 has none.
            Self::Ours { status: StatusCode::SERVICE_UNAVAILABLE, .. } => "temporarily_unavailable",
            Self::Ours { .. } => "server_error",
        }
    }
}

impl ResponseError for TokenError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::InvalidClient => StatusCode::UNAUTHORIZED,
            // RFC 6749 §5.2 has no 422.
            Self::Body(error) if error.status() != StatusCode::UNPROCESSABLE_ENTITY => {
                error.status()
            }
            Self::Ours { status, .. } => *status,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = super::answer(self.status_code());
        match self {
            // Required if the client tried Basic, and never wrong (RFC 9110 §15.5.2).
            Self::InvalidClient => {
                response.insert_header((WWW_AUTHENTICATE, "Basic realm=\"oauth2\""));
            }
            Self::Ours { retry_after: Some(seconds), .. } => {
                response.insert_header((RETRY_AFTER, *seconds));
            }
            _ => {}
        }
        response.json(OAuthError {
            error: self.code().into(),
            error_description: Some(self.to_string()),
        })
    }
}
