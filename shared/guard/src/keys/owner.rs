//! The one task that fetches the key set: by interval, for an announced key, or for requests that
//! wait for an unknown one.
//!
//! Each cause has its own slot, so a call that hangs never blocks the others. A failure of any of
//! them delays only the polls; there is no fetch for unknown keys while the issuer fails.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, sleep_until};

use super::budget::Budget;
use super::cache::KeyCache;
use super::fetch::{Ask, FetchError, Fetched, KeySource};
use crate::freshness::Stamp;
use crate::pace::Pace;
use crate::random::{Backoff, between};
use crate::stop::Stop;
use crate::store::{Contact, GuardStore, SavedKeys};
use signet_contract::clock::Clock;

/// The shortest interval of polls, even with a shorter `max-age`.
const SHORTEST_POLL: Duration = Duration::from_millis(250);

/// The first and the longest pause after failed polls.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The number of fetches for an announced key before the announcement is considered outdated. The
/// pauses between them grow, to four to eight seconds in all.
const ANNOUNCED_TRIES: u32 = 6;

/// The time that fetches for announced keys and for unknown keys wait for each other: a token may
/// arrive just before or after the announcement of its key, and one fetch serves both.
const HEAD_START: Duration = Duration::from_millis(200);

/// The longest time that served requests count as waiting after a fetch for announced keys.
const SERVED: Duration = Duration::from_millis(50);

/// The reason for a fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    Poll,
    Unknown,
    Announced,
}

/// A fetch that ended.
struct Ended {
    cause: Cause,
    /// The last ticket taken before the fetch, if it bypassed every cache on its way.
    speaks_for: Option<u64>,
    began: Instant,
    sent: Stamp,
    result: Result<Fetched, FetchError>,
}

type Running = FuturesUnordered<Pin<Box<dyn Future<Output = Ended> + Send>>>;

/// The task's state.
pub(crate) struct Owner<S> {
    cache: Arc<KeyCache>,
    source: Arc<S>,
    store: Arc<dyn GuardStore>,
    clock: Arc<dyn Clock>,
    etag: Option<String>,
    budget: Budget,
    backoff: Backoff,
    /// The time of the next call to a failing issuer.
    failing_until: Option<Instant>,
    next_poll: Instant,
    /// The last ticket for which a fetch for unknown keys began.
    asked_for: u64,
    announcements_seen: u64,
    announced_tries: u32,
    next_announced: Option<Instant>,
    served_until: Instant,
    /// The time at which the fetch of the held set began.
    newest: Option<Instant>,
    touched: Option<Instant>,
    /// The time at which the running fetch began, by cause.
    under_way: [Option<Instant>; 3],
    pace: Pace,
}

impl<S: KeySource> Owner<S> {
    /// Creates the owner of `cache`; `etag` is that of the initial set.
    pub(crate) fn new(
        cache: Arc<KeyCache>,
        source: S,
        store: Arc<dyn GuardStore>,
        clock: Arc<dyn Clock>,
        etag: Option<String>,
        pace: Pace,
    ) -> Self {
        let now = Instant::now();
        Self {
            cache,
            source: Arc::new(source),
            store,
            clock,
            etag,
            budget: Budget::new(now),
            backoff: Backoff::new(FIRST_PAUSE, LONGEST_PAUSE),
            failing_until: None,
            next_poll: now,
            asked_for: 0,
            announcements_seen: 0,
            announced_tries: 0,
            next_announced: None,
            served_until: now,
            newest: None,
            touched: None,
            under_way: [None; 3],
            pace,
        }
    }

    /// Fetches until `stop`.
    pub(crate) async fn run(mut self, mut stop: Stop) {
        let mut running = Running::new();
        let cache = Arc::clone(&self.cache);
        loop {
            let wake_at = self.begin_due_steps(&mut running);
            tokio::select! {
                Some(ended) = running.next() => self.end(ended).await,
                () = cache.wake.notified() => {}
                () = sleep_until(wake_at) => {}
                () = stop.told() => return,
            }
        }
    }

    /// Begins every fetch that is due; returns the time of the next look.
    fn begin_due_steps(&mut self, running: &mut Running) -> Instant {
        let now = Instant::now();
        let mut wake_at = now + self.pace.poll;

        if self.cache.take_refresh() {
            self.next_poll = now;
        }
        if self.under_way[Cause::Poll as usize].is_none() {
            if self.next_poll <= now {
                self.begin(Cause::Poll, running);
            } else {
                wake_at = wake_at.min(self.next_poll);
            }
        }

        let (announcements, missing) = self.cache.announcements();
        if announcements > self.announcements_seen {
            self.announcements_seen = announcements;
            self.announced_tries = 0;
            self.next_announced = Some(now);
        }
        if !missing {
            self.next_announced = None;
        }
        if let (None, Some(due)) = (self.under_way[Cause::Announced as usize], self.next_announced)
        {
            let due = self.head_start_of(Cause::Unknown).map_or(due, |end| due.max(end));
            if due <= now {
                self.announced_tries += 1;
                self.next_announced = None;
                self.begin(Cause::Announced, running);
            } else {
                wake_at = wake_at.min(due);
            }
        }

        if self.cache.anyone_waits() && self.cache.last_ticket() > self.asked_for {
            if let Some(retry_at) = self.failing_until {
                // After that time, the running poll decides; requests never add a call.
                if retry_at > now {
                    self.asked_for = self.cache.last_ticket();
                    self.cache.fail(self.asked_for, retry_at);
                }
            } else if self.under_way[Cause::Unknown as usize].is_none() {
                let announced = self.head_start_of(Cause::Announced).unwrap_or(self.served_until);
                if announced > now {
                    wake_at = wake_at.min(announced);
                } else {
                    match self.budget.take(now) {
                        Ok(()) => self.begin(Cause::Unknown, running),
                        Err(later) => wake_at = wake_at.min(later),
                    }
                }
            }
        }
        wake_at
    }

