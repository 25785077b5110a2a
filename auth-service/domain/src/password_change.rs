//! Changing one's own password: judged, hashed and verified outside, set here in one transaction
//! that finds everything as it was verified.

use uuid::Uuid;

use super::audit::Act;
use super::error::StoreResult;

/// What a change needs to know of the account.
#[derive(Clone)]
pub struct Account {
    /// The name, which no password may be.
    pub name: String,
    /// The address as typed, which no password may be either.
    pub email: String,
    /// What failures are counted by.
    pub email_key: String,
    /// The stored hash.
    pub password_hash: String,
}

/// A new password for credentials that were verified.
#[derive(Clone)]
pub struct PasswordChange {
    /// Whose.
    pub public_id: Uuid,
    /// The session that goes on.
    pub sid: Uuid,
    /// The hash that the current password was verified against.
    pub verified_hash: String,
    /// The hash of the new one.
    pub new_hash: String,
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordChanged {
    /// The new password is the one, and every other session has ended.
    Done,
    /// The hash is no longer the verified one: start over.
    Outdated,
    /// The session has ended meanwhile, or the user is disabled or gone.
    SessionOver,
}

/// What the domain asks of the store for a change of password.
pub trait PasswordStore: Send + Sync {
    /// The account of a user.
    fn find_account(&self, public_id: Uuid) -> StoreResult<Option<Account>>;

    /// Sets the new hash, ends every other session of the user (`user.sessions_revoked`) and notes
    /// it, all in one transaction.
    fn change_password(&self, change: &PasswordChange, act: &Act) -> StoreResult<PasswordChanged>;
}
