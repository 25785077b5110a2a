//! Tests of the machine with the model. The network loses, repeats and corrupts answers, and the
//! guard crashes before, between and after its writes.
//!
//! In every case, no change is missed, none is applied twice, and at the end the replica equals the
//! issuer's directory.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::machine::{Machine, Rejection, Request, Step};
use super::machine_model::{Disk, Issuer, Random, event, record};
use signet_contract::directory::{DirectoryPage, DirectoryUser, UserState};
use signet_contract::events::{Change, Event, FeedPage, UserChange};

/// The number of seeds in every test run; the long run has fifty times as many.
const SEEDS: u64 = 20_000;

/// Small pages, so that full ones are common.
const PAGE: usize = 4;

#[derive(Clone)]
enum Answer {
    Feed(FeedPage),
    Directory(DirectoryPage),
    Gone,
}

fn honest(issuer: &Issuer, request: &Request) -> Answer {
    match request {
        Request::Feed { after, limit, .. } => {
            issuer.feed(*after, *limit).map_or(Answer::Gone, Answer::Feed)
        }
        Request::Directory { after, limit } => {
            Answer::Directory(issuer.directory(after.as_deref(), *limit))
        }
    }
}

/// Corrupts an answer in a detectable way.
fn spoil(answer: Answer, random: &mut Random) -> Answer {
    let Answer::Feed(mut page) = answer else { return answer };
    let count = page.events.len();
    match random.below(5) {
        0 if count > 1 => drop(page.events.remove(random.below(count - 1))),
        1 if count > 0 => page.events.insert(0, page.events[count - 1].clone()),
        2 if count > 1 => page.events.swap(0, count - 1),
        3 => page.next += 1,
        _ => page.next = page.next.saturating_sub(1),
    }
    Answer::Feed(page)
}

/// The same request from an earlier position: its answer overlaps with the applied changes.
fn behind(mut request: Request) -> Request {
    if let Request::Feed { after, .. } = &mut request {
        *after = after.saturating_sub(2);
    }
    request
}

fn restart(disk: &Disk) -> Machine {
    Machine::new(disk.position, true).with_pages_of(PAGE)
}

/// Runs one seed.
fn run(seed: u64) {
    let mut random = Random(seed);
    let mut issuer = Issuer { end: random.next() % 1_000_000, ..Issuer::default() };
    for _ in 0..random.below(30) {
        issuer.change(&mut random);
    }
    let mut disk = Disk::default();
    let mut machine = restart(&disk);
    let mut earlier: Vec<Answer> = Vec::new();
    let mut ahead: Option<(Request, Answer)> = None;
    let rounds = 20 + random.below(60);
    for round in 0.. {
        let calm = round >= rounds;
        for _ in 0..if calm { 0 } else { random.below(3) } {
            issuer.change(&mut random);
        }
        let request = machine.request();
        if matches!(request, Request::Directory { after: None, .. }) {
            // A repeated page of an earlier snapshot looks like one of this snapshot.
            earlier.retain(|answer| !matches!(answer, Answer::Directory(_)));
        }
        let mut answer = match ahead.take() {
            Some((asked, answer)) if asked == request => answer,
            _ => honest(&issuer, &request),
        };
        let fault = if calm { usize::MAX } else { random.below(8) };
        match fault {
            0 => {
                machine.failed();
                continue;
            }
            1 if !earlier.is_empty() => answer = earlier[random.below(earlier.len())].clone(),
            2 => answer = spoil(answer, &mut random),
            3 => answer = honest(&issuer, &behind(request)),
            _ => earlier.push(answer.clone()),
        }
        let judged = match answer {
            // The issuer may no longer hold the earlier position.
            Answer::Gone if fault == 3 => continue,
            Answer::Gone => {
                machine.start_over();
                continue;
            }
            Answer::Feed(page) => machine.page(page),
            Answer::Directory(page) => machine.directory(page),
        };
        let Ok(step) = judged else { continue };
        // Asked for before the write, so the issuer may have changed when it is judged.
        let next = machine.request_ahead().filter(|_| random.one_in(2));
        let next = next.map(|request| (honest(&issuer, &request), request));
        match if calm { 9 } else { random.below(20) } {
            // A crash before the write, a crash after it, and a write that fails.
            0 => machine = restart(&disk),
            1 => {
                disk.write(&step);
                machine = restart(&disk);
            }
            2 => machine.not_written(),
            _ => {
                disk.write(&step);
                machine.written();
                ahead = next.map(|(answer, request)| (request, answer));
            }
        }
        if calm && machine.caught_up() && step == Step::Quiet {
            break;
        }
        assert!(round < rounds + 200, "it never catches up");
    }
    assert_eq!(disk.position, Some(issuer.end));
    assert_eq!(machine.position(), disk.position);
    let expected: BTreeMap<_, _> =
        issuer.users.values().map(|user| (user.public_id, user.clone())).collect();
    assert_eq!(disk.users, expected);
    let revoked: BTreeSet<_> = issuer.revocations.iter().map(|event| event.seq).collect();
    assert!(disk.revocations.is_superset(&revoked), "a revocation was forgotten");
}

