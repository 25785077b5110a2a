//! The subject of this service, without transport and storage: the user directory, and the users
//! that may read records of others.

pub mod cursor;
pub mod directory;
pub mod visibility;
