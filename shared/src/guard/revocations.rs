//! What was revoked, and whether a token is touched by it.
//!
//! By session, by user or client with the feed position (`pos` below the event's `seq`: two things
//! happen within one second, so times decide nothing), by key. Never by the token's text: a token
//! has more than one spelling.

use std::collections::HashMap;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::Instant;
use uuid::Uuid;

use crate::contract::events::{Change, Event};
use crate::verifier::{AccessToken, Reason, Subject};

/// On top of the longest life of a token and the leeway: issuers' clocks may differ a little.
const MARGIN: Duration = Duration::from_mins(10);

/// Whether a change revokes anything, and so must survive a restart.
pub fn revokes(change: &Change) -> bool {
    matches!(
        change,
        Change::UserDisabled(_)
            | Change::UserDeleted { .. }
            | Change::SessionRevoked { .. }
            | Change::UserSessionsRevoked { .. }
            | Change::ClientRemoved { .. }
            | Change::KeyRevoked { .. }
    )
}

#[derive(Debug, Clone)]
struct Entry {
    event: Event,
    learnt: Instant,
}

/// A user's ends of sessions. Two are enough to judge every token: the latest, and the latest that
/// excepts another session than that one.
#[derive(Debug, Clone)]
struct UserEnds {
    latest: (Entry, Option<Uuid>),
    other: Option<(Entry, Option<Uuid>)>,
}

/// Every revocation that a living token can meet.
#[derive(Debug)]
pub(super) struct Revocations {
    keep: Duration,
    sessions: HashMap<Uuid, Entry>,
    users: HashMap<Uuid, UserEnds>,
    clients: HashMap<String, Entry>,
    keys: HashMap<String, Entry>,
}

impl Revocations {
    /// None yet. `longest_life` is that of any token taken here, leeway included.
    pub(super) fn new(longest_life: Duration) -> Self {
        Self {
            keep: longest_life.saturating_add(MARGIN),
            sessions: HashMap::new(),
            users: HashMap::new(),
            clients: HashMap::new(),
            keys: HashMap::new(),
        }
    }

    /// Takes a change in. Gives the `seq`s of those held before that it makes superfluous, or its
    /// own if it adds nothing.
    pub(super) fn apply(&mut self, event: &Event, now: Instant) -> Vec<u64> {
        let entry = Entry { event: event.clone(), learnt: now };
        match &event.change {
            Change::SessionRevoked { sid, .. } => replace(&mut self.sessions, *sid, entry),
            Change::ClientRemoved { client_id } => {
                replace(&mut self.clients, client_id.clone(), entry)
            }
            Change::KeyRevoked { kid } => replace(&mut self.keys, kid.clone(), entry),
            Change::UserSessionsRevoked { public_id, except } => {
                self.end_user(*public_id, entry, *except)
            }
            // Both end every session; the issuer says so in an event of its own too.
            Change::UserDisabled(user) => self.end_user(user.public_id, entry, None),
            Change::UserDeleted { public_id } => self.end_user(*public_id, entry, None),
            _ => Vec::new(),
        }
    }

    fn end_user(&mut self, user: Uuid, entry: Entry, except: Option<Uuid>) -> Vec<u64> {
        let new = (entry, except);
        let Some(ends) = self.users.get_mut(&user) else {
            self.users.insert(user, UserEnds { latest: new, other: None });
            return Vec::new();
        };
        let mut all = vec![new, ends.latest.clone()];
        all.extend(ends.other.take());
        all.sort_by_key(|(entry, _)| std::cmp::Reverse(entry.event.seq));
        let before: Vec<_> = all.iter().map(|(entry, _)| entry.event.seq).collect();
        let latest = all.remove(0);
        // An end without exception that is the latest makes every earlier one superfluous.
        let other = match latest.1 {
            None => None,
            Some(_) => all.into_iter().find(|(_, except)| *except != latest.1),
        };
        *ends = UserEnds { latest, other };
        let kept = |seq: &u64| {
            *seq == ends.latest.0.event.seq
                || ends.other.as_ref().is_some_and(|(entry, _)| *seq == entry.event.seq)
        };
        before.into_iter().filter(|seq| !kept(seq)).collect()
    }

