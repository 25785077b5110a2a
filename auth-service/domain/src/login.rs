//! A log-in in three synchronous steps: look up, hash (on the hashing pool), open the session.
//!
//! The account may change between the hash and the session. So the third step checks again the data
//! that the first one read.

use std::net::IpAddr;

use signet_contract::directory::UserState;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Store;
use super::error::StoreResult;
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

/// The first step: looks the account up by its address key.
pub fn look_up(store: &dyn Store, email_key: &str, from: Option<IpAddr>) -> StoreResult<Found> {
    let credentials = store.find_credentials(email_key)?;
    let known_address = match (&credentials, from) {
        (Some(account), Some(from)) => store.has_logged_in_from(account.public_id, from)?,
        _ => false,
    };
    Ok(Found { credentials, known_address })
}

/// The store's methods for a log-in.
pub trait LoginStore: Send + Sync {
    /// Returns the credentials of the account with this address key.
    fn find_credentials(&self, email_key: &str) -> StoreResult<Option<Credentials>>;

    /// Opens the session in one transaction: locks the user's row, checks that hash and state are
    /// still the verified ones, reads the feed position, and notes the log-in or its refusal.
    fn open_session(&self, opening: &Opening, now: OffsetDateTime) -> StoreResult<Opened>;
}
