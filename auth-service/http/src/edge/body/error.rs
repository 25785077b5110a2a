//! The errors of reading a body, and their answers.

use actix_web::http::StatusCode;
use signet_service::problem_response::ProblemError;
use signet_service::url_encoded::NotUrlEncoded;

use super::MOST_BYTES;
use super::members::MOST_MEMBERS;
use crate::edge::errors::ApiError;

/// The reason that a body can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyError {
    /// The body is larger than any request needs.
    #[error("the body is larger than {MOST_BYTES} bytes")]
    TooLarge,
    /// The body was not complete in time.
    #[error("the body did not come in time")]
    TooSlow,
    /// Neither a form nor JSON, or compressed.
    #[error("the body's media type or encoding is not taken here")]
    MediaType,
    /// The body does not match its media type.
    #[error("the body is malformed")]
    Malformed,
    /// A member appears twice.
    #[error("the body has a field twice")]
    Repeated,
    /// JSON, but not an object.
    #[error("the body is JSON, but not an object")]
    NotAnObject,
    /// More members than any request needs.
    #[error("the body has more than {MOST_MEMBERS} members")]
    TooManyMembers,
    /// Members of a wrong type: the name of each, and the reason.
    #[error("a member is of a wrong type")]
    WrongTypes(Vec<(String, String)>),
}

impl BodyError {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Malformed | Self::Repeated => StatusCode::BAD_REQUEST,
            Self::NotAnObject | Self::TooManyMembers | Self::WrongTypes(_) => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
        }
    }
}

impl From<NotUrlEncoded> for BodyError {
    fn from(_: NotUrlEncoded) -> Self {
        Self::Malformed
    }
}

impl From<BodyError> for ProblemError {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::WrongTypes(wrong) => {
                Self::fields(wrong.iter().map(|(name, why)| (name.as_str(), why.clone())))
            }
            error => Self::new(error.status(), format!("Nothing was done: {error}.")),
        }
    }
}

impl From<BodyError> for ApiError {
    fn from(error: BodyError) -> Self {
        ProblemError::from(error).into()
    }
}
