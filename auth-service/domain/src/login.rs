//! A log-in in three steps, each synchronous: look up, hash (on the hashing pool), open the session.
//!
//! Between the hash and the session the world may have changed, so the third step checks again
//! what the first one saw.

use std::net::IpAddr;

use signet_contract::directory::UserState;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Store;
use super::error::StoreResult;
use super::refresh::NewRefreshToken;
use super::sessions::Session;

/// What a log-in needs to know of an account.
#[derive(Clone)]
pub struct Credentials {
    /// Whose.
    pub public_id: Uuid,
    /// The stored hash, a PHC string (or an imported one).
    pub password_hash: String,
    /// Active or disabled.
    pub state: UserState,
}

/// A session to be opened for credentials that were verified.
#[derive(Clone)]
pub struct Opening {
    /// Whose.
    pub public_id: Uuid,
    /// The hash that the password was verified against.
    pub verified_hash: String,
    /// The new session's id.
    pub sid: Uuid,
    /// From where, if known.
    pub address: Option<IpAddr>,
    /// What the client calls itself, if it does.
    pub user_agent: Option<String>,
    /// Whom its access tokens are meant for.
    pub audience: String,
    /// The session's first refresh token.
    pub refresh_token: NewRefreshToken,
}

/// What became of an opening.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// The session exists from now on.
    Session(Session),
    /// The account is disabled.
    Disabled,
    /// The hash is no longer the verified one, or the account is gone: start over.
    Outdated,
}

/// What the first step finds.
pub struct Found {
    /// The account, if there is one.
    pub credentials: Option<Credentials>,
    /// Whether the caller's address has logged in to it before.
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

/// What the domain asks of the store for a log-in.
pub trait LoginStore: Send + Sync {
    /// The credentials of the account whose address has this key.
    fn find_credentials(&self, email_key: &str) -> StoreResult<Option<Credentials>>;

    /// Locks the user's row, checks that hash and state are still what was verified, opens the
    /// session, reads the feed position and notes the log-in, or that it was refused, all in one
    /// transaction.
    fn open_session(&self, opening: &Opening, now: OffsetDateTime) -> StoreResult<Opened>;
}
