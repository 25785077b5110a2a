//! Reads the standing of a caller's token from the tables.

use diesel::dsl::exists;
use diesel::prelude::*;
use uuid::Uuid;

use super::Store;
use super::schema::{keys, sessions, users};
use super::values::{position, user_state};
use crate::error::StoreResult;
use auth_domain::caller::Standing;
use auth_domain::keys::KeyState;

impl Store {
    /// Returns the standing of a token of `public_id`, with session `sid` and signing key `kid`.
    pub fn standing(&self, kid: &str, public_id: Uuid, sid: Uuid) -> StoreResult<Standing> {
        let public_id = public_id.to_string();
        self.read(|connection| {
            let revoked = keys::table.find(kid).filter(keys::state.eq(KeyState::Revoked.word()));
            let open = sessions::table
                .find(sid.to_string())
                .filter(sessions::public_id.eq(&public_id))
                .filter(sessions::ended_at.is_null());
            let user = users::table
                .find(&public_id)
                .select((users::state, users::admin, users::tokens_from))
                .get_result::<(String, bool, i64)>(connection)
                .optional()?;
            Ok(Standing {
                key_revoked: diesel::select(exists(revoked)).get_result(connection)?,
                session_open: diesel::select(exists(open)).get_result(connection)?,
                state: user.as_ref().map(|(state, ..)| user_state(state)).transpose()?,
                admin: user.as_ref().is_some_and(|(_, admin, _)| *admin),
                tokens_from: user.map_or(Ok(0), |(.., from)| position(from))?,
            })
        })
    }
}
