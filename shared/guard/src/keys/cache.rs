//! The keys held, and the requests that wait for one which is not.
//!
//! Requests and the owner meet over tickets: a request that must wait draws one, a fetch notes the
//! last ticket drawn before it began, and its outcome speaks for all tickets up to that. So a
//! request is told "no such key" only by a fetch that began after it came.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout_at};

use super::negative::Negative;
use crate::freshness::Stamp;
use signet_verifier::PublicKey;

/// How long a request waits for a fetch.
const PATIENCE: Duration = Duration::from_secs(2);

/// How many requests may wait at once. As many again may wait for announced keys, so that made-up
/// ones never take the place of a real new one.
const SEATS: usize = 1_000;

/// Why a key is not handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotFound {
    /// The issuer has no such key.
    Unknown,
    /// The issuer revoked it.
    Revoked,
    /// It can't be known now; try again after so many seconds.
    Unavailable(u32),
}

/// What the owner last found out.
#[derive(Debug, Clone)]
pub(super) struct Progress {
    /// Tickets up to this one are answered by the set now held.
    pub(super) answered: u64,
    /// When the fetch began that answered them.
    pub(super) began: Instant,
    /// The negative cache's generation at that time.
    generation: u64,
    /// Tickets up to this one can't be answered.
    pub(super) failed: u64,
    /// When the next try is due, if the last one failed.
    pub(super) retry_at: Instant,
}

/// The cache. Shared by requests, the owner and the feed reader.
#[derive(Debug)]
pub(crate) struct KeyCache {
    held: ArcSwap<HashMap<String, PublicKey>>,
    /// Held while the set is replaced or a key dropped.
    rules: Mutex<Rules>,
    negative: Mutex<(Negative, u64)>,
    tickets: AtomicU64,
    waiting: AtomicUsize,
    waiting_announced: AtomicUsize,
    /// Tells the owner of a new ticket, an announcement or a wish to refresh.
    pub(super) wake: Notify,
    progress: watch::Sender<Progress>,
    /// Counts changes of the set.
    changes: watch::Sender<u64>,
    freshness: Mutex<Option<Stamp>>,
    pub(super) counters: Counters,
}

#[derive(Debug, Default)]
struct Rules {
    /// Never taken again, from whatever set.
    revoked: HashSet<String>,
    /// Announced by the feed and not held yet.
    announced: HashSet<String>,
    /// Counts announcements; the owner compares it with what it has seen.
    announcements: u64,
    refresh: bool,
}

