//! The limit of open files, and the number of connections that follows from it. A client that only
//! holds connections open must not block the service from its own database.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The largest useful limit for one process.
const ENOUGH: u64 = 65_536;

/// The descriptors for databases, logs and calls to other services.
const RESERVED: u64 = 64;

/// The fewest connections that a thread serves.
const FEWEST: u64 = 8;

/// Raises the limit of open files as far as possible. Returns the most connections that each of
/// `threads` may hold at a time.
pub(super) fn connections_per_thread(threads: usize) -> usize {
    share(raise(), threads as u64)
}

/// Raises the soft limit to the hard limit, and returns the effective limit.
fn raise() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.unwrap_or(ENOUGH).min(ENOUGH);
    let current = limit.current.unwrap_or(ENOUGH);
    if current >= wanted {
        return current;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: limit.maximum }) {
        Ok(()) => wanted,
        Err(error) => {
            tracing::warn!(%error, limit = current, "the limit of open files can't be raised");
            current
        }
    }
}

/// Returns a thread's share of half of the free descriptors: a service has two listeners.
fn share(limit: u64, threads: u64) -> usize {
    let each = limit.saturating_sub(RESERVED) / 2 / threads.max(1);
    usize::try_from(each.max(FEWEST)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_for_everything_else() {
        assert_eq!(share(1_024, 2), 240);
        assert_eq!(share(20_000, 1), 9_968);
        assert_eq!(share(64, 8), 8, "a starved process still serves");
    }

    #[test]
    fn descriptor_limit_is_raised_to_the_hard_limit() {
        let limit = raise();
        let now = getrlimit(Resource::Nofile);
        assert_eq!(now.current.unwrap_or(ENOUGH).min(ENOUGH), limit.min(ENOUGH));
        assert!(limit >= now.maximum.unwrap_or(ENOUGH).min(ENOUGH));
    }
}
