//! What operators are shown: the entries of the operators' routes, which are the same that
//! `list --json` prints. Times are RFC 3339 in UTC, with their fractions.

pub mod audit;
pub mod clients;
pub mod guards;
pub mod keys;
pub mod sessions;
pub mod users;