    /// Returns the end of the time that the running fetch for this cause gets alone.
    fn head_start_of(&self, cause: Cause) -> Option<Instant> {
        self.under_way[cause as usize].map(|began| began + HEAD_START)
    }

    fn begin(&mut self, cause: Cause, running: &Running) {
        let counters = &self.cache.counters;
        let counter = match cause {
            Cause::Poll => &counters.polls,
            Cause::Unknown => &counters.unknown,
            Cause::Announced => &counters.announced,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        self.under_way[cause as usize] = Some(Instant::now());
        // A cache on the way may answer a plain poll, which is not enough for waiting requests.
        let past_caches = cause != Cause::Poll || self.cache.anyone_waits();
        let ticket = self.cache.last_ticket();
        if past_caches {
            self.asked_for = ticket;
        }
        // A `304` confirms the held set, so it is useless without one.
        let etag = self.etag.clone().filter(|_| !self.cache.kids().is_empty());
        let ask = Ask { etag, past_caches };
        let source = Arc::clone(&self.source);
        let (began, sent) = (Instant::now(), Stamp::now(&*self.clock));
        running.push(Box::pin(async move {
            let result = source.fetch(ask).await;
            Ended { cause, speaks_for: past_caches.then_some(ticket), began, sent, result }
        }));
    }

    async fn end(&mut self, ended: Ended) {
        self.under_way[ended.cause as usize] = None;
        let now = Instant::now();
        let result = self.take(&ended, now);
        match &result {
            Ok((max_age, _)) => {
                self.backoff.reset();
                self.failing_until = None;
                let half = (*max_age / 2).clamp(SHORTEST_POLL, self.pace.poll);
                self.next_poll = now + between(half.mul_f64(0.8), half);
                self.cache.note_error(None);
                match ended.speaks_for {
                    Some(ticket) => self.cache.answer(ticket, ended.began),
                    None => self.cache.hint(),
                }
            }
            Err(error) => self.failed(&ended, error, now),
        }
        if ended.cause == Cause::Announced {
            self.served_until = now + SERVED;
            self.plan_announced(now);
        }
        if let Ok((_, saved)) = result {
            self.save(saved, ended.sent).await;
        }
    }

    /// Takes the result of a fetch. Returns its `max-age`, and the set to save if it is new.
    fn take(
        &mut self,
        ended: &Ended,
        now: Instant,
    ) -> Result<(Duration, Option<SavedKeys>), FetchError> {
        let fetched = ended.result.as_ref().map_err(Clone::clone)?;
        // A later fetch ended first: its set is newer.
        let outdated = self.newest.is_some_and(|newest| newest > ended.began);
        match fetched {
            _ if outdated => Ok((fetched.max_age(), None)),
            Fetched::Same { max_age } => {
                self.newest = Some(ended.began);
                self.cache.confirm(ended.sent);
                Ok((*max_age, None))
            }
            Fetched::Set { keys, text, etag, max_age } => {
                if !self.cache.replace(keys.clone(), ended.sent) {
                    return Err(FetchError::new("the set holds none but revoked keys"));
                }
                self.newest = Some(ended.began);
                self.etag.clone_from(etag);
                self.touched = Some(now);
                let fetched_at = ended.sent.wall();
                let saved = SavedKeys { text: text.clone(), etag: etag.clone(), fetched_at };
                Ok((*max_age, Some(saved)))
            }
        }
    }

    fn failed(&mut self, ended: &Ended, error: &FetchError, now: Instant) {
        self.cache.counters.failures.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(%error, cause = ?ended.cause, "the key set could not be fetched; the guard keeps the last good one");
        self.cache.note_error(Some(error.to_string()));
        // While the issuer fails, only a poll may set the interval, and nothing may shorten it.
        let retry_at = match self.failing_until {
            Some(retry_at) if ended.cause != Cause::Poll && retry_at > now => retry_at,
            _ => now + self.backoff.next(),
        };
        self.failing_until = Some(retry_at);
        self.next_poll = retry_at;
        if let Some(ticket) = ended.speaks_for {
            self.cache.fail(ticket, retry_at);
        }
    }

    /// After a fetch for announced keys: plans another one for missing keys, or abandons them.
    fn plan_announced(&mut self, now: Instant) {
        let (_, missing) = self.cache.announcements();
        if !missing {
            self.announced_tries = 0;
            self.next_announced = None;
        } else if self.announced_tries >= ANNOUNCED_TRIES {
            tracing::warn!("the key set still lacks a key that the feed announced");
            self.cache.forget_announced();
        } else {
            let pause = Duration::from_millis(125) * (1 << self.announced_tries.min(5));
            self.next_announced = Some(now + between(pause / 2, pause));
        }
    }

    /// Writes the result to the store. A failure affects only a restart without the issuer.
    async fn save(&mut self, saved: Option<SavedKeys>, sent: Stamp) {
        if saved.is_none() && self.touched.is_some_and(|at| at.elapsed() < self.pace.touch) {
            return;
        }
        self.touched = Some(Instant::now());
        let store = Arc::clone(&self.store);
        let written = tokio::task::spawn_blocking(move || match saved {
            Some(saved) => store.save_keys(&saved),
            None => store.touch(Contact::Keys, sent.wall()),
        });
        if let Ok(Err(error)) = written.await {
            // The text may name a file, which is for the log only.
            tracing::error!(%error, "the key set could not be stored");
            self.cache.note_error(Some("the key set could not be stored".into()));
        }
    }
}