fn run_all(seeds: std::ops::Range<u64>) {
    for seed in seeds {
        let outcome = std::panic::catch_unwind(|| run(seed));
        assert!(outcome.is_ok(), "seed {seed}");
    }
}

#[test]
fn random_faults_lose_and_repeat_no_change() {
    run_all(0..SEEDS);
}

#[test]
#[ignore = "takes minutes; run it after a change of the machine"]
fn the_same_over_a_million_seeds() {
    run_all(SEEDS..SEEDS + 1_000_000);
}

fn created(seq: u64) -> Event {
    let user = DirectoryUser {
        public_id: Uuid::from_u64_pair(seq, 0),
        name: "n".into(),
        email: "e".into(),
        state: UserState::Active,
        roles: vec!["user".into()],
    };
    event(seq, Change::UserCreated(record(&user)))
}

fn page(seqs: &[u64], next: u64) -> FeedPage {
    FeedPage { events: seqs.iter().copied().map(created).collect(), next, oldest: 1 }
}

#[test]
fn feed_page_with_a_gap_is_refused() {
    for (seqs, next, expected) in [
        (&[12, 13][..], 13, Rejection::Gap),
        (&[11, 13], 13, Rejection::Gap),
        (&[12, 11], 12, Rejection::Gap),
        (&[11, 11], 11, Rejection::Gap),
        (&[11, 12], 13, Rejection::Next),
        (&[11, 12], 11, Rejection::Next),
        (&[9, 10], 10, Rejection::Next),
        (&[], 11, Rejection::Next),
        (&[], 9, Rejection::Next),
    ] {
        let mut machine = Machine::new(Some(10), true);
        assert_eq!(machine.page(page(seqs, next)), Err(expected), "{seqs:?} {next}");
        machine.written();
        assert_eq!(machine.position(), Some(10));
    }
}

#[test]
fn applied_changes_are_ignored() {
    let mut machine = Machine::new(Some(10), true);
    let Ok(Step::Apply { events, position }) = machine.page(page(&[9, 10, 11, 12], 12)) else {
        panic!("a good page");
    };
    assert_eq!((events[0].seq, events.len(), position), (11, 2, 12));
    assert_eq!(machine.position(), Some(10), "before it is written");
    machine.written();
    assert_eq!(machine.position(), Some(12));
}

