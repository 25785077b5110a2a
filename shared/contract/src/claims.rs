//! The claims of an access token, as the issuer writes them (RFC 9068 §2.2).

use serde::Serialize;
use uuid::Uuid;

/// The `typ` in the header of an access token (RFC 9068 §2.1).
pub const ACCESS_TOKEN_TYPE: &str = "at+jwt";

/// The reserved `client_id` of the tokens that `/login` issues.
pub const FIRST_PARTY: &str = "first-party";

/// The role that every user has.
pub const ROLE_USER: &str = "user";

/// The role of operators.
pub const ROLE_ADMIN: &str = "admin";

/// The claims of an access token. A reader parses them with the verifier, which is stricter than a
/// derived `Deserialize` can be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Claims {
    /// The issuer, compared exactly.
    pub iss: String,
    /// The id of the user, or the client id of the service.
    pub sub: String,
    /// The user's id again, for older clients. Absent for a service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_id: Option<Uuid>,
    /// The only audience.
    pub aud: String,
    /// Issued at, in seconds since the Unix epoch.
    pub iat: i64,
    /// Expires at, in seconds since the Unix epoch.
    pub exp: i64,
    /// The id of the token.
    pub jti: Uuid,
    /// The id of the session. Absent for a service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<Uuid>,
    /// The client to which the token was issued.
    pub client_id: String,
    /// The granted scopes, separated by spaces (RFC 6749 §3.3). Absent for tokens of `/login`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The roles of the user. Absent for a service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
    /// The feed position at which the token was issued.
    pub pos: u64,
}
