//! The lists for operators: the same entries in the operators' routes and in `list --json`. Times
//! are RFC 3339 in UTC, with their fractions.

pub mod keys;
