//! A model to test the machine: an issuer with a feed that grows and is pruned, and the disk of a
//! guard, which fails the test if a change is missed or applied twice.

use std::collections::{BTreeMap, BTreeSet};

use time::macros::datetime;
use uuid::Uuid;

use super::machine::Step;
use signet_contract::directory::{DirectoryPage, DirectoryUser, UserState};
use signet_contract::events::{Change, Event, FeedPage, UserChange};

pub(super) struct Random(pub(super) u64);

impl Random {
    /// `SplitMix64`.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit).expect("small")).expect("small")
    }

    pub(super) fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }
}

pub(super) fn event(seq: u64, change: Change) -> Event {
    Event { seq, at: datetime!(2026-01-02 03:04:05 UTC), change }
}

pub(super) fn record(user: &DirectoryUser) -> UserChange {
    UserChange {
        public_id: user.public_id,
        state: user.state,
        name: Some(user.name.clone()),
        email: Some(user.email.clone()),
        roles: Some(user.roles.clone()),
    }
}

/// The issuer: users in order of creation, and the part of the feed that is not pruned.
#[derive(Default)]
pub(super) struct Issuer {
    pub(super) users: BTreeMap<u64, DirectoryUser>,
    pub(super) events: Vec<Event>,
    pub(super) end: u64,
    pub(super) revocations: Vec<Event>,
}

impl Issuer {
    pub(super) fn append(&mut self, change: Change) {
        self.end += 1;
        self.events.push(event(self.end, change));
    }

    pub(super) fn change(&mut self, random: &mut Random) {
        let known: Vec<u64> = self.users.keys().copied().collect();
        let pick = |random: &mut Random| known[random.below(known.len())];
        match random.below(8) {
            0..=2 => {
                let public_id = Uuid::from_u64_pair(random.next(), random.next());
                let user = DirectoryUser {
                    public_id,
                    name: format!("user {}", self.end),
                    email: format!("{}@example.org", self.end),
                    state: UserState::Active,
                    roles: vec!["user".into()],
                };
                self.append(Change::UserCreated(record(&user)));
                self.users.insert(self.end, user);
            }
            3 if !known.is_empty() => {
                let place = pick(random);
                let user = self.users.get_mut(&place).expect("picked");
                user.name.push('x');
                let change = Change::UserUpdated(record(user));
                self.append(change);
            }
            4 if !known.is_empty() => {
                let place = pick(random);
                let user = self.users.get_mut(&place).expect("picked");
                user.state = UserState::Disabled;
                let change = Change::UserDisabled(record(user));
                self.append(change);
            }
            5 if !known.is_empty() => {
                let user = self.users.remove(&pick(random)).expect("picked");
                self.append(Change::UserDeleted { public_id: user.public_id });
            }
            6 if random.one_in(4) && !self.events.is_empty() => {
                let pruned = random.below(self.events.len()) + 1;
                self.events.drain(..pruned);
            }
            7 if random.one_in(40) => {
                // A new database with another history and higher positions.
                *self = Self { end: self.end + 1_000, ..Self::default() };
            }
            _ => {
                let sid = Uuid::from_u64_pair(random.next(), random.next());
                self.append(Change::SessionRevoked { sid, public_id: sid });
                self.revocations.extend(self.events.last().cloned());
            }
        }
    }

    pub(super) fn feed(&self, after: u64, limit: usize) -> Option<FeedPage> {
        let oldest = self.events.first().map_or(self.end + 1, |event| event.seq);
        if after + 1 < oldest || after > self.end {
            return None;
        }
        let newer = self.events.iter().filter(|event| event.seq > after);
        let events: Vec<_> = newer.take(limit).cloned().collect();
        let next = events.last().map_or(after, |event| event.seq);
        Some(FeedPage { events, next, oldest })
    }

    pub(super) fn directory(&self, after: Option<&str>, limit: usize) -> DirectoryPage {
        let from = after.map_or(0, |cursor| cursor.parse::<u64>().expect("our cursor") + 1);
        let page: Vec<_> = self.users.range(from..).take(limit).collect();
        let last = page.last().map_or(0, |(place, _)| **place);
        let more = self.users.range(last + 1..).next().is_some() && !page.is_empty();
        DirectoryPage {
            users: page.into_iter().map(|(_, user)| user.clone()).collect(),
            revocations: if after.is_none() { self.revocations.clone() } else { Vec::new() },
            position: self.end,
            next: more.then(|| last.to_string()),
        }
    }
}

/// The data on the guard's disk.
#[derive(Default)]
pub(super) struct Disk {
    pub(super) position: Option<u64>,
    pub(super) users: BTreeMap<Uuid, DirectoryUser>,
    pub(super) revocations: BTreeSet<u64>,
    pub(super) staged: BTreeMap<Uuid, DirectoryUser>,
}

impl Disk {
    pub(super) fn write(&mut self, step: &Step) {
        match step {
            Step::Quiet => {}
            Step::Apply { events, position } => {
                let mut expected = self.position.expect("a snapshot came first") + 1;
                for event in events {
                    assert_eq!(event.seq, expected, "missed or doubled");
                    expected += 1;
                    self.apply(event);
                }
                assert_eq!(*position + 1, expected);
                self.position = Some(*position);
            }
            Step::Stage { begin, users, finish } => {
                if *begin {
                    self.staged.clear();
                }
                self.staged.extend(users.iter().map(|user| (user.public_id, user.clone())));
                if let Some((revocations, position)) = finish {
                    self.users = std::mem::take(&mut self.staged);
                    self.revocations = revocations.iter().map(|event| event.seq).collect();
                    self.position = Some(*position);
                }
            }
        }
    }

    pub(super) fn apply(&mut self, event: &Event) {
        match &event.change {
            Change::UserCreated(user)
            | Change::UserUpdated(user)
            | Change::UserDisabled(user)
            | Change::UserEnabled(user) => {
                let full = DirectoryUser {
                    public_id: user.public_id,
                    name: user.name.clone().expect("told"),
                    email: user.email.clone().expect("told"),
                    state: user.state,
                    roles: user.roles.clone().expect("told"),
                };
                self.users.insert(user.public_id, full);
            }
            Change::UserDeleted { public_id } => {
                self.users.remove(public_id);
            }
            Change::SessionRevoked { .. } => assert!(self.revocations.insert(event.seq), "doubled"),
            _ => {}
        }
    }
}
