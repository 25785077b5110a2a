//! The snapshot that a guard starts from.

use time::OffsetDateTime;

use super::Database;
use super::transaction::read_position;
use super::{feed, users};
use crate::domain::directory::{DirectoryStore, Snapshot};
use crate::domain::error::StoreResult;

impl DirectoryStore for Database {
    fn snapshot(
        &self,
        after: u64,
        limit: u32,
        revoked_since: OffsetDateTime,
    ) -> StoreResult<Snapshot> {
        self.read(|connection| {
            let position = read_position(connection)?;
            let revocations = match after {
                0 => feed::revocations_since(connection, revoked_since)?,
                _ => Vec::new(),
            };
            // One more than asked for tells whether others follow.
            let mut users = users::page(connection, after, limit.saturating_add(1))?;
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            let more = users.len() > limit;
            users.truncate(limit);
            Ok(Snapshot { users, revocations, position, more })
        })
    }
}
