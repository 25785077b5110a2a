//! The snapshot that a guard starts from.

use signet_contract::clock::unix_micros;
use time::OffsetDateTime;

use super::Store;
use super::transaction::read_position;
use super::{feed, users};
use crate::error::StoreResult;
use auth_domain::directory::Part;
use auth_domain::page;

/// The number of revocations in one part: some hundred kilobytes.
const MOST_IN_PART: u32 = 1_000;

impl Store {
    /// Passes a page to `take` in parts, all read in one transaction, until `take` returns `false`:
    /// at most `limit` users created after position `after`. The first page (`after` = 0) also has
    /// the revocations made since `revoked_since`.
    pub fn snapshot(
        &self,
        after: u64,
        limit: u32,
        revoked_since: OffsetDateTime,
        take: &mut dyn FnMut(Part) -> bool,
    ) -> StoreResult<()> {
        self.read(|connection| {
            let position = read_position(connection)?;
            let mut users = users::page(connection, after, page::rows_for(limit))?;
            let more = page::cut(&mut users, limit, |_| ()).is_some();
            let mut wanted = take(Part::Page { users, position, more }) && after == 0;
            let mut last_seq = 0;
            while wanted {
                let mut part = feed::revocations_after(connection, last_seq, MOST_IN_PART)?;
                let Some(last) = part.last() else { break };
                last_seq = last.seq;
                // Drop old revocations that are not pruned yet.
                part.retain(|event| unix_micros(event.at) >= unix_micros(revoked_since));
                wanted = part.is_empty() || take(Part::Revocations(part));
            }
            Ok(())
        })
    }
}
