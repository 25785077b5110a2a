//! A new password: the hash, and the end of the user's sessions, in one transaction.

use diesel::dsl::exists;
use diesel::prelude::*;
use signet_contract::clock::unix_micros;
use signet_contract::events::Change;
use time::OffsetDateTime;
use uuid::Uuid;

use super::connection::{AdvisoryLock, AnyConnection};
use super::schema::{sessions, users};
use super::{Store, login};
use crate::error::StoreResult;
use auth_domain::audit::{Act, Action, Subject};
use auth_domain::password_change::{Account, PasswordChange, PasswordChanged};

fn write_hash(
    connection: &mut AnyConnection,
    public_id: Uuid,
    hash: &str,
    now: OffsetDateTime,
) -> QueryResult<()> {
    diesel::update(users::table.find(public_id.to_string()))
        .set((users::password_hash.eq(hash), users::changed_at.eq(unix_micros(now))))
        .execute(connection)?;
    Ok(())
}

impl Store {
    /// Returns the account of a user.
    pub fn find_account(&self, public_id: Uuid) -> StoreResult<Option<Account>> {
        self.read(|connection| {
            let found = users::table
                .find(public_id.to_string())
                .select((users::name, users::email, users::email_key, users::password_hash))
                .get_result::<(String, String, String, String)>(connection)
                .optional()?;
            Ok(found.map(|(name, email, email_key, password_hash)| Account {
                name,
                email,
                email_key,
                password_hash,
            }))
        })
    }

    /// Sets a hash that an operator chose, ends every session of the user (`user.sessions_revoked`)
    /// and notes the change, all in one transaction. Returns `false` if there is no such user.
    pub fn set_password(&self, public_id: Uuid, hash: &str, act: &Act) -> StoreResult<bool> {
        self.write(|transaction| {
            transaction.lock(AdvisoryLock::Accounts)?;
            let connection = &mut *transaction.connection;
            if login::lock(connection, public_id)?.is_none() {
                return Ok(false);
            }
            write_hash(connection, public_id, hash, act.at)?;
            super::sessions::end_all(connection, public_id, None, act.at)?;
            transaction.note(&act.done(Action::UserSetPassword, Subject::User(public_id)))?;
            let ended = Change::UserSessionsRevoked { public_id, except: None };
            transaction.append(&[ended], act.at)?;
            Ok(true)
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
            transaction.lock(AdvisoryLock::Accounts)?;
            let connection = &mut *transaction.connection;
            let public_id = change.public_id;
            let account = login::lock(connection, public_id)?;
            let open = sessions::table
                .find(change.sid.to_string())
                .filter(sessions::public_id.eq(public_id.to_string()))
                .filter(sessions::ended_at.is_null());
            let session_open = diesel::select(exists(open)).get_result(connection)?;
            match change.check(account.as_ref(), session_open) {
                PasswordChanged::Done => {}
                refused => return Ok(refused),
            }
            write_hash(connection, public_id, &change.new_hash, act.at)?;
            super::sessions::end_all(connection, public_id, Some(change.sid), act.at)?;
            transaction.note(&act.done(Action::PasswordChange, Subject::User(public_id)))?;
            let ended = Change::UserSessionsRevoked { public_id, except: Some(change.sid) };
            transaction.append(&[ended], act.at)?;
            Ok(PasswordChanged::Done)
        })
    }
}
