//! The routes of operators.

pub(crate) mod audit;
pub(crate) mod clients;
pub(crate) mod guards;
pub(crate) mod keys;
pub(crate) mod sessions;
pub(crate) mod users;