    /// Why the token is refused, if its session, user, client or key was revoked.
    pub(super) fn touch(&self, token: &AccessToken) -> Option<Reason> {
        if self.keys.contains_key(&token.kid) {
            return Some(Reason::RevokedKey);
        }
        let client = self.clients.get(&token.client_id);
        let client_gone = client.is_some_and(|entry| token.pos < entry.event.seq);
        let ended = match &token.subject {
            Subject::Service => false,
            Subject::User { public_id, sid, .. } => {
                self.sessions.contains_key(sid)
                    || self.users.get(public_id).is_some_and(|ends| ends.touch(*sid, token.pos))
            }
        };
        (client_gone || ended).then_some(Reason::Revoked)
    }

    /// Forgets what no living token can meet any more, by both clocks; gives the `seq`s. A revoked
    /// key is never forgotten: its thief can sign new tokens as long as somebody takes them.
    pub(super) fn prune(&mut self, now: Instant, wall: OffsetDateTime) -> Vec<u64> {
        let keep = self.keep;
        let mut forgotten = Vec::new();
        let mut stays = |entry: &Entry| {
            let by_wall = wall - entry.event.at;
            let over = by_wall.is_positive()
                && by_wall.unsigned_abs() > keep
                && now.duration_since(entry.learnt) > keep;
            if over {
                forgotten.push(entry.event.seq);
            }
            !over
        };
        self.sessions.retain(|_, entry| stays(entry));
        self.clients.retain(|_, entry| stays(entry));
        self.users.retain(|_, ends| {
            if ends.other.as_ref().is_some_and(|(entry, _)| !stays(entry)) {
                ends.other = None;
            }
            // The other one is earlier; should it be younger by the clock, it keeps the latest.
            ends.other.is_some() || stays(&ends.latest.0)
        });
        forgotten
    }

    /// The feed goes on from `position`, maybe that of another database: ends of sessions numbered
    /// past it would refuse tokens that were issued since. Sessions and keys have names of their
    /// own and stay revoked.
    pub(super) fn rebase(&mut self, position: u64) {
        self.clients.retain(|_, entry| entry.event.seq <= position);
        self.users.retain(|_, ends| {
            ends.other = ends.other.take().filter(|(entry, _)| entry.event.seq <= position);
            if ends.latest.0.event.seq > position {
                let Some(other) = ends.other.take() else { return false };
                ends.latest = other;
            }
            true
        });
    }

    /// Every revocation held, for the store.
    pub(super) fn events(&self) -> Vec<Event> {
        let users = self.users.values().flat_map(|ends| {
            std::iter::once(&ends.latest).chain(ends.other.as_ref()).map(|(entry, _)| entry)
        });
        let single = self.sessions.values().chain(self.clients.values()).chain(self.keys.values());
        let mut events: Vec<_> = users.chain(single).map(|entry| entry.event.clone()).collect();
        events.sort_by_key(|event| event.seq);
        events
    }

    /// The revoked keys.
    pub(super) fn kids(&self) -> impl Iterator<Item = String> {
        self.keys.keys().cloned()
    }

    /// How many are held.
    pub(super) fn len(&self) -> usize {
        self.sessions.len() + self.users.len() + self.clients.len() + self.keys.len()
    }
}

impl UserEnds {
    fn touch(&self, sid: Uuid, pos: u64) -> bool {
        let ends =
            |(entry, except): &(Entry, Option<Uuid>)| pos < entry.event.seq && *except != Some(sid);
        ends(&self.latest) || self.other.as_ref().is_some_and(ends)
    }
}

/// Keeps the later of two of the same kind; gives the other's `seq`.
fn replace<K: Eq + std::hash::Hash>(map: &mut HashMap<K, Entry>, key: K, entry: Entry) -> Vec<u64> {
    match map.entry(key) {
        std::collections::hash_map::Entry::Vacant(place) => {
            place.insert(entry);
            Vec::new()
        }
        std::collections::hash_map::Entry::Occupied(mut place) => {
            let held = place.get().event.seq;
            match held.cmp(&entry.event.seq) {
                std::cmp::Ordering::Less => {
                    place.insert(entry);
                    vec![held]
                }
                std::cmp::Ordering::Equal => Vec::new(),
                std::cmp::Ordering::Greater => vec![entry.event.seq],
            }
        }
    }
}

#[cfg(test)]
mod tests;
