//! The visibility of users' records.

/// The users that may list users and read records other than their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// All users.
    Everyone,
    /// Operators only. Other users read their own record.
    Admins,
}
