//! The directory snapshot that a guard starts from.

use signet_contract::events::Event;

use super::users::User;

/// A part of one page of the snapshot. Parts limit the memory in use: the first page has every
/// revocation that can still matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The page itself; always the first part.
    Page {
        /// Users in order of creation.
        users: Vec<User>,
        /// The feed position that the whole page shows, revocations included.
        position: u64,
        /// True if more users follow.
        more: bool,
    },
    /// The next revocations, in order; on the first page alone.
    Revocations(Vec<Event>),
}
