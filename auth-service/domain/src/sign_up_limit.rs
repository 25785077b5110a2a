//! The limit of sign-ups for each network, in a window that the first sign-up opens.
//!
//! A sign-up costs a password hash and leaves a permanent row, and no failure stops its caller. So
//! every sign-up counts, with a new address or a taken one. It counts from its admission on, so
//! that parallel sign-ups do not get past the limit.
//!
//! The counts are this process's, in bounded memory. A restart forgets them.

use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lru::LruCache;
use time::{Duration, OffsetDateTime};

use super::network::Network;
use super::throttle::Limit;

/// The most networks remembered; the longest unused are forgotten first. At the rate that hashing
/// allows, filling this takes longer than a window.
const MOST_NETWORKS: NonZeroUsize = NonZeroUsize::new(200_000).unwrap();

/// The limit is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManySignUps {
    /// The time until the window ends.
    pub retry_after: Duration,
}

/// Counts sign-ups.
#[derive(Debug)]
pub struct SignUpLimit {
    limit: Option<Limit>,
    counts: Mutex<LruCache<Network, Count>>,
}

#[derive(Debug, Clone, Copy)]
struct Count {
    sign_ups: u32,
    since: OffsetDateTime,
}

/// A sign-up that counts. If it is dropped because its caller went away, it still counts: the
/// account may have been made.
#[must_use]
pub struct Counted<'l>(Option<(&'l SignUpLimit, Network)>);

impl SignUpLimit {
    /// Creates a limit; `None` admits every sign-up.
    pub fn new(limit: Option<Limit>) -> Self {
        Self { limit, counts: Mutex::new(LruCache::sparse(MOST_NETWORKS)) }
    }

    /// Counts a sign-up from `address`. A sign-up without a known address does not count.
    ///
    /// # Errors
    ///
    /// The network has used up its limit.
    pub fn admit(
        &self,
        address: Option<IpAddr>,
        now: OffsetDateTime,
    ) -> Result<Counted<'_>, TooManySignUps> {
        let (Some(limit), Some(address)) = (self.limit, address) else { return Ok(Counted(None)) };
        let network = Network::from(address);
        let mut counts = self.lock();
        let count = counts.get_or_insert_mut(network, || Count { sign_ups: 0, since: now });
        if count.since + limit.window <= now {
            *count = Count { sign_ups: 0, since: now };
        }
        if count.sign_ups >= limit.count {
            // A clock that was set back does not make the wait longer than a window.
            let retry_after = (count.since + limit.window - now).min(limit.window);
            return Err(TooManySignUps { retry_after });
        }
        count.sign_ups += 1;
        Ok(Counted(Some((self, network))))
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<Network, Count>> {
        // Nothing under the lock leaves a count half changed.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counted<'_> {
    /// Takes the count back: the sign-up failed before it made or found an account.
    pub fn take_back(self) {
        let Some((limit, network)) = self.0 else { return };
        let mut counts = limit.lock();
        let Some(count) = counts.get_mut(&network) else { return };
        count.sign_ups = count.sign_ups.saturating_sub(1);
        if count.sign_ups == 0 {
            counts.pop(&network);
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-01-02 03:04:05 UTC);
    const HOUR: Duration = Duration::HOUR;

    fn limit(count: u32) -> SignUpLimit {
        SignUpLimit::new(Some(Limit { count, window: HOUR }))
    }

    #[expect(clippy::unnecessary_wraps, reason = "as `admit` takes it")]
    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    fn admitted(limit: &SignUpLimit, from: &str, now: OffsetDateTime) -> Result<(), Duration> {
        match limit.admit(address(from), now) {
            Ok(_) => Ok(()),
            Err(refused) => Err(refused.retry_after),
        }
    }

    #[test]
    fn sign_ups_beyond_the_limit_are_refused_until_the_window_ends() {
        let limit = limit(3);
        for minute in 0..3 {
            assert_eq!(admitted(&limit, "192.0.2.1", NOW + Duration::minutes(minute)), Ok(()));
        }
        let later = NOW + Duration::minutes(20);
        assert_eq!(admitted(&limit, "192.0.2.1", later), Err(Duration::minutes(40)));
        assert_eq!(admitted(&limit, "192.0.2.2", later), Ok(()));
        assert_eq!(admitted(&limit, "192.0.2.1", NOW - HOUR), Err(HOUR), "a clock set back");
        assert_eq!(admitted(&limit, "192.0.2.1", NOW + HOUR), Ok(()));
    }

    #[test]
    fn addresses_of_one_network_share_one_count() {
        let limit = limit(1);
        assert_eq!(admitted(&limit, "2001:db8::1", NOW), Ok(()));
        assert_eq!(admitted(&limit, "2001:db8::2", NOW), Err(HOUR));
        assert_eq!(admitted(&limit, "::ffff:192.0.2.1", NOW), Ok(()));
        assert_eq!(admitted(&limit, "192.0.2.1", NOW), Err(HOUR));
    }

    #[test]
    fn sign_up_that_is_taken_back_does_not_count() {
        let limit = limit(1);
        for _ in 0..3 {
            limit.admit(address("192.0.2.1"), NOW).ok().unwrap().take_back();
        }
        assert!(limit.lock().is_empty());
        assert_eq!(admitted(&limit, "192.0.2.1", NOW), Ok(()));
        assert_eq!(admitted(&limit, "192.0.2.1", NOW), Err(HOUR));
    }

    #[test]
    fn limit_that_is_off_counts_nothing() {
        let limit = SignUpLimit::new(None);
        for _ in 0..1_000 {
            assert_eq!(admitted(&limit, "192.0.2.1", NOW), Ok(()));
        }
        assert!(limit.lock().is_empty());
    }
}
