//! The jobs of a running server. Each one takes a future that ends when the shutdown begins.

pub mod guard_records;
pub mod health;
pub mod standby_key;
pub mod upkeep;

mod key_rotation;
