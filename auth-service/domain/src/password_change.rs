//! A change of a user's own password. The caller judges, verifies and hashes. The store sets the
//! new hash in one transaction, if the account is still as it was verified.

use uuid::Uuid;

/// The data of the account that a change needs.
#[derive(Clone)]
pub struct Account {
    /// The name, which no password may be.
    pub name: String,
    /// The address as typed, which no password may be either.
    pub email: String,
    /// The key by which failures are counted.
    pub email_key: String,
    /// The stored hash.
    pub password_hash: String,
}

/// A new password for credentials that were verified.
#[derive(Clone)]
pub struct PasswordChange {
    /// The user's id.
    pub public_id: Uuid,
    /// The session that stays open.
    pub sid: Uuid,
    /// The hash that the current password was verified against.
    pub verified_hash: String,
    /// The hash of the new one.
    pub new_hash: String,
}

/// The result of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordChanged {
    /// The new password is set, and every other session has ended.
    Done,
    /// The hash is no longer the verified one: the caller starts over.
    Outdated,
    /// The session has ended meanwhile, or the user is disabled or gone.
    SessionOver,
}