/// What the owner did, for the guard's status.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) polls: AtomicU64,
    pub(super) unknown: AtomicU64,
    pub(super) announced: AtomicU64,
    pub(super) failures: AtomicU64,
    pub(super) last_error: Mutex<Option<String>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No guarded value is ever left half changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl KeyCache {
    /// A cache that holds `keys` from an earlier run, but those of `revoked`.
    pub(crate) fn new(
        keys: Vec<PublicKey>,
        freshness: Option<Stamp>,
        revoked: impl IntoIterator<Item = String>,
    ) -> Self {
        let revoked: HashSet<_> = revoked.into_iter().collect();
        let now = Instant::now();
        let progress =
            Progress { answered: 0, began: now, generation: 0, failed: 0, retry_at: now };
        Self {
            held: ArcSwap::from_pointee(by_kid(keys, &revoked)),
            rules: Mutex::new(Rules { revoked, ..Rules::default() }),
            negative: Mutex::default(),
            tickets: AtomicU64::new(0),
            waiting: AtomicUsize::new(0),
            waiting_announced: AtomicUsize::new(0),
            wake: Notify::new(),
            progress: watch::Sender::new(progress),
            changes: watch::Sender::new(0),
            freshness: Mutex::new(freshness),
            counters: Counters::default(),
        }
    }

    /// The key, if it is held.
    pub(crate) fn get(&self, kid: &str) -> Option<PublicKey> {
        self.held.load().get(kid).cloned()
    }

    /// Whether the key is held.
    pub(crate) fn holds(&self, kid: &str) -> bool {
        self.held.load().contains_key(kid)
    }

    /// The key; if it is not held, after asking the issuer, within two seconds.
    pub(crate) async fn find(&self, kid: &str) -> Result<PublicKey, NotFound> {
        let came = Instant::now();
        if let Some(key) = self.get(kid) {
            return Ok(key);
        }
        let (revoked, announced) = {
            let rules = locked(&self.rules);
            (rules.revoked.contains(kid), rules.announced.contains(kid))
        };
        if revoked {
            return Err(NotFound::Revoked);
        }
        if locked(&self.negative).0.holds(kid, came) {
            return Err(NotFound::Unknown);
        }
        let seats = if announced { &self.waiting_announced } else { &self.waiting };
        let _seat = Seat::take(seats).ok_or(NotFound::Unavailable(1))?;
        let mut progress = self.progress.subscribe();
        let ticket = self.tickets.fetch_add(1, Ordering::SeqCst) + 1;
        self.wake.notify_one();
        loop {
            // Read before the set: an outcome is published after the set it speaks of.
            let seen = progress.borrow_and_update().clone();
            if let Some(key) = self.get(kid) {
                return Ok(key);
            }
            if seen.answered >= ticket {
                self.note_unknown(kid, &seen);
                let revoked = locked(&self.rules).revoked.contains(kid);
                return Err(if revoked { NotFound::Revoked } else { NotFound::Unknown });
            }
            if seen.failed >= ticket {
                return Err(NotFound::Unavailable(seconds_until(seen.retry_at)));
            }
            match timeout_at(came + PATIENCE, progress.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => return Err(NotFound::Unavailable(1)),
            }
        }
    }

    fn note_unknown(&self, kid: &str, seen: &Progress) {
        let mut negative = locked(&self.negative);
        // A key announced, or a set changed, between that fetch and now makes it old news.
        if negative.1 == seen.generation {
            negative.0.note(kid, seen.began, Instant::now());
        }
    }

    fn forget_unknown(&self) {
        let mut negative = locked(&self.negative);
        negative.0.clear();
        negative.1 += 1;
    }

    /// The feed announced a key: it is fetched at once, whatever the budget says.
    pub(crate) fn announce(&self, kid: &str) {
        let mut rules = locked(&self.rules);
        if rules.revoked.contains(kid) {
            return;
        }
        self.forget_unknown();
        if self.holds(kid) {
            return;
        }
        rules.announced.insert(kid.to_owned());
        rules.announcements += 1;
        drop(rules);
        self.wake.notify_one();
    }

    /// The issuer revoked a key: it is dropped now and never taken again.
    pub(crate) fn revoke(&self, kid: &str) {
        let mut rules = locked(&self.rules);
        rules.revoked.insert(kid.to_owned());
        rules.announced.remove(kid);
        let held = self.held.load();
        if held.contains_key(kid) {
            let mut left = HashMap::clone(&held);
            left.remove(kid);
            self.held.store(Arc::new(left));
            self.changes.send_modify(|count| *count += 1);
        }
    }

    /// Asks for a poll now: the issuer is back after an outage, or the feed begins anew.
    pub(crate) fn refresh(&self) {
        locked(&self.rules).refresh = true;
        self.wake.notify_one();
    }

    /// The keys held, in order.
    pub(crate) fn kids(&self) -> Vec<String> {
        let mut kids: Vec<_> = self.held.load().keys().cloned().collect();
        kids.sort_unstable();
        kids
    }

    /// Tells of changes of the set.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// When the request was sent that last brought or confirmed the set.
    pub(crate) fn freshness(&self) -> Option<Stamp> {
        *locked(&self.freshness)
    }

    /// Puts a fetched set in place of the one held. `false` if it has none but revoked keys: then
    /// it is an old copy, and nothing changes.
    pub(super) fn replace(&self, keys: Vec<PublicKey>, sent: Stamp) -> bool {
        let mut rules = locked(&self.rules);
        let keys = by_kid(keys, &rules.revoked);
        if keys.is_empty() {
            return false;
        }
        rules.announced.retain(|kid| !keys.contains_key(kid));
        let changed = {
            let held = self.held.load();
            held.len() != keys.len() || held.keys().any(|kid| !keys.contains_key(kid))
        };
        if changed {
            self.held.store(Arc::new(keys));
            self.forget_unknown();
            self.changes.send_modify(|count| *count += 1);
        }
        drop(rules);
        self.confirm(sent);
        true
    }

    /// The set held is still the issuer's.
    pub(super) fn confirm(&self, sent: Stamp) {
        *locked(&self.freshness) = Some(sent);
    }

    /// The last ticket drawn.
    pub(super) fn last_ticket(&self) -> u64 {
        self.tickets.load(Ordering::SeqCst)
    }

    /// Whether any request waits.
    pub(super) fn anyone_waits(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) + self.waiting_announced.load(Ordering::SeqCst) > 0
    }

    /// Tickets up to `ticket` are answered by the set now held.
    pub(super) fn answer(&self, ticket: u64, began: Instant) {
        let generation = locked(&self.negative).1;
        self.progress.send_modify(|progress| {
            if ticket >= progress.answered {
                progress.answered = ticket;
                progress.began = began;
                progress.generation = generation;
            }
        });
    }

    /// The set may have changed, but nothing is certain: those who wait look again.
    pub(super) fn hint(&self) {
        self.progress.send_modify(|_| {});
    }

    /// Tickets up to `ticket` can't be answered before `retry_at`.
    pub(super) fn fail(&self, ticket: u64, retry_at: Instant) {
        self.progress.send_modify(|progress| {
            progress.failed = progress.failed.max(ticket);
            progress.retry_at = retry_at;
        });
    }

    /// How often a key was announced so far, and whether one of those is still not held.
    pub(super) fn announcements(&self) -> (u64, bool) {
        let rules = locked(&self.rules);
        (rules.announcements, !rules.announced.is_empty())
    }

    /// Waits until every announced key is held, or given up, at most for `patience`.
    pub(crate) async fn announced_are_held(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        let mut changes = self.changes();
        while self.announcements().1 {
            if !matches!(timeout_at(deadline, changes.changed()).await, Ok(Ok(()))) {
                return;
            }
        }
    }

    /// Gives up on announced keys that the issuer's set does not have after all.
    pub(super) fn forget_announced(&self) {
        locked(&self.rules).announced.clear();
    }

    /// Whether a poll was asked for, once.
    pub(super) fn take_refresh(&self) -> bool {
        std::mem::take(&mut locked(&self.rules).refresh)
    }

    /// Notes why a fetch failed, or that one succeeded.
    pub(super) fn note_error(&self, error: Option<String>) {
        *locked(&self.counters.last_error) = error;
    }

    /// Fetches by cause, failures, and the last error.
    pub(crate) fn counts(&self) -> ([(&'static str, u64); 3], u64, Option<String>) {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counters = &self.counters;
        let by_cause = [
            ("poll", of(&counters.polls)),
            ("unknown_key", of(&counters.unknown)),
            ("announced", of(&counters.announced)),
        ];
        (by_cause, of(&counters.failures), locked(&counters.last_error).clone())
    }
}

fn by_kid(keys: Vec<PublicKey>, revoked: &HashSet<String>) -> HashMap<String, PublicKey> {
    keys.into_iter()
        .filter(|key| !revoked.contains(key.kid()))
        .map(|key| (key.kid().to_owned(), key))
        .collect()
}

/// Whole seconds, at least one, as `Retry-After` takes them.
fn seconds_until(at: Instant) -> u32 {
    let left = at.saturating_duration_since(Instant::now()).as_secs_f64().ceil();
    (1..=60).find(|seconds| f64::from(*seconds) >= left).unwrap_or(60)
}

/// A place among those who wait, given back when the request ends in whatever way.
struct Seat<'a>(&'a AtomicUsize);

impl<'a> Seat<'a> {
    fn take(seats: &'a AtomicUsize) -> Option<Self> {
        let taken = seats.fetch_add(1, Ordering::SeqCst);
        let seat = Self(seats);
        (taken < SEATS).then_some(seat)
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
