//! The limit of failed log-ins, per account and per address, in a window that the first failure
//! opens. Only failures count, also for accounts that don't exist.
//!
//! An account also has a limit of a day: short windows alone allow a thousand guesses in it.
//!
//! Attempts in progress count as failures until they end. Otherwise parallel guesses would get past
//! the limit. A network that has logged in to the account before has its own count, so that
//! failures from elsewhere do not lock the owner out.
//!
//! The counts are this process's, in bounded memory. A restart forgets them.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lru::LruCache;
use time::{Duration, OffsetDateTime};

use super::network::Network;

/// The most accounts and the most addresses remembered; the longest unused are forgotten first.
/// At the rate that hashing allows, filling this takes longer than a window, and more guesses than
/// the limit of a day saves.
const MOST_COUNTS: NonZeroUsize = NonZeroUsize::new(200_000).unwrap();

/// The failures of an account in the day after the first one. A success does not clear them.
const PER_DAY: Limit = Limit { count: 100, window: Duration::DAY };

/// A count in a window of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// The number that is let through; at least 1.
    pub count: u32,
    /// The time that each one counts, from the first on.
    pub window: Duration,
}

/// The answer to an attempt.
pub enum ThrottleDecision {
    /// The attempt may go on. The caller reports its end.
    Go(Attempt),
    /// Attempts in progress may use up the limit. The caller asks again when one of them has ended.
    Wait,
    /// The limit is used up.
    Refused {
        /// The time until the window ends.
        retry_after: Duration,
    },
}

/// Counts failures.
#[derive(Debug)]
pub struct Throttle {
    per_account: Option<Limit>,
    per_day: Option<Limit>,
    per_address: Option<Limit>,
    counts: Mutex<Counts>,
}

#[derive(Debug)]
struct Counts {
    accounts: LruCache<AccountKey, Count>,
    /// The accounts again, with the failures of a day.
    days: LruCache<AccountKey, Count>,
    addresses: LruCache<Network, Count>,
}

/// The account of a count, or one of the account's known networks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct AccountKey {
    email_key: String,
    known_network: Option<Network>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    failures: u32,
    under_way: u32,
    /// The time of the first of `failures`.
    since: Option<OffsetDateTime>,
}

enum Room {
    Free,
    PerhapsLater,
    None(Duration),
}

/// An attempt in progress. Dropped without a report (the caller went away), it counts as none.
pub struct Attempt {
    throttle: Arc<Throttle>,
    account: AccountKey,
    address: Option<Network>,
}

impl Throttle {
    /// Creates a throttle; `None` turns a limit off, that of an account also the limit of a day.
    pub fn new(per_account: Option<Limit>, per_address: Option<Limit>) -> Self {
        let counts = Counts {
            accounts: LruCache::sparse(MOST_COUNTS),
            days: LruCache::sparse(MOST_COUNTS),
            addresses: LruCache::sparse(MOST_COUNTS),
        };
        let per_day = per_account.map(|_| PER_DAY);
        Self { per_account, per_day, per_address, counts: Mutex::new(counts) }
    }

