//! The routes of guards: the change feed, and the snapshot that a guard starts from.

pub(crate) mod directory;
pub(crate) mod feed;
