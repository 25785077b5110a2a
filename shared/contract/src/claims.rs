//! The claims of an access token, as the issuer writes them (RFC 9068 §2.2).

use serde::Serialize;
use uuid::Uuid;

/// The `typ` of an access token's header (RFC 9068 §2.1).
pub const ACCESS_TOKEN_TYPE: &str = "at+jwt";

/// The reserved `client_id` of tokens that `/login` hands out.
pub const FIRST_PARTY: &str = "first-party";

/// The role that every user has.
pub const ROLE_USER: &str = "user";

/// The role of operators.
pub const ROLE_ADMIN: &str = "admin";

/// An access token's claims. A reader parses them with the
/// verifier, which is stricter than a derived `Deserialize` could be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Claims {
    /// The issuer, to the letter.
    pub iss: String,
    /// The user's id, or a service's client id.
    pub sub: String,
    /// The same user's id again, for older clients; absent for a service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_id: Option<Uuid>,
    /// The one audience.
    pub aud: String,
    /// Issued at, in seconds since the Unix epoch.
    pub iat: i64,
    /// Expires at, in seconds since the Unix epoch.
    pub exp: i64,
    /// The token's own id.
    pub jti: Uuid,
    /// The session's id; absent for a service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<Uuid>,
    /// The client the token was issued to.
    pub client_id: String,
    /// Granted scopes, separated by blanks (RFC 6749 §3.3); absent for tokens of `/login`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The user's roles; absent for a service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
    /// The feed position at which the token was issued.
    pub pos: u64,
}
