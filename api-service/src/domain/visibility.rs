//! Who may see whom.

/// Who may list users and read records other than their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// Every user.
    Everyone,
    /// Operators only; the others see themselves.
    Admins,
}