#[test]
fn circular_directory_pages_restart_the_snapshot() {
    let user = |name: u64| DirectoryUser {
        public_id: Uuid::from_u64_pair(name, 0),
        name: "n".into(),
        email: "e".into(),
        state: UserState::Active,
        roles: vec!["user".into()],
    };
    let page = |users: &[u64], next: Option<&str>, position: u64| DirectoryPage {
        users: users.iter().copied().map(user).collect(),
        revocations: Vec::new(),
        position,
        next: next.map(str::to_owned),
    };
    let good = [page(&[1], Some("a"), 5), page(&[2], Some("b"), 6), page(&[3], None, 6)];
    for bad in [
        page(&[3], Some("a"), 6),
        page(&[2], None, 6),
        page(&[3, 3], None, 6),
        page(&[], Some("c"), 6),
        page(&[3], None, 4),
    ] {
        let mut machine = Machine::new(None, true);
        for page in &good[..2] {
            machine.directory(page.clone()).expect("a good page");
            machine.written();
        }
        assert_eq!(machine.directory(bad.clone()), Err(Rejection::Pages), "{bad:?}");
        assert_eq!(machine.request(), Request::Directory { after: None, limit: 1_000 });
        for page in &good {
            machine.directory(page.clone()).expect("a good page");
            machine.written();
        }
        assert_eq!(machine.position(), Some(5), "the first page's");
    }
}

#[test]
fn only_the_next_page_of_a_snapshot_is_requested_ahead() {
    let page = |next: Option<&str>| DirectoryPage {
        users: vec![DirectoryUser {
            public_id: Uuid::new_v4(),
            name: "n".into(),
            email: "e".into(),
            state: UserState::Active,
            roles: vec!["user".into()],
        }],
        revocations: Vec::new(),
        position: 5,
        next: next.map(str::to_owned),
    };
    let second = Some(Request::Directory { after: Some("a".into()), limit: 1_000 });
    let mut machine = Machine::new(None, true);
    assert_eq!(machine.request_ahead(), None);
    machine.directory(page(Some("a"))).expect("a good page");
    assert_eq!(machine.request_ahead(), second);
    machine.not_written();
    assert_eq!(machine.request_ahead(), None);
    assert_eq!(machine.request(), Request::Directory { after: None, limit: 1_000 });

    machine.directory(page(Some("a"))).expect("a good page");
    assert!(!machine.within_snapshot(), "before it is written");
    machine.written();
    assert!(machine.within_snapshot());
    assert_eq!((machine.request_ahead(), Some(machine.request())), (None, second));
    machine.directory(page(None)).expect("a good page");
    assert_eq!(machine.request_ahead(), None, "it was the last page");
    machine.written();
    assert!(!machine.within_snapshot());
    machine.page(FeedPage { events: vec![created(6)], next: 6, oldest: 1 }).expect("a good page");
    assert_eq!(machine.request_ahead(), None);
}

#[test]
fn without_a_directory_only_the_first_page_is_read_and_no_user_is_kept() {
    let mut issuer = Issuer::default();
    let mut random = Random(1);
    for _ in 0..40 {
        issuer.change(&mut random);
    }
    let mut machine = Machine::new(None, false);
    let Request::Directory { after: None, limit: 1 } = machine.request() else {
        panic!("a snapshot is the first thing");
    };
    let step = machine.directory(issuer.directory(None, 1)).expect("a good page");
    let Step::Stage { begin: true, users, finish: Some((_, position)) } = step else {
        panic!("one page is all");
    };
    assert_eq!((users.len(), position), (0, issuer.end));
}

#[test]
fn user_without_a_record_is_refused_only_with_a_directory() {
    let id = Uuid::from_u64_pair(1, 1);
    let bare = UserChange {
        public_id: id,
        state: UserState::Active,
        name: None,
        email: None,
        roles: None,
    };
    let events = vec![event(11, Change::UserCreated(bare))];
    let page = FeedPage { events, next: 11, oldest: 1 };
    let with = Machine::new(Some(10), true).page(page.clone());
    assert_eq!(with, Err(Rejection::NoRecord));
    assert!(Machine::new(Some(10), false).page(page).is_ok());
}
