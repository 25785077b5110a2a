//! The password that an operator sets for a user.

use uuid::Uuid;

use super::done;
use crate::error::{AppError, Entity};
use auth_domain::audit::Act;
use auth_domain::password;
use auth_domain::users::Changed;
use auth_store::Store;

/// Checks that a user may have this password. The caller hashes it after that.
///
/// # Errors
///
/// [`Entity::User`] is not found, or [`AppError::Invalid`] for the field `password`.
pub fn check_password(store: &Store, public_id: Uuid, password: &str) -> Result<(), AppError> {
    let account = store.find_account(public_id)?;
    let account = account.ok_or_else(|| AppError::not_found(Entity::User, public_id))?;
    let faults = password::judge(password, &account.name, &account.email);
    if faults.is_empty() {
        return Ok(());
    }
    Err(AppError::Invalid(faults.iter().map(|why| ("password", why.to_string())).collect()))
}

/// Sets the `hash` of a password that [`check_password`] allowed, and ends every session of the
/// user.
///
/// # Errors
///
/// [`Entity::User`] is not found.
pub fn set_user_password(
    store: &Store,
    public_id: Uuid,
    hash: &str,
    act: &Act,
) -> Result<(), AppError> {
    let known = store.set_password(public_id, hash, act)?;
    let changed = if known { Changed::Done } else { Changed::Unknown };
    done(changed, public_id, act, "given a new password")
}
