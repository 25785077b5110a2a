//! The scopes of the issuer's own routes (RFC 6749 §3.3).

/// Allows reading the user directory, and users' names and addresses in the feed.
pub const DIRECTORY_READ: &str = "directory:read";

/// Allows following the change feed.
pub const EVENTS_READ: &str = "events:read";

/// Allows introspection of every token (RFC 7662).
pub const INTROSPECT: &str = "introspect";

/// Returns true if `scope`, a list separated by spaces, contains `wanted`.
pub fn holds(scope: Option<&str>, wanted: &str) -> bool {
    scope.is_some_and(|list| list.split(' ').any(|one| one == wanted))
}
