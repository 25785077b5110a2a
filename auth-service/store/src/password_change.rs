//! A new password: the hash, and the end of every other session, in one transaction.

use diesel::prelude::*;
use signet_contract::clock::unix_micros;
use signet_contract::directory::UserState;
use signet_contract::events::Change;
use uuid::Uuid;

use super::connection::Turn;
use super::schema::{sessions, users};
use super::values::user_state;
use super::{Store, login};
use crate::error::StoreResult;
use auth_domain::audit::{Act, Action, Subject};
use auth_domain::password_change::{Account, PasswordChange, PasswordChanged};

impl Store {
    /// Returns the account of a user.
    pub fn find_account(&self, public_id: Uuid) -> StoreResult<Option<Account>> {
        self.read(|connection| {
            let found = users::table
                .find(public_id.to_string())
                .select((users::name, users::email, users::email_key, users::password_hash))
                .first::<(String, String, String, String)>(connection)
                .optional()?;
            Ok(found.map(|(name, email, email_key, password_hash)| Account {
                name,
                email,
                email_key,
                password_hash,
            }))
        })
    }

    /// Sets the new hash, ends every other session of the user (`user.sessions_revoked`) and notes
    /// the change, all in one transaction.
    pub fn change_password(
        &self,
        change: &PasswordChange,
        act: &Act,
    ) -> StoreResult<PasswordChanged> {
        self.write(|transaction| {
            transaction.take_turn(Turn::Accounts)?;
            let connection = &mut *transaction.connection;
            let public_id = change.public_id;
            let Some((hash, state, _)) = login::lock(connection, public_id)? else {
                return Ok(PasswordChanged::SessionOver);
            };
            let ended = sessions::table
                .find(change.sid.to_string())
                .filter(sessions::public_id.eq(public_id.to_string()))
                .select(sessions::ended_at)
                .first::<Option<i64>>(connection)
                .optional()?;
            if ended != Some(None) || user_state(&state)? != UserState::Active {
                return Ok(PasswordChanged::SessionOver);
            }
            if hash != change.verified_hash {
                return Ok(PasswordChanged::Outdated);
            }
            diesel::update(users::table.find(public_id.to_string()))
                .set((
                    users::password_hash.eq(&change.new_hash),
                    users::changed_at.eq(unix_micros(act.at)),
                ))
                .execute(connection)?;
            super::sessions::end_all(connection, public_id, Some(change.sid), act.at)?;
            transaction.note(&act.done(Action::PasswordChange, Subject::User(public_id)))?;
            let ended = Change::UserSessionsRevoked { public_id, except: Some(change.sid) };
            transaction.append(&[ended], act.at)?;
            Ok(PasswordChanged::Done)
        })
    }
}
