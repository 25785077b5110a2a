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

use signet_contract::events::{Change, Event};
use signet_verifier::{AccessToken, Reason, Subject};

/// On top of the longest life of a token and the leeway: issuers' clocks may differ a little.
const MARGIN: Duration = Duration::from_secs(10 * 60);

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

/// What is kept of a revocation. There may be millions: 16 bytes each, beside its name.
#[derive(Debug, Clone, Copy)]
struct Entry {
    seq: u64,
    /// When it was made, in seconds since 1970; rounded up, so that none is forgotten early.
    made: u32,
    /// When it was learnt, in seconds since this list was begun; rounded up, too.
    learnt: u32,
}

/// An end of a user's sessions, and the session that it spares.
#[derive(Debug, Clone, Copy)]
struct End {
    entry: Entry,
    except: Option<Uuid>,
}

/// Every revocation that a living token can meet.
#[derive(Debug)]
pub(super) struct Revocations {
    keep: Duration,
    begun: Instant,
    sessions: HashMap<Uuid, Entry>,
    /// The latest end of each user's sessions.
    users: HashMap<Uuid, End>,
    /// The latest one that spares another session than that one does: these two are enough to judge
    /// every token, and few users have both.
    others: HashMap<Uuid, End>,
    clients: HashMap<String, Entry>,
    keys: HashMap<String, Entry>,
}

impl Revocations {
    /// None yet. `longest_life` is that of any token taken here, leeway included.
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

    /// Takes a change in. Gives the `seq`s of those held before that it makes superfluous, or its
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
            // Both end every session; the issuer says so in an event of its own too.
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
        // An end without exception that is the latest makes every earlier one superfluous.
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

    /// Why the token is refused, if its session, user, client or key was revoked.
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

    /// Forgets what no living token can meet any more, by both clocks; gives the `seq`s. A revoked
    /// key is never forgotten: its thief can sign new tokens as long as somebody takes them.
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
        // The other one is earlier; should it be younger by the clock, it keeps the latest.
        self.users.retain(|user, end| self.others.contains_key(user) || stays(&end.entry));
        self.shrink();
        forgotten
    }

    /// Gives memory back after a great many were forgotten.
    fn shrink(&mut self) {
        if self.sessions.len() < self.sessions.capacity() / 8 {
            self.sessions.shrink_to_fit();
        }
        if self.users.len() < self.users.capacity() / 8 {
            self.users.shrink_to_fit();
        }
    }

    /// The feed goes on from `position`, maybe that of another database: ends of sessions numbered
    /// past it would refuse tokens that were issued since, and are forgotten; gives their `seq`s.
    /// Sessions and keys have names of their own and stay revoked.
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
        // Who lost the latest end has the other one left.
        let (users, others) = (&mut self.users, &mut self.others);
        others.retain(|user, end| {
            let latest = users.contains_key(user);
            users.entry(*user).or_insert(*end);
            latest
        });
        forgotten
    }

    /// The revoked keys.
    pub(super) fn kids(&self) -> impl Iterator<Item = String> {
        self.keys.keys().cloned()
    }

    /// The `seq`s of all that are held.
    #[cfg(test)]
    fn seqs(&self) -> Vec<u64> {
        let ends = self.users.values().chain(self.others.values()).map(|end| &end.entry);
        let single = self.sessions.values().chain(self.clients.values()).chain(self.keys.values());
        let mut seqs: Vec<_> = ends.chain(single).map(|entry| entry.seq).collect();
        seqs.sort_unstable();
        seqs
    }

    /// How many are held.
    pub(super) fn len(&self) -> usize {
        self.sessions.len() + self.users.len() + self.clients.len() + self.keys.len()
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
