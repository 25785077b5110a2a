//! A log-in in three synchronous steps: look up, hash (on the hashing pool), open the session.
//!
//! The account may change between the hash and the session. So the third step checks again the data
//! that the first one read.

use std::net::IpAddr;

use serde::Deserialize;
use signet_contract::directory::UserState;
use utoipa::ToSchema;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::refresh::NewRefreshToken;
use super::sessions::Session;

/// The fields of a log-in, as a form or as JSON.
#[derive(Deserialize, ToSchema)]
pub struct LoginForm {
    /// The address of the account.
    #[serde(default)]
    #[schema(required, format = "email")]
    pub email: String,
    /// The password.
    #[serde(default)]
    #[schema(required, value_type = String, format = "password")]
    pub password: Zeroizing<String>,
    /// The audience of the token; the issuer's first audience if left out.
    pub audience: Option<String>,
}

/// The data of an account that a log-in needs.
#[derive(Clone)]
pub struct Credentials {
    /// The user's id.
    pub public_id: Uuid,
    /// The stored hash, a PHC string (or an imported one).
    pub password_hash: String,
    /// Active or disabled.
    pub state: UserState,
}

/// A session to be opened for credentials that were verified.
#[derive(Clone)]
pub struct Opening {
    /// The user's id.
    pub public_id: Uuid,
    /// The hash that the password was verified against.
    pub verified_hash: String,
    /// The new session's id.
    pub sid: Uuid,
    /// The caller's address, if known.
    pub address: Option<IpAddr>,
    /// The client's `User-Agent`, if it sent one.
    pub user_agent: Option<String>,
    /// The audience of its access tokens.
    pub audience: String,
    /// The session's first refresh token.
    pub refresh_token: NewRefreshToken,
}

/// The result of an opening.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// The session is open.
    Session(Session),
    /// The account is disabled.
    Disabled,
    /// The hash is no longer the verified one, or the account is gone: the caller starts over.
    Outdated,
}
