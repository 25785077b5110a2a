//! The refusals of a token: bodies and challenges (RFC 6750 §3). They are the same on every guard
//! and on the issuer's own guarded routes.

use serde::Serialize;

/// The older header for an access token, besides `Authorization`.
pub const ACCESS_TOKEN_HEADER: &str = "x-access-token";

/// The message of the body if the request has no token.
pub const MESSAGE_MISSING: &str = "Token is missing !!";

/// The message of the body if the token is invalid.
pub const MESSAGE_INVALID: &str = "Token is invalid !!";

/// The refusal of a token. Old and new clients read `message`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenRefused {
    /// `Token is missing !!` or `Token is invalid !!`. `WWW-Authenticate` has the details.
    pub message: &'static str,
}

/// The reason for which a token is refused. The client reads the
/// [`description`](Reason::description), which never contains a part of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The token has expired.
    Expired,
    /// The session, the client or the user of the token no longer exists.
    Revoked,
    /// The key that signed the token was revoked, and so were all its tokens.
    RevokedKey,
    /// No key of the issuer verifies the token.
    Key,
    /// The token is for another audience.
    Audience,
    /// The token comes from another issuer.
    Issuer,
    /// `iat` or `nbf` is in the future.
    Future,
    /// The token does not match the profile.
    Malformed,
}

impl Reason {
    /// Returns the `error_description`. It has only the characters that RFC 6750 §3 allows.
    pub fn description(self) -> &'static str {
        match self {
            Self::Expired => "the token has expired",
            Self::Revoked => "the token was revoked",
            Self::RevokedKey => "the token was revoked with the key that signed it",
            Self::Key => "no known key verifies the token",
            Self::Audience => "the token is meant for another audience",
            Self::Issuer => "the token is of another issuer",
            Self::Future => "the token was issued in the future, or is not valid yet",
            Self::Malformed => "the token is malformed",
        }
    }

    /// Returns one word for logs and metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::RevokedKey => "revoked_key",
            Self::Key => "key",
            Self::Audience => "audience",
            Self::Issuer => "issuer",
            Self::Future => "future",
            Self::Malformed => "malformed",
        }
    }
}
