//! Records and pages in memory: never older than the last write.

use std::sync::Barrier;
use std::sync::atomic::AtomicU64;

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::store::changes::Written;
use crate::store::memory::{Memory, Record, StoredPage};

fn record(public_id: Uuid, name: &str) -> Record {
    let user = User { public_id, name: name.into(), email: String::new() };
    let rights = UserRecord { state: UserState::Active, roles: Vec::new() };
    Record { user: user.into(), rights }
}

fn name_in(memory: &Memory, public_id: Uuid, read: &str) -> String {
    let found = memory.record(public_id, || Ok::<_, ()>(Some(record(public_id, read))));
    found.expect("read").expect("a record").user.name.clone()
}

fn page_of(text: &'static str, after: i64, to: i64) -> StoredPage {
    StoredPage { json: text.into(), after, to }
}

fn page_in(memory: &Memory, limit: u16, read: StoredPage) -> Bytes {
    memory.page((None, limit), || Ok::<_, ()>(read)).expect("read")
}

#[test]
fn record_is_read_once_until_a_write_touches_it() {
    let memory = Memory::default();
    let (ann, bob) = (Uuid::new_v4(), Uuid::new_v4());
    assert_eq!(name_in(&memory, ann, "first"), "first");
    memory.drop_written(&[Written { public_id: bob, ordinal: 2 }]);
    assert_eq!(name_in(&memory, ann, "second"), "first", "another user was written");
    memory.drop_written(&[Written { public_id: ann, ordinal: 1 }]);
    assert_eq!(name_in(&memory, ann, "third"), "third");
    memory.drop_all();
    assert_eq!(name_in(&memory, ann, "fourth"), "fourth");
}

#[test]
fn record_that_was_read_before_a_write_is_not_kept() {
    let memory = Memory::default();
    let ann = Uuid::new_v4();
    let read = memory.record(ann, || {
        let old = record(ann, "old");
        memory.drop_written(&[Written { public_id: ann, ordinal: 1 }]);
        Ok::<_, ()>(Some(old))
    });
    assert_eq!(read.expect("read").expect("a record").user.name, "old");
    assert_eq!(name_in(&memory, ann, "new"), "new");
}

#[test]
fn page_that_was_read_before_a_snapshot_is_not_kept() {
    let memory = Memory::default();
    let read = memory.page((None, 1), || {
        memory.drop_all();
        Ok::<_, ()>(page_of("old", 0, 2))
    });
    assert_eq!(read, Ok("old".into()));
    assert_eq!(page_in(&memory, 1, page_of("new", 0, 2)), "new");
}

#[test]
fn write_drops_pages_that_depend_on_its_ordinal() {
    let written = |ordinal| {
        let memory = Memory::default();
        page_in(&memory, 1, page_of("users 11 to 19, followed by 20", 10, 20));
        page_in(&memory, 2, page_of("users from 31", 30, i64::MAX));
        memory.drop_written(&[Written { public_id: Uuid::new_v4(), ordinal }]);
        [1, 2].map(|limit| memory.known_page(&(None, limit)).is_some())
    };
    assert_eq!(written(10), [true, true], "before both");
    assert_eq!(written(11), [false, true], "the first user");
    assert_eq!(written(20), [false, true], "the user that follows");
    assert_eq!(written(21), [true, true], "between both");
    assert_eq!(written(31), [true, false], "on the last page");
    assert_eq!(written(1_000_000), [true, false], "a new user");
}

#[test]
fn memory_is_bounded_in_bytes() {
    let memory = Memory::default();
    let long = "x".repeat(1_000);
    for _ in 0..50_000 {
        name_in(&memory, Uuid::new_v4(), &long);
    }
    for limit in 0..200 {
        page_in(&memory, limit, StoredPage { json: vec![b'x'; 200_000].into(), after: 0, to: 1 });
    }
    let (records, pages) = memory.bytes();
    let limit = 16 * 1024 * 1024;
    assert!(records <= limit && records > limit / 2, "{records}");
    assert!(pages <= limit && pages > limit / 2, "{pages}");
}

/// One step of the issuer. An index names one of a few users.
#[derive(Debug, Clone)]
enum Step {
    /// A batch of changes.
    Batch(Vec<(Index, Kind)>),
    /// A snapshot of these users, in this order.
    Snapshot(Vec<Index>),
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Put,
    Disabled,
    Deleted,
}