    /// Asks for an attempt at the account with this address key, from `address`; `known` is true if
    /// the network of that address has logged in to it before.
    pub fn admit(
        self: &Arc<Self>,
        email_key: &str,
        address: Option<IpAddr>,
        known: bool,
        now: OffsetDateTime,
    ) -> ThrottleDecision {
        let address = address.map(Network::from);
        let account = AccountKey {
            email_key: email_key.to_owned(),
            known_network: address.filter(|_| known),
        };
        let mut counts = self.lock();
        let rooms = [
            room(counts.accounts.get(&account), self.per_account, now),
            room(counts.days.get(&account), self.per_day, now),
            room(address.and_then(|address| counts.addresses.get(&address)), self.per_address, now),
        ];
        let refused = rooms.iter().filter_map(|room| match room {
            Room::None(rest) => Some(*rest),
            _ => None,
        });
        if let Some(retry_after) = refused.max() {
            return ThrottleDecision::Refused { retry_after };
        }
        if rooms.iter().any(|room| matches!(room, Room::PerhapsLater)) {
            return ThrottleDecision::Wait;
        }
        begin(&mut counts.accounts, account.clone());
        begin(&mut counts.days, account.clone());
        if let Some(address) = address {
            begin(&mut counts.addresses, address);
        }
        drop(counts);
        ThrottleDecision::Go(Attempt { throttle: Arc::clone(self), account, address })
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        // Nothing under the lock leaves the counts half changed.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt {
    /// Counts a failure: a wrong password, or an account that is disabled or does not exist.
    pub fn failed(self, now: OffsetDateTime) {
        let mut counts = self.throttle.lock();
        let Throttle { per_account, per_day, per_address, .. } = *self.throttle;
        fail(counts.accounts.get_mut(&self.account), per_account, now);
        fail(counts.days.get_mut(&self.account), per_day, now);
        if let Some(address) = &self.address {
            fail(counts.addresses.get_mut(address), per_address, now);
        }
    }

    /// Forgets earlier failures at this account: the password was right. Those of the address and of
    /// the day stay. Otherwise any user could clear the former, and each log-in of the owner would
    /// allow more guesses.
    pub fn succeeded(self) {
        let mut counts = self.throttle.lock();
        if let Some(count) = counts.accounts.get_mut(&self.account) {
            (count.failures, count.since) = (0, None);
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let mut counts = self.throttle.lock();
        end(&mut counts.accounts, &self.account);
        end(&mut counts.days, &self.account);
        if let Some(address) = &self.address {
            end(&mut counts.addresses, address);
        }
    }
}

fn room(count: Option<&Count>, limit: Option<Limit>, now: OffsetDateTime) -> Room {
    let (Some(count), Some(limit)) = (count, limit) else { return Room::Free };
    let ends = count.since.map(|since| since + limit.window).filter(|ends| *ends > now);
    let failures = if ends.is_some() { count.failures } else { 0 };
    match ends {
        // A clock that was set back must not make the wait longer than a window.
        Some(ends) if failures >= limit.count => Room::None((ends - now).min(limit.window)),
        _ if failures + count.under_way >= limit.count => Room::PerhapsLater,
        _ => Room::Free,
    }
}

fn begin<K: Hash + Eq>(counts: &mut LruCache<K, Count>, key: K) {
    counts.get_or_insert_mut(key, Count::default).under_way += 1;
}

fn fail(count: Option<&mut Count>, limit: Option<Limit>, now: OffsetDateTime) {
    let (Some(count), Some(limit)) = (count, limit) else { return };
    if count.since.is_none_or(|since| since + limit.window <= now) {
        (count.failures, count.since) = (0, Some(now));
    }
    count.failures += 1;
}

fn end<K: Hash + Eq>(counts: &mut LruCache<K, Count>, key: &K) {
    let Some(count) = counts.get_mut(key) else { return };
    count.under_way = count.under_way.saturating_sub(1);
    if count.under_way == 0 && count.failures == 0 {
        counts.pop(key);
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-01-02 03:04:05 UTC);
    const WINDOW: Duration = Duration::minutes(15);

    fn throttle(per_account: u32, per_address: u32) -> Arc<Throttle> {
        let limit = |failures| Some(Limit { count: failures, window: WINDOW });
        Arc::new(Throttle::new(limit(per_account), limit(per_address)))
    }

    #[expect(clippy::unnecessary_wraps, reason = "as `admit` takes it")]
    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    fn go(admission: ThrottleDecision) -> Attempt {
        match admission {
            ThrottleDecision::Go(attempt) => attempt,
            ThrottleDecision::Wait => panic!("told to wait"),
            ThrottleDecision::Refused { retry_after } => panic!("refused for {retry_after}"),
        }
    }

    fn refused(admission: &ThrottleDecision) -> Option<Duration> {
        match admission {
            ThrottleDecision::Refused { retry_after } => Some(*retry_after),
            _ => None,
        }
    }

    #[test]
    fn failures_beyond_the_limit_are_refused_until_the_window_ends() {
        let throttle = throttle(3, 1_000);
        for minute in 0..3 {
            let at = NOW + Duration::minutes(minute);
            go(throttle.admit("a", address("192.0.2.1"), false, at)).failed(at);
        }
        let later = NOW + Duration::minutes(5);
        let admission = throttle.admit("a", address("192.0.2.2"), false, later);
        assert_eq!(refused(&admission), Some(Duration::minutes(10)));
        go(throttle.admit("b", address("192.0.2.1"), false, later));
        go(throttle.admit("a", address("192.0.2.1"), false, NOW + WINDOW));
    }

    #[test]
    fn success_clears_the_failures_of_the_account() {
        let throttle = throttle(2, 1_000);
        for _ in 0..50 {
            go(throttle.admit("a", None, false, NOW)).failed(NOW);
            go(throttle.admit("a", None, false, NOW)).succeeded();
        }
    }

    #[test]
    fn hundred_failures_of_an_account_use_up_its_day() {
        let throttle = throttle(10, 1_000);
        let mut at = NOW;
        for round in 0..10 {
            for _ in 0..9 {
                go(throttle.admit("a", address("203.0.113.9"), false, at)).failed(at);
            }
            // The success clears the count of the window alone.
            go(throttle.admit("a", address("203.0.113.9"), false, at)).succeeded();
            go(throttle.admit("a", address("203.0.113.9"), false, at)).failed(at);
            at = NOW + WINDOW * (round + 1);
        }
        let refusal = throttle.admit("a", address("192.0.2.2"), false, at);
        assert_eq!(refused(&refusal), Some(Duration::DAY - WINDOW * 10));
        go(throttle.admit("b", address("203.0.113.9"), false, at));
        go(throttle.admit("a", address("192.0.2.1"), true, at));
        go(throttle.admit("a", address("192.0.2.2"), false, NOW + Duration::DAY));
    }

    #[test]
    fn success_keeps_the_failures_of_the_address() {
        let throttle = throttle(1_000, 2);
        let from = address("192.0.2.1");
        go(throttle.admit("a", from, false, NOW)).failed(NOW);
        go(throttle.admit("own", from, false, NOW)).succeeded();
        go(throttle.admit("b", from, false, NOW)).failed(NOW);
        assert_eq!(refused(&throttle.admit("c", from, false, NOW)), Some(WINDOW));
        go(throttle.admit("c", address("192.0.2.2"), false, NOW));
    }

    #[test]
    fn known_network_has_its_own_count() {
        let throttle = throttle(2, 1_000);
        for _ in 0..2 {
            go(throttle.admit("a", address("203.0.113.9"), false, NOW)).failed(NOW);
        }
        assert!(refused(&throttle.admit("a", address("203.0.113.9"), false, NOW)).is_some());
        for _ in 0..2 {
            go(throttle.admit("a", address("192.0.2.1"), true, NOW)).failed(NOW);
        }
        assert!(refused(&throttle.admit("a", address("192.0.2.1"), true, NOW)).is_some());
    }

    #[test]
    fn parallel_guesses_stay_within_the_limit() {
        let throttle = throttle(3, 1_000);
        let under_way: Vec<_> = (0..3).map(|_| go(throttle.admit("a", None, false, NOW))).collect();
        assert!(matches!(throttle.admit("a", None, false, NOW), ThrottleDecision::Wait));
        for attempt in under_way {
            attempt.failed(NOW);
        }
        assert!(refused(&throttle.admit("a", None, false, NOW)).is_some());
    }

    #[test]
    fn dropped_attempt_does_not_count() {
        let throttle = throttle(1, 1_000);
        drop(go(throttle.admit("a", address("192.0.2.1"), false, NOW)));
        drop(go(throttle.admit("a", address("192.0.2.1"), false, NOW)));
        let counts = throttle.lock();
        assert_eq!((counts.accounts.len(), counts.days.len()), (0, 0));
        assert_eq!(counts.addresses.len(), 0);
    }

    #[test]
    fn addresses_of_one_network_share_one_count() {
        let throttle = throttle(1_000, 1);
        go(throttle.admit("a", address("2001:db8::1"), false, NOW)).failed(NOW);
        assert!(refused(&throttle.admit("b", address("2001:db8::ffff"), false, NOW)).is_some());
        go(throttle.admit("b", address("2001:db8:0:1::1"), false, NOW));
        go(throttle.admit("a", address("::ffff:192.0.2.1"), false, NOW)).failed(NOW);
        assert!(refused(&throttle.admit("b", address("192.0.2.1"), false, NOW)).is_some());
    }

    #[test]
    fn limit_that_is_off_refuses_no_attempt() {
        let throttle = Arc::new(Throttle::new(None, None));
        for _ in 0..5_000 {
            go(throttle.admit("a", address("192.0.2.1"), false, NOW)).failed(NOW);
        }
    }
}
