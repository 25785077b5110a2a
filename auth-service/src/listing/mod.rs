//! What operators are shown: the entries of the operators' routes, which are the same that
//! `list --json` prints. Times are RFC 3339 in UTC, with their fractions.

pub(crate) mod audit;
pub(crate) mod clients;
pub(crate) mod guards;
pub(crate) mod keys;
pub(crate) mod sessions;
pub(crate) mod users;
