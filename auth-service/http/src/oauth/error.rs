//! The errors of the OAuth routes (RFC 6749 §5.2).

use actix_web::http::StatusCode;
use actix_web::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use signet_contract::problem::OAuthError;

use crate::edge::{body::BodyError, errors::problem};
use auth_app::error::AppError;
use auth_domain::audit::Reason;

/// The error of an OAuth route.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OAuthProblem {
    /// The request breaks the protocol.
    #[error("{0}")]
    InvalidRequest(String),
    /// The body can't be read.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The client is unknown or not authenticated.
    #[error("the client is unknown, or its secret is wrong")]
    InvalidClient,
    /// The refresh token is not good, or another client's.
    #[error("the token is invalid, used before, over, or another client's")]
    InvalidGrant,
    /// The token can't be revoked (RFC 7009 §2.2.1).
    #[error("the token of a service can't be revoked; it ends with its client")]
    UnsupportedTokenType,
    /// The issuer does not offer the grant.
    #[error("grant_type is client_credentials or refresh_token here")]
    UnsupportedGrantType,
    /// The client or the session does not have the scope.
    #[error("the client or the session has no such scope")]
    InvalidScope,
    /// The issuer issues no tokens for the audience (RFC 8707 §2).
    #[error("no tokens are issued for this audience")]
    InvalidTarget,
    /// The issuer can't do it now, or has a fault.
    #[error("this can't be done at the moment")]
    Issuer { status: StatusCode, retry_after: Option<u32> },
}

impl From<AppError> for OAuthProblem {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Refused(Reason::UnknownClient | Reason::WrongSecret) => Self::InvalidClient,
            AppError::Refused(Reason::InvalidScope) => Self::InvalidScope,
            AppError::Refused(Reason::InvalidTarget) => Self::InvalidTarget,
            AppError::Refused(
                Reason::UnknownToken
                | Reason::Reused
                | Reason::SessionOver
                | Reason::OtherClient
                | Reason::AccountDisabled,
            ) => Self::InvalidGrant,
            AppError::Invalid(faults) => {
                let faults = faults.iter().map(|(field, why)| format!("{field} {why}"));
                Self::InvalidRequest(faults.collect::<Vec<_>>().join("; "))
            }
            error => {
                let problem = problem(error);
                Self::Issuer { status: problem.status_code(), retry_after: problem.retry_after }
            }
        }
    }
}

impl OAuthProblem {
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
            Self::Issuer { status: StatusCode::SERVICE_UNAVAILABLE, .. } => {
                "temporarily_unavailable"
            }
            Self::Issuer { .. } => "server_error",
        }
    }
}

impl ResponseError for OAuthProblem {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::InvalidClient => StatusCode::UNAUTHORIZED,
            // RFC 6749 §5.2 has no 422.
            Self::Body(error) if error.status() != StatusCode::UNPROCESSABLE_ENTITY => {
                error.status()
            }
            Self::Issuer { status, .. } => *status,
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
            Self::Issuer { retry_after: Some(seconds), .. } => {
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
