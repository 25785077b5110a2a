//! The refusals that many routes share, for the API description. No code makes these types: the
//! real refusals come from the code that finds the reason.

#![expect(dead_code, reason = "only described")]

use signet_contract::problem::{OAuthError, Problem};
use utoipa::IntoResponses;

/// The refusals of a route that takes a body as a form or as JSON.
#[derive(IntoResponses)]
pub(crate) enum WrongBody {
    /// The body is malformed or has a field twice, or the request has more than one token.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(Problem),
    /// The body did not come in time.
    #[response(status = 408, content_type = "application/problem+json")]
    TooSlow(Problem),
    /// The body is larger than 16 KiB.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
    /// The body is neither a form nor JSON.
    #[response(status = 415, content_type = "application/problem+json")]
    UnknownType(Problem),
}

/// The refusals of an OAuth route.
#[derive(IntoResponses)]
pub(crate) enum OAuthRefusal {
    /// `invalid_client`.
    #[response(status = 401, headers(("WWW-Authenticate" = String, description = "`Basic realm=\"oauth2\"`")))]
    InvalidClient(OAuthError),
    /// The body did not come in time.
    #[response(status = 408)]
    TooSlow(OAuthError),
    /// The body is larger than 16 KiB.
    #[response(status = 413)]
    TooLarge(OAuthError),
    /// The body is not a url-encoded form.
    #[response(status = 415)]
    UnknownType(OAuthError),
    /// The database can't be used: nothing was done.
    #[response(status = 503, headers(("Retry-After" = u32)))]
    Unavailable(OAuthError),
}

/// The refusals of a route that reads its query.
#[derive(IntoResponses)]
pub(crate) enum WrongParameter {
    /// The query is malformed or has a parameter twice, or the request has more than one token.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(Problem),
    /// A parameter has an invalid value.
    #[response(status = 422, content_type = "application/problem+json")]
    Value(Problem),
}

/// There is no such user.
#[derive(IntoResponses)]
#[response(status = 404, content_type = "application/problem+json")]
pub(crate) struct NoSuchUser(Problem);

/// There is no such client.
#[derive(IntoResponses)]
#[response(status = 404, content_type = "application/problem+json")]
pub(crate) struct NoSuchClient(Problem);

/// The user is the last admin.
#[derive(IntoResponses)]
#[response(status = 409, content_type = "application/problem+json")]
pub(crate) struct LastAdmin(Problem);

/// The database can't be read.
#[derive(IntoResponses)]
#[response(status = 503, content_type = "application/problem+json", headers(("Retry-After" = u32)))]
pub(crate) struct Unreadable(Problem);

/// The database can't be written to.
#[derive(IntoResponses)]
#[response(status = 503, content_type = "application/problem+json", headers(("Retry-After" = u32)))]
pub(crate) struct Unwritable(Problem);
