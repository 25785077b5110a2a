//! The revocations, and the check of a token against them.
//!
//! Sessions and keys are revoked by name. Users and clients are revoked by feed position (`pos`
//! below the event's `seq`): times decide nothing, since two things can happen within one second. A
//! token's text decides nothing either, since a token has more than one spelling.

use std::collections::HashMap;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::Instant;
use uuid::Uuid;

use signet_contract::events::{Change, Event};
use signet_verifier::{AccessToken, Reason, Subject};

/// A margin on top of a token's longest life and the leeway: clocks of issuers may differ a little.
const MARGIN: Duration = Duration::from_secs(10 * 60);

/// Returns true if a change revokes anything, and so must survive a restart.
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

/// The data of one revocation. There may be millions: 16 bytes each, beside the name.
#[derive(Debug, Clone, Copy)]
struct Entry {
    seq: u64,
    /// The time of the revocation, in seconds since 1970; rounded up, so it is not removed early.
    made: u32,
    /// The time of its arrival, in seconds since `begun`; rounded up, too.
    learnt: u32,
}

/// An event that ends a user's sessions, except one session.
#[derive(Debug, Clone, Copy)]
struct End {
    entry: Entry,
    except: Option<Uuid>,
}

/// Every revocation that can touch an unexpired token.
#[derive(Debug)]
pub(super) struct Revocations {
    keep: Duration,
    begun: Instant,
    sessions: HashMap<Uuid, Entry>,
    /// The latest end of each user's sessions.
    users: HashMap<Uuid, End>,
    /// The latest end with another exception than the one in `users`. These two are enough to judge
    /// every token, and few users have both.
    others: HashMap<Uuid, End>,
    clients: HashMap<String, Entry>,
    keys: HashMap<String, Entry>,
}

impl Revocations {
    /// Creates an empty list. `longest_life` is the longest life of an accepted token, with leeway.
    pub(super) fn new(longest_life: Duration) -> Self {
        Self {
            keep: longest_life.saturating_add(MARGIN),
            begun: Instant::now(),
            sessions: HashMap::new(),
            users: HashMap::new(),
            others: HashMap::new(),
            clients: HashMap::new(),
            keys: HashMap::new(),
        }
    }

    fn entry(&self, event: &Event, now: Instant) -> Entry {
        let since = now.saturating_duration_since(self.begun);
        let learnt = since.as_secs() + u64::from(since.subsec_nanos() > 0);
        let made = event.at.unix_timestamp() + i64::from(event.at.nanosecond() > 0);
        Entry {
            seq: event.seq,
            made: u32::try_from(made.max(0)).unwrap_or(u32::MAX),
            learnt: u32::try_from(learnt).unwrap_or(u32::MAX),
        }
    }

    /// Adds a change. Returns the `seq`s of earlier revocations that it makes superfluous, or its
    /// own if it adds nothing.
    pub(super) fn apply(&mut self, event: &Event, now: Instant) -> Vec<u64> {
        let entry = self.entry(event, now);
        match &event.change {
            Change::SessionRevoked { sid, .. } => replace(&mut self.sessions, *sid, entry),
            Change::ClientRemoved { client_id } => {
                replace(&mut self.clients, client_id.clone(), entry)
            }
            Change::KeyRevoked { kid } => replace(&mut self.keys, kid.clone(), entry),
            Change::UserSessionsRevoked { public_id, except } => {
                self.end_user(*public_id, End { entry, except: *except })
            }
            // Both end every session; the issuer also sends a separate event.
            Change::UserDisabled(user) => {
                self.end_user(user.public_id, End { entry, except: None })
            }
            Change::UserDeleted { public_id } => {
                self.end_user(*public_id, End { entry, except: None })
            }
            _ => Vec::new(),
        }
    }

    fn end_user(&mut self, user: Uuid, new: End) -> Vec<u64> {
        let Some(known) = self.users.get(&user) else {
            self.users.insert(user, new);
            return Vec::new();
        };
        let mut all = vec![new, *known];
        all.extend(self.others.remove(&user));
        all.sort_by_key(|end| std::cmp::Reverse(end.entry.seq));
        let latest = all[0];
        // If the latest end has no exception, every earlier one is superfluous.
        let other = match latest.except {
            None => None,
            Some(_) => all.iter().skip(1).find(|end| end.except != latest.except).copied(),
        };
        self.users.insert(user, latest);
        self.others.extend(other.map(|other| (user, other)));
        let kept =
            |seq| seq == latest.entry.seq || other.is_some_and(|other| seq == other.entry.seq);
        all.iter().map(|end| end.entry.seq).filter(|seq| !kept(*seq)).collect()
    }

