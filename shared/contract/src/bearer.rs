//! How a guarded route refuses a token: bodies and challenges (RFC 6750 §3), the same on every
//! guard and on the issuer's own guarded routes.

use serde::Serialize;

/// The older header that carries an access token, beside `Authorization`.
pub const ACCESS_TOKEN_HEADER: &str = "x-access-token";

/// The body's message where no token was sent.
pub const MESSAGE_MISSING: &str = "Token is missing !!";

/// The body's message for a token that is not good.
pub const MESSAGE_INVALID: &str = "Token is invalid !!";

/// The refusal of a token. Clients of all ages read `message`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenRefused {
    /// `Token is missing !!` or `Token is invalid !!`; `WWW-Authenticate` says more.
    pub message: &'static str,
}

/// Why a token is refused. The client reads the [`description`](Reason::description); nothing of
/// the token itself is ever in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The time of the token is over.
    Expired,
    /// The session, the client or the user behind it is no more.
    Revoked,
    /// The key that signed it was revoked, and every token with it.
    RevokedKey,
    /// No key of the issuer verifies it.
    Key,
    /// It is meant for somebody else.
    Audience,
    /// Another issuer's.
    Issuer,
    /// `iat` or `nbf` lies in the future.
    Future,
    /// It is not a token of this profile.
    Malformed,
}

impl Reason {
    /// The `error_description` (only characters that RFC 6750 §3 allows).
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

    /// One word, for logs and metrics.
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
