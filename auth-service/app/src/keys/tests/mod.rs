//! Tests of changes of the keys, with real files and a real database.

mod crashes;
mod ending;
mod material;
mod rotation;
