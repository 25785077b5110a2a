//! A snapshot replaces the directory in one step.

use std::sync::atomic::{AtomicBool, Ordering};

use diesel::QueryResult;
use diesel::result::Error;

use super::*;
use crate::store::staging;

#[test]
fn snapshot_replaces_the_directory_only_at_its_end() {
    let place = Place::new();
    let replica = place.open();
    let (ann, bob, cid, dan) = (user("ann"), user("bob"), user("cid"), user("dan"));
    snapshot(&replica, &[ann.clone(), bob.clone()], 5);

    // An unfinished snapshot leaves no data behind.
    replica.begin_snapshot().expect("begun");
    replica.stage_users(&[user("lost")]).expect("staged");
    assert_eq!(names(&replica), ["ann", "bob"]);

    let sessions = Change::UserSessionsRevoked { public_id: bob.public_id, except: None };
    let revocations = [event(6, sessions)];
    replica.begin_snapshot().expect("begun");
    replica.stage_users(&[cid.clone(), bob.clone()]).expect("staged");
    // A page may repeat a user with newer data.
    let renamed = DirectoryUser { name: "Bob".into(), ..bob };
    replica.stage_users(&[renamed, dan]).expect("staged");
    let end = SnapshotEnd { revocations: &revocations, forget: &[], position: 9, at: NOW };
    replica.finish_snapshot(&end).expect("finished");

    assert_eq!(names(&replica), ["cid", "Bob", "dan"]);
    assert_eq!(replica.find_user(ann.public_id).expect("read"), None);
    let held = replica.load().expect("held");
    assert_eq!((held.position, held.revocations), (Some(9), revocations.to_vec()));
}

#[test]
fn snapshot_adds_to_stored_revocations() {
    let place = Place::new();
    let replica = place.open();
    let public_id = Uuid::new_v4();
    let revoked = |seq| event(seq, Change::SessionRevoked { sid: Uuid::new_v4(), public_id });
    let (old, new) = ([revoked(1), revoked(2)], [revoked(3), revoked(4)]);
    for (revocations, forget) in [(&old, &[][..]), (&new, &[1, 3])] {
        let end = SnapshotEnd { revocations, forget, position: 9, at: NOW };
        replica.begin_snapshot().expect("begun");
        replica.finish_snapshot(&end).expect("finished");
    }
    let held = replica.load().expect("held").revocations;
    assert_eq!(held, [old[1].clone(), new[1].clone()]);
}

#[test]
fn user_of_two_pages_has_the_later_record_and_place() {
    let place = Place::new();
    let replica = place.open();
    let (ann, bob, cid) = (user("ann"), user("bob"), user("cid"));
    let again = |user: &DirectoryUser, name: &str| {
        let mut user = user.clone();
        user.name = name.into();
        user
    };
    let pages = [ann.clone(), bob.clone(), cid, again(&ann, "Ann"), again(&bob, "Bob")];
    snapshot(&replica, &[&pages[..], &[again(&ann, "Ann again")]].concat(), 1);
    assert_eq!(names(&replica), ["cid", "Bob", "Ann again"]);
    // The records are unique as after any snapshot.
    apply(&replica, &[event(2, Change::UserUpdated(full(&bob)))]);
    apply(&replica, &[event(3, Change::UserCreated(full(&user("new"))))]);
    assert_eq!(names(&replica), ["cid", "bob", "Ann again", "new"]);
}

#[test]
fn reads_during_a_snapshot_see_one_directory() {
    let place = Place::new();
    let replica = place.open();
    let both = user("both");
    let users = |name: &str| -> Vec<_> {
        (0..20)
            .map(|_| user(name))
            .chain([DirectoryUser { name: name.into(), ..both.clone() }])
            .collect()
    };
    let (one, other) = (users("one"), users("other"));
    snapshot(&replica, &one, 1);
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !ended.load(Ordering::Relaxed) {
                    let names = names(&replica);
                    assert_eq!(names.len(), 21);
                    assert!(names.iter().all(|name| *name == names[0]), "{names:?}");
                    assert!(replica.find_user(both.public_id).expect("read").is_some());
                }
            });
        }
        for round in 0..10 {
            snapshot(&replica, if round % 2 == 0 { &other } else { &one }, round);
        }
        ended.store(true, Ordering::Relaxed);
    });
    assert!(!replica.damaged());
    assert_eq!(names(&replica)[0], "one");
}

#[test]
fn process_that_ends_before_the_commit_leaves_the_earlier_directory() {
    let place = Place::new();
    let replica = place.open();
    snapshot(&replica, &[user("earlier")], 1);
    let copy = || {
        let other = Place::new();
        let (from, to) = (place.path(), other.path());
        std::fs::create_dir_all(to.parent().expect("a folder")).expect("made");
        for suffix in ["", "-wal"] {
            let name = |path: &std::path::Path| format!("{}{suffix}", path.display());
            std::fs::copy(name(&from), name(&to)).expect("copied");
        }
        other
    };
    replica.begin_snapshot().expect("begun");
    let mut ends = vec![copy()];
    replica.stage_users(&[user("new")]).expect("staged");
    ends.push(copy());
    let end: QueryResult<()> = replica.write().immediate_transaction(|connection| {
        staging::finish(connection)?;
        ends.push(copy());
        Err(Error::RollbackTransaction)
    });
    end.expect_err("rolled back");
    for end in &ends {
        let replica = end.open();
        assert_eq!(names(&replica), ["earlier"]);
        assert_eq!(replica.load().expect("held").position, Some(1));
        snapshot(&replica, &[user("next")], 2);
        assert_eq!(names(&replica), ["next"]);
    }
    assert_eq!(names(&replica), ["earlier"]);
    snapshot(&replica, &[user("next")], 2);
    assert_eq!(names(&replica), ["next"]);
}

#[test]
fn earlier_directory_leaves_no_personal_data() {
    let place = Place::new();
    let replica = place.open();
    let many: Vec<_> = (0..2_000).map(|number| user(&format!("searched-for-{number}"))).collect();
    snapshot(&replica, &many, 1);
    snapshot(&replica, &[user("ann")], 2);
    drop(replica);
    damage::sql(&place.path(), "PRAGMA wal_checkpoint(TRUNCATE)");
    let bytes = std::fs::read(place.path()).expect("the file");
    let text = b"searched-for-";
    assert!(!bytes.windows(text.len()).any(|window| window == text));
}

#[test]
fn folder_may_have_a_quote_in_its_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let replica = Replica::open(&folder.path().join("it's/api.db"), 1).expect("a replica");
    snapshot(&replica, &[user("ann")], 1);
    assert_eq!(names(&replica), ["ann"]);
}
