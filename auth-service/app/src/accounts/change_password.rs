//! The change of the caller's own password.

use std::net::IpAddr;

use uuid::Uuid;

use super::login_permit::LoginPermit;
use super::{TRIES, bytes, is_known_network};
use crate::AppState;
use crate::callers::SessionCaller;
use crate::error::AppError;
use auth_crypto::hashing::Verified;
use auth_domain::audit::{Act, Action, Reason, RequestOrigin, Subject};
use auth_domain::password_change::{Account, PasswordChange, PasswordChanged, PasswordForm};
use auth_store::{Store, StoreResult};

/// Changes the caller's password and ends every other session of the user. A wrong current password
/// counts as a failed log-in.
///
/// # Errors
///
/// - [`AppError::Invalid`] for the fields `current_password` and `new_password`.
/// - [`AppError::Refused`] with [`Reason::WrongPassword`], or [`Reason::SessionOver`] if the session
///   ended meanwhile.
/// - [`AppError::LimitReached`] after too many failures.
/// - [`AppError::Overloaded`] or [`AppError::Contended`].
pub async fn change_password(
    app: &AppState,
    caller: SessionCaller,
    form: &PasswordForm,
    from: &RequestOrigin,
) -> Result<(), AppError> {
    let SessionCaller { public_id, sid } = caller;
    form.check().map_err(AppError::Invalid)?;
    let act = || Act::by_user(public_id, from, app.clock.now());
    let refusal = |reason| act().refused(Action::PasswordChange, Subject::User(public_id), reason);
    let address = from.address;
    for _ in 0..TRIES {
        let mut hash_permit = app.hashing.enter(address)?;
        let found = app.run(move |store| look_up(store, public_id, address)).await?;
        let Some((account, known)) = found else {
            return Err(AppError::Refused(Reason::SessionOver));
        };
        form.check_for(&account).map_err(AppError::Invalid)?;
        let login_permit = LoginPermit::wait_for(
            app,
            &mut hash_permit,
            &account.email_key,
            address,
            known,
            refusal(Reason::TooManyFailures),
        )
        .await?;
        let current = bytes(&form.current_password);
        if hash_permit.verify(current, account.password_hash.clone()).await? == Verified::Wrong {
            login_permit.failed();
            app.note(refusal(Reason::WrongPassword)).await?;
            tracing::info!(%public_id, "password not changed: the current password is wrong");
            return Err(AppError::Refused(Reason::WrongPassword));
        }
        login_permit.succeeded();
        let change = PasswordChange {
            public_id,
            sid,
            verified_hash: account.password_hash,
            new_hash: hash_permit.hash(bytes(&form.new_password)).await?,
        };
        let act = act();
        match app.run(move |store| store.change_password(&change, &act)).await? {
            PasswordChanged::Done => {
                tracing::info!(%public_id, "password changed");
                return Ok(());
            }
            PasswordChanged::SessionOver => return Err(AppError::Refused(Reason::SessionOver)),
            PasswordChanged::Outdated => {}
        }
    }
    Err(AppError::Contended)
}

/// Returns the account of a user, and true if a log-in to it came from `from` before.
fn look_up(
    store: &Store,
    public_id: Uuid,
    from: Option<IpAddr>,
) -> StoreResult<Option<(Account, bool)>> {
    let known = is_known_network(store, public_id, from)?;
    Ok(store.find_account(public_id)?.map(|account| (account, known)))
}