    /// Returns the reason to refuse the token, if its session, user, client or key was revoked.
    pub(super) fn touch(&self, token: &AccessToken) -> Option<Reason> {
        if self.keys.contains_key(&token.kid) {
            return Some(Reason::RevokedKey);
        }
        let client = self.clients.get(&token.client_id);
        let client_gone = client.is_some_and(|entry| token.pos < entry.seq);
        let ended = match &token.subject {
            Subject::Service => false,
            Subject::User { public_id, sid, .. } => {
                let touches = |end: &End| token.pos < end.entry.seq && end.except != Some(*sid);
                self.sessions.contains_key(sid)
                    || self.users.get(public_id).is_some_and(touches)
                    || self.others.get(public_id).is_some_and(touches)
            }
        };
        (client_gone || ended).then_some(Reason::Revoked)
    }

    /// Removes revocations that touch only expired tokens, by both clocks; returns their `seq`s. A
    /// revoked key is never removed: its thief can sign new tokens at any time.
    pub(super) fn prune(&mut self, now: Instant, wall: OffsetDateTime) -> Vec<u64> {
        let keep = self.keep;
        let age = now.saturating_duration_since(self.begun);
        let mut forgotten = Vec::new();
        let mut stays = |entry: &Entry| {
            let made = OffsetDateTime::UNIX_EPOCH + Duration::from_secs(entry.made.into());
            let by_wall = wall - made;
            let over = by_wall.is_positive()
                && by_wall.unsigned_abs() > keep
                && age.saturating_sub(Duration::from_secs(entry.learnt.into())) > keep;
            if over {
                forgotten.push(entry.seq);
            }
            !over
        };
        self.sessions.retain(|_, entry| stays(entry));
        self.clients.retain(|_, entry| stays(entry));
        self.others.retain(|_, end| stays(&end.entry));
        // The one in `others` is earlier; if it is younger by the clock, it keeps the latest.
        self.users.retain(|user, end| self.others.contains_key(user) || stays(&end.entry));
        self.shrink();
        forgotten
    }

    /// Releases memory after many revocations were removed.
    fn shrink(&mut self) {
        if self.sessions.len() < self.sessions.capacity() / 8 {
            self.sessions.shrink_to_fit();
        }
        if self.users.len() < self.users.capacity() / 8 {
            self.users.shrink_to_fit();
        }
    }

    /// Continues the feed from `position`, possibly of another database. Later revocations of users
    /// and clients would refuse newer tokens, so they are removed; returns their `seq`s. Sessions
    /// and keys have unique names and stay revoked.
    pub(super) fn rebase(&mut self, position: u64) -> Vec<u64> {
        let mut forgotten = Vec::new();
        let mut stays = |entry: &Entry| {
            if entry.seq > position {
                forgotten.push(entry.seq);
            }
            entry.seq <= position
        };
        self.clients.retain(|_, entry| stays(entry));
        self.others.retain(|_, end| stays(&end.entry));
        self.users.retain(|_, end| stays(&end.entry));
        // A user without the latest end keeps the other one.
        let (users, others) = (&mut self.users, &mut self.others);
        others.retain(|user, end| {
            let latest = users.contains_key(user);
            users.entry(*user).or_insert(*end);
            latest
        });
        forgotten
    }

    /// Returns the revoked keys.
    pub(super) fn kids(&self) -> impl Iterator<Item = String> {
        self.keys.keys().cloned()
    }

    /// Returns the `seq`s of all revocations.
    #[cfg(test)]
    fn seqs(&self) -> Vec<u64> {
        let ends = self.users.values().chain(self.others.values()).map(|end| &end.entry);
        let single = self.sessions.values().chain(self.clients.values()).chain(self.keys.values());
        let mut seqs: Vec<_> = ends.chain(single).map(|entry| entry.seq).collect();
        seqs.sort_unstable();
        seqs
    }

    /// Returns the number of revocations.
    pub(super) fn len(&self) -> usize {
        self.sessions.len() + self.users.len() + self.clients.len() + self.keys.len()
    }
}

/// Keeps the later one of two revocations; returns the `seq` of the other one.
fn replace<K: Eq + std::hash::Hash>(map: &mut HashMap<K, Entry>, key: K, entry: Entry) -> Vec<u64> {
    match map.entry(key) {
        std::collections::hash_map::Entry::Vacant(place) => {
            place.insert(entry);
            Vec::new()
        }
        std::collections::hash_map::Entry::Occupied(mut place) => {
            let held = place.get().seq;
            match held.cmp(&entry.seq) {
                std::cmp::Ordering::Less => {
                    place.insert(entry);
                    vec![held]
                }
                std::cmp::Ordering::Equal => Vec::new(),
                std::cmp::Ordering::Greater => vec![entry.seq],
            }
        }
    }
}

#[cfg(test)]
mod tests;
