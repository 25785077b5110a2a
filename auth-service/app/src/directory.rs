//! The user directory: the snapshot that a guard starts from.

use std::sync::Arc;

use signet_contract::directory::{DirectoryPage, DirectoryUser};
use signet_contract::events::Event;

use crate::AppState;
use crate::blocking::{self, Parts};
use crate::error::AppError;
use auth_domain::directory::Part;
use auth_domain::feed::REVOCATIONS_KEPT;
use auth_domain::page::Cursor;
use auth_domain::users::User;

/// A part of one page of the snapshot. The whole page is never in memory: a million revocations
/// take some 200 MB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SnapshotPart {
    /// The page without its revocations; always the first part.
    Page(DirectoryPage),
    /// The next revocations of the page, in order.
    Revocations(Vec<Event>),
    /// The end of the page; always the last part.
    End,
}

impl AppState {
    /// Reads a page of at most `limit` users, in the order of their creation: those after `after`.
    /// The first page has every revocation that can still matter. `encode` runs on the blocking
    /// pool.
    pub fn read_directory<T: Send + 'static>(
        &self,
        after: Option<Cursor>,
        limit: u32,
        mut encode: impl FnMut(SnapshotPart) -> Result<T, AppError> + Send + 'static,
    ) -> Parts<T> {
        let store = Arc::clone(&self.store);
        let since = self.clock.now() - REVOCATIONS_KEPT;
        let after = after.map_or(0, |Cursor(place)| place);
        blocking::parts(move |tell| {
            let mut encoded = Ok(());
            store.snapshot(after, limit, since, &mut |part| match encode(part.into()) {
                Ok(part) => tell(part),
                Err(error) => {
                    encoded = Err(error);
                    false
                }
            })?;
            encoded?;
            tell(encode(SnapshotPart::End)?);
            Ok(())
        })
    }
}

impl From<Part> for SnapshotPart {
    fn from(part: Part) -> Self {
        match part {
            Part::Page { users, position, more } => {
                let last = users.last().filter(|_| more);
                Self::Page(DirectoryPage {
                    next: last.map(|user| Cursor(user.created_seq).to_string()),
                    users: users.into_iter().map(record).collect(),
                    revocations: Vec::new(),
                    position,
                })
            }
            Part::Revocations(events) => Self::Revocations(events),
        }
    }
}

fn record(user: User) -> DirectoryUser {
    DirectoryUser {
        public_id: user.public_id,
        roles: user.roles(),
        name: user.name,
        email: user.email,
        state: user.state,
    }
}
