//! A log-in in three synchronous steps: look up, hash (on the hashing pool), open the session.
//!
//! The account may change between the hash and the session. So the third step checks again the data
//! that the first one read.

use std::net::IpAddr;

use signet_contract::directory::UserState;
use uuid::Uuid;

use super::refresh::NewRefreshToken;
use super::sessions::Session;

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

/// The result of the first step.
pub struct Found {
    /// The account, if there is one.
    pub credentials: Option<Credentials>,
    /// True if a log-in to it came from the caller's address before.
    pub known_address: bool,
}
