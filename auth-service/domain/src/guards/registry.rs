//! The guards as this server knows them, in memory: a call of one is heard here at once, and
//! written down by and by.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use time::{Duration, OffsetDateTime};

use super::{Guard, GuardId, MOST_INSTANCES, REMEMBERED, recently_seen};

/// How often a guard is written down of which there is nothing new but that it is there.
const WRITE_EVERY: Duration = Duration::seconds(10);

/// The most revocations of one guard whose confirmation is timed at once.
const MOST_TIMED: usize = 1_000;

/// What a call to the feed says of who makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Who.
    pub id: GuardId,
    /// The keys that it holds.
    pub kids: BTreeSet<String>,
    /// The position that it asks from: everything up to there is applied.
    pub position: u64,
    /// Which of all calls this is, in the order in which they came in. A guard breaks off a call to
    /// tell what changed, and the call that follows may be read sooner.
    pub arrival: u64,
}

/// A call that was noted.
#[derive(Debug, PartialEq, Eq)]
pub struct Begun {
    /// The call's [`Report::arrival`], for [`Registry::end`].
    pub call: u64,
    /// Whether the guard holds other keys than before, or has come further.
    pub news: bool,
    /// How long after each revocation that it was sent it has confirmed it.
    pub took: Vec<Duration>,
}

#[derive(Debug)]
struct Entry {
    guard: Guard,
    /// The last call that came in.
    latest: u64,
    /// The call that is open. A later one takes its place: of a connection that was cut, the end is
    /// not noticed for a while.
    open: Option<u64>,
    /// The revocations that it was sent and has not confirmed: positions, and when they were made.
    sent: VecDeque<(u64, OffsetDateTime)>,
    /// What is written down; none if anything is to be written at once.
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
    /// Had to make room, and are still written down.
    displaced: Vec<GuardId>,
}

impl Registry {
    /// The guards that an earlier run wrote down.
    pub fn new(known: Vec<Guard>) -> Self {
        let entry = |guard: Guard| {
            let written_at = Some(guard.seen_at);
            let id = guard.id.clone();
            (id, Entry { guard, latest: 0, open: None, sent: VecDeque::new(), written_at })
        };
        Self { guards: known.into_iter().map(entry).collect(), ..Self::default() }
    }

    /// Notes a call; what one says that came in before the last one is old news. `None` if its
    /// client has too many instances that all serve.
    pub fn begin(&mut self, report: Report, now: OffsetDateTime) -> Option<Begun> {
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
            return Some(Begun { call, news: true, took: Vec::new() });
        };
        if call < entry.latest {
            return Some(Begun { call, news: false, took: Vec::new() });
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
        Some(Begun { call, news, took })
    }

    /// Makes room for one more instance of a client: who was away longest goes first.
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
        // Sent again after a lost answer: it is timed from the first time, once.
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

    /// Every guard, as it is at `now`.
    pub fn list(&self, now: OffsetDateTime) -> Vec<Guard> {
        self.guards.values().map(|entry| entry.seen(now)).collect()
    }

    /// What is to be written down: what is new, and who is still there after a while.
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

    /// These could not be written down: they are to be again.
    pub fn not_written(&mut self, guards: &[Guard]) {
        for guard in guards {
            if let Some(entry) = self.guards.get_mut(&guard.id) {
                entry.written_at = None;
            }
        }
    }

    /// Forgets who was not seen for a day; gives whoever was forgotten since the last time.
    pub fn forget(&mut self, now: OffsetDateTime) -> Vec<GuardId> {
        let mut forgotten = std::mem::take(&mut self.displaced);
        self.guards.retain(|id, entry| {
            let remembered = now - entry.seen(now).seen_at < REMEMBERED;
            if !remembered {
                forgotten.push(id.clone());
            }
            remembered
        });
        // Who came back in the meantime is written down again.
        forgotten.retain(|id| !self.guards.contains_key(id));
        forgotten
    }
}

#[cfg(test)]
mod tests;
