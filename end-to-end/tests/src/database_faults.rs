//! Databases that are locked, damaged or restored from a copy.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use support::client::Client;
use support::pair::Pair;
use support::user::User;
use support::{poll, sqlite};

#[test]
fn replica_damaged_while_served_ends_the_guard_and_the_next_start_builds_another() {
    for fault in ["cut", "deleted"] {
        let began = Instant::now();
        let mut pair = Pair::start();
        let token = User::signed_up(&pair.auth, "Ada").log_in(&pair.auth);
        pair.accepts("before", &token);
        let file = pair.api.path("data/api.db");
        if fault == "cut" {
            fs::write(&file, "").expect("cut");
        } else {
            // Moved first, since a reader opened during the deletion creates files in it.
            let away = pair.folder().join("away");
            fs::rename(pair.api.path("data"), &away).expect("moved");
            fs::remove_dir_all(away).expect("deleted");
        }
        // No request is needed: the guard looks at the file.
        let (status, _) = pair.api.wait_end(Duration::from_secs(20));
        assert_eq!(status.code(), Some(1), "{fault}");
        let log = pair.api.log();
        assert!(
            log.ends_with("api-service: the replica is damaged; the next start builds a new one\n")
        );
        assert!(began.elapsed() >= Duration::from_secs(5), "{fault}: {:?}", began.elapsed());

        pair.api.start();
        let list = pair.api.get("/user").bearer(&token).send().expect(200).text();
        assert!(
            list.contains("Ada") && file.metadata().is_ok_and(|found| found.len() > 0),
            "{list}"
        );
        pair.accepts("afterwards", &token);
    }
}

#[test]
fn restored_copy_does_not_undo_a_logout() {
    // After an orderly and after a sudden end, only the feed position shows that the file is older.
    for signal in ["TERM", "KILL"] {
        let mut pair = Pair::start();
        let user = User::signed_up(&pair.auth, "Ada");
        let opened = user.try_login(&pair.auth).expect(201).json();
        let text = |member: &str| opened[member].as_str().expect("a token").to_owned();
        let (ended, refresh) = (text("token"), text("refresh_token"));
        let (file, copy) = (pair.auth.path("data/auth.db"), pair.folder().join("copy.db"));
        pair.auth.stop();
        sqlite::until_closed(&file);
        fs::copy(&file, &copy).expect("copied");
        pair.auth.start();
        pair.auth.post("/logout").bearer(&ended).send().expect(204);
        let unknown = user.log_in(&pair.auth);
        pair.accepts_soon("a session that the copy does not hold", &unknown);
        until_noted(&pair);

        pair.api.stop();
        pair.auth.stop_by(signal);
        fs::copy(&copy, &file).expect("put back");
        for beside in ["data/auth.db-wal", "data/auth.db-shm"] {
            let _ = fs::remove_file(pair.auth.path(beside));
        }
        pair.auth.start();
        let form = [("grant_type", "refresh_token"), ("refresh_token", &*refresh)];
        let refused = pair.auth.post("/oauth2/token").form(&form).send().expect(400).json();
        assert_eq!(refused["error"], "invalid_grant", "{signal}");
        let fresh = user.log_in(&pair.auth);
        for with_replica in [true, false] {
            if !with_replica {
                pair.api.stop();
                fs::remove_dir_all(pair.api.path("data")).expect("a replica");
            }
            pair.start_guard();
            for token in [&ended, &unknown] {
                assert_eq!(pair.auth.post("/logout").bearer(token).send().status, 401, "{signal}");
                pair.refuses_as("revoked", signal, token);
            }
            pair.accepts("opened afterwards", &fresh);
        }
    }
}

/// Runs `command` of `sqlite3` on the database `file`; `false` if the program is missing.
fn sqlite3(file: &Path, command: &str) -> bool {
    match Command::new("sqlite3").arg(file).arg(command).output() {
        Err(_) => false,
        Ok(ended) => {
            let said = String::from_utf8_lossy(&ended.stderr);
            assert!(ended.status.success() && said.is_empty(), "{command}: {said}");
            true
        }
    }
}

#[test]
fn restored_backup_ends_every_session_after_a_kill() {
    if !sqlite3(Path::new(":memory:"), "SELECT 1") {
        eprintln!("skipped: there is no sqlite3 here");
        return;
    }
    let mut pair = Pair::start();
    let kept = User::signed_up(&pair.auth, "Kept");
    let opened = kept.try_login(&pair.auth).expect(201).json();
    let text = |member: &str| opened[member].as_str().expect("a token").to_owned();
    let (of_kept, refresh) = (text("token"), text("refresh_token"));
    pair.accepts("before the backup", &of_kept);
    let (file, copy) = (pair.auth.path("data/auth.db"), pair.folder().join("copy.db"));
    sqlite3(&file, &format!(".backup '{}'", copy.display()));

    let lost = User::signed_up(&pair.auth, "Lost");
    let of_lost = lost.log_in(&pair.auth);
    pair.accepts("what the backup does not hold", &of_lost);
    until_noted(&pair);
    pair.auth.stop_by("KILL");
    let log = pair.auth.path("data/auth.db-wal");
    assert!(log.exists(), "what was written last is there alone");
    sqlite3(&file, &format!(".restore '{}'", copy.display()));
    pair.auth.start();

    lost.try_login(&pair.auth).expect(401);
    let form = [("grant_type", "refresh_token"), ("refresh_token", &*refresh)];
    let refused = pair.auth.post("/oauth2/token").form(&form).send().expect(400).json();
    assert_eq!(refused["error"], "invalid_grant");
    for token in [&of_kept, &of_lost] {
        assert_eq!(pair.auth.post("/logout").bearer(token).send().status, 401);
    }
    let fresh = kept.log_in(&pair.auth);
    pair.accepts_soon("opened afterwards", &fresh);
    for token in [&of_kept, &of_lost] {
        poll::until("the guard hears of it", Duration::from_secs(20), || {
            pair.me(token).status == 401
        });
        pair.refuses_as("revoked", "of before", token);
    }
}

/// Waits until the issuer has noted its feed position, which it does once a second.
fn until_noted(pair: &Pair) {
    poll::until("the feed is noted", Duration::from_secs(30), || {
        let (noted, position) = (pair.auth.path("data/auth.db.served"), position(pair));
        let note = fs::read_to_string(noted).expect("a note");
        // Inode, creation time, position, acts.
        note.split_whitespace().nth(2) == Some(&position.to_string())
    });
}

/// The issuer's feed position.
fn position(pair: &Pair) -> u64 {
    let token = Client::of_the_guard(&pair.auth).token(&pair.auth);
    let page = pair.auth.get("/directory/users").bearer(&token).send().expect(200).json();
    page["position"].as_u64().expect("a position")
}