fn step() -> impl Strategy<Value = Step> {
    let kind =
        prop_oneof![3 => Just(Kind::Put), 1 => Just(Kind::Disabled), 2 => Just(Kind::Deleted)];
    let batch = prop::collection::vec((any::<Index>(), kind), 1..4).prop_map(Step::Batch);
    let snapshot = prop::collection::vec(any::<Index>(), 0..6).prop_map(Step::Snapshot);
    prop_oneof![6 => batch, 1 => snapshot]
}

/// Reads everything from memory and from the file, and compares.
fn compare(replica: &Replica, users: &[Uuid]) {
    for user in users {
        let held = replica.record(*user).expect("read").map(|record| (*record).clone());
        assert_eq!(held, replica.read_record(*user).expect("read"));
    }
    let cursors = users.iter().map(|user| Some(Cursor(*user)));
    for after in std::iter::once(None).chain(cursors) {
        for limit in [1, 2, 5] {
            // No place in the list is remembered as unknown: the user may come.
            let read = replica.read_page(after, limit).map(|page| page.json);
            assert_eq!(replica.page(after, limit), read);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn answers_from_memory_equal_those_of_the_file(steps in prop::collection::vec(step(), 1..20)) {
        let place = Place::new();
        let replica = place.open();
        let users: Vec<_> = ["a", "b", "c", "d", "e", "f"].map(user).into();
        let ids: Vec<_> = users.iter().map(|user| user.public_id).collect();
        snapshot(&replica, &users[..3], 1);
        compare(&replica, &ids);
        let mut seq = 1;
        for step in steps {
            match step {
                Step::Batch(changes) => {
                    let events: Vec<_> = changes
                        .into_iter()
                        .map(|(index, kind)| {
                            seq += 1;
                            let mut user = index.get(&users).clone();
                            user.name = format!("{} at {seq}", user.name);
                            let public_id = user.public_id;
                            let change = match kind {
                                Kind::Put => Change::UserUpdated(full(&user)),
                                Kind::Disabled => {
                                    user.state = UserState::Disabled;
                                    Change::UserDisabled(full(&user))
                                }
                                Kind::Deleted => Change::UserDeleted { public_id },
                            };
                            event(seq, change)
                        })
                        .collect();
                    apply(&replica, &events);
                }
                Step::Snapshot(listed) => {
                    seq += 1;
                    let listed: Vec<_> = listed.iter().map(|index| index.get(&users).clone()).collect();
                    snapshot(&replica, &listed, seq);
                }
            }
            compare(&replica, &ids);
        }
    }
}

/// A writer applies batches and publishes its position after each. At any time, a reader knows a
/// position, reads then, and must find every change up to that position.
#[test]
fn reader_during_batches_finds_every_change_up_to_the_published_position() {
    const BATCHES: u64 = 400;
    const READERS: usize = 3;
    let place = Place::new();
    let replica = Replica::open(&place.path(), READERS).expect("a replica");
    let users: Vec<_> = ["0", "0", "0", "0"].map(user).into();
    snapshot(&replica, &users, 0);
    let many = users.len() as u64;
    // The change number n renames the user n modulo 4 to n, and creates a user.
    let last_name = |index: u64, position: u64| (0..=position).rev().find(|n| n % many == index);
    let published = AtomicU64::new(0);
    let start = Barrier::new(READERS + 1);
    std::thread::scope(|scope| {
        for _ in 0..READERS {
            scope.spawn(|| {
                start.wait();
                for round in 0.. {
                    let position = published.load(Ordering::SeqCst);
                    let index = round % many;
                    let least = last_name(index, position).unwrap_or(0);
                    let public_id = users[usize::try_from(index).expect("small")].public_id;
                    let found = replica.find(public_id).expect("read").expect("a user");
                    let name: u64 = found.name.parse().expect("a number");
                    assert!(name >= least, "the record has {name}, at position {position}");
                    let (names, _) = page(&replica, None, 1_000);
                    let name: u64 =
                        names[usize::try_from(index).expect("small")].parse().expect("a number");
                    assert!(name >= least, "the page has {name}, at position {position}");
                    assert!(names.len() as u64 >= many + position, "the page lacks a user");
                    if position == BATCHES {
                        break;
                    }
                }
            });
        }
        start.wait();
        for seq in 1..=BATCHES {
            let name = seq.to_string();
            let known = &users[usize::try_from(seq % many).expect("small")];
            let renamed = DirectoryUser { name, ..known.clone() };
            let renamed = event(seq, Change::UserUpdated(full(&renamed)));
            let created = event(seq, Change::UserCreated(full(&user("new"))));
            apply(&replica, &[renamed, created]);
            published.store(seq, Ordering::SeqCst);
        }
    });
}
