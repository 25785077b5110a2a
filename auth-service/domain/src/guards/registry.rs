//! The guards as this server knows them, in memory. A call is noted here at once and written to the
//! database later.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use time::{Duration, OffsetDateTime};

use super::{Guard, GuardId, MOST_INSTANCES, REMEMBERED, recently_seen};

/// The interval at which a live guard without news is written again.
const WRITE_EVERY: Duration = Duration::seconds(10);

/// The most revocations for one guard that wait for a timed confirmation.
const MOST_TIMED: usize = 1_000;

/// The content of a guard's call to the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The guard's id.
    pub id: GuardId,
    /// The keys that it holds.
    pub kids: BTreeSet<String>,
    /// The position that it asks from. It has applied every change up to there.
    pub position: u64,
    /// The number of the call, in the order of arrival. A guard breaks off a call to report a
    /// change, and the next call may be read before the old one.
    pub arrival: u64,
}

/// A call that was noted.
#[derive(Debug, PartialEq, Eq)]
pub struct RecordedCall {
    /// The call's [`Report::arrival`], for [`Registry::end`].
    pub call: u64,
    /// True if the guard holds other keys than before, or reports another position.
    pub news: bool,
    /// The time from each revocation that the guard was sent to its confirmation.
    pub took: Vec<Duration>,
}

#[derive(Debug)]
struct Entry {
    guard: Guard,
    /// The number of the latest call.
    latest: u64,
    /// The call that is open. A later one replaces it, because the server notices the end of a cut
    /// connection late.
    open: Option<u64>,
    /// The position and the time of each revocation that was sent and is not yet confirmed.
    sent: VecDeque<(u64, OffsetDateTime)>,
    /// The time of the last write; `None` if the guard is to be written at once.
    written_at: Option<OffsetDateTime>,
}

impl Entry {
    fn seen(&self, now: OffsetDateTime) -> Guard {
        let mut guard = self.guard.clone();
        if self.open.is_some() {
            guard.seen_at = now;
        }
        guard.live = self.open.is_some() || recently_seen(guard.seen_at, now);
        guard
    }
}

/// Every guard that is remembered.
#[derive(Debug, Default)]
pub struct Registry {
    guards: BTreeMap<GuardId, Entry>,
    /// Guards that were removed to make room, and are still in the database.
    displaced: Vec<GuardId>,
}

impl Registry {
    /// Creates a registry of the guards that an earlier run wrote.
    pub fn new(known: Vec<Guard>) -> Self {
        let entry = |guard: Guard| {
            let written_at = Some(guard.seen_at);
            let id = guard.id.clone();
            (id, Entry { guard, latest: 0, open: None, sent: VecDeque::new(), written_at })
        };
        Self { guards: known.into_iter().map(entry).collect(), ..Self::default() }
    }

    /// Notes a call. One that came in before the latest call is ignored. Returns `None` if the
    /// client has too many instances and all of them are live.
    pub fn begin(&mut self, report: Report, now: OffsetDateTime) -> Option<RecordedCall> {
        let call = report.arrival;
        let Some(entry) = self.guards.get_mut(&report.id) else {
            self.make_room(&report.id.client_id, now)?;
            let guard = Guard {
                id: report.id.clone(),
                kids: report.kids,
                position: report.position,
                confirmed_at: now,
                first_seen: now,
                seen_at: now,
                live: true,
            };
            let (open, sent) = (Some(call), VecDeque::new());
            let entry = Entry { guard, latest: call, open, sent, written_at: None };
            self.guards.insert(report.id, entry);
            return Some(RecordedCall { call, news: true, took: Vec::new() });
        };
        if call < entry.latest {
            return Some(RecordedCall { call, news: false, took: Vec::new() });
        }
        entry.latest = call;
        entry.open = Some(call);
        entry.guard.seen_at = now;
        let moved = entry.guard.position != report.position;
        if moved {
            entry.guard.position = report.position;
            entry.guard.confirmed_at = now;
        }
        let news = moved || entry.guard.kids != report.kids;
        if news {
            entry.guard.kids = report.kids;
            entry.written_at = None;
        }
        let mut took = Vec::new();
        while let Some((_, at)) = entry.sent.pop_front_if(|(seq, _)| *seq <= report.position) {
            took.push((now - at).max(Duration::ZERO));
        }
        Some(RecordedCall { call, news, took })
    }

    /// Makes room for one more instance of a client: removes the one that was absent longest.
    fn make_room(&mut self, client_id: &str, now: OffsetDateTime) -> Option<()> {
        let instances: Vec<Guard> = self
            .guards
            .values()
            .filter(|entry| entry.guard.id.client_id == client_id)
            .map(|entry| entry.seen(now))
            .collect();
        if instances.len() >= MOST_INSTANCES {
            let away = instances.into_iter().filter(|guard| !guard.live);
            let longest = away.min_by_key(|guard| guard.seen_at)?;
            self.guards.remove(&longest.id);
            self.displaced.push(longest.id);
        }
        Some(())
    }

    /// Notes that a guard is sent a revocation, made at `at`.
    pub fn sent(&mut self, id: &GuardId, seq: u64, at: OffsetDateTime) {
        let Some(entry) = self.guards.get_mut(id) else { return };
        // A revocation that is sent again after a lost answer is timed once, from the first time.
        if entry.sent.back().is_none_or(|(last, _)| *last < seq) {
            entry.sent.push_back((seq, at));
            if entry.sent.len() > MOST_TIMED {
                entry.sent.pop_front();
            }
        }
    }

    /// Notes that a call ended.
    pub fn end(&mut self, id: &GuardId, call: u64, now: OffsetDateTime) {
        if let Some(entry) = self.guards.get_mut(id)
            && entry.open == Some(call)
        {
            entry.open = None;
            entry.guard.seen_at = now;
        }
    }

    /// Returns every guard, as it is at `now`.
    pub fn list(&self, now: OffsetDateTime) -> Vec<Guard> {
        self.guards.values().map(|entry| entry.seen(now)).collect()
    }

    /// Returns the guards to write: those with news, and the live ones after `WRITE_EVERY`.
    pub fn take_unwritten(&mut self, now: OffsetDateTime) -> Vec<Guard> {
        let mut unwritten = Vec::new();
        for entry in self.guards.values_mut() {
            let guard = entry.seen(now);
            let due = entry.written_at.is_none_or(|at| (guard.seen_at - at).abs() >= WRITE_EVERY);
            if due {
                entry.written_at = Some(guard.seen_at);
                unwritten.push(guard);
            }
        }
        unwritten
    }

    /// Notes that these guards could not be written, so that they are written again.
    pub fn not_written(&mut self, guards: &[Guard]) {
        for guard in guards {
            if let Some(entry) = self.guards.get_mut(&guard.id) {
                entry.written_at = None;
            }
        }
    }

    /// Removes guards not seen for a day; returns those removed since the last `forget`.
    pub fn forget(&mut self, now: OffsetDateTime) -> Vec<GuardId> {
        let mut forgotten = std::mem::take(&mut self.displaced);
        self.guards.retain(|id, entry| {
            let remembered = now - entry.seen(now).seen_at < REMEMBERED;
            if !remembered {
                forgotten.push(id.clone());
            }
            remembered
        });
        // A guard that came back in the meantime is written again.
        forgotten.retain(|id| !self.guards.contains_key(id));
        forgotten
    }
}

#[cfg(test)]
mod tests;
