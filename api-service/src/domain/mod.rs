//! What this service serves, without transport and without storage: the user directory, and who
//! may see whom.

pub mod cursor;
pub mod directory;
pub mod visibility;
