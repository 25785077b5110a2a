//! The instance lock of a server.

use std::time::Duration;

use super::super::Location;
use super::super::instance_lock::{InstanceLock, LockError};
use super::fixture;

fn file(folder: &tempfile::TempDir) -> Location {
    Location::Sqlite(folder.path().join("auth.db"))
}

async fn refused(location: &Location) {
    match InstanceLock::take(location).await {
        Err(LockError::Held(held)) => assert_eq!(held, location.to_string()),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("taken twice"),
    }
}

#[tokio::test(start_paused = true)]
async fn second_server_is_refused_until_the_first_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let location = file(&folder);
    let first = InstanceLock::take(&location).await.expect("taken");
    refused(&location).await;
    drop(first);
    InstanceLock::take(&location).await.expect("taken again");
}

#[tokio::test(start_paused = true)]
async fn start_waits_for_an_ending_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let location = file(&folder);
    let first = InstanceLock::take(&location).await.expect("taken");
    let ends = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(900)).await;
        drop(first);
    });
    InstanceLock::take(&location).await.expect("taken within a second");
    ends.await.expect("ended");
}

mod postgres {
    use super::*;

    #[tokio::test]
    async fn second_server_is_refused_until_the_first_ends() {
        let fixture = fixture::postgres();
        let first = InstanceLock::take(&fixture.location).await.expect("taken");
        refused(&fixture.location).await;
        // The session ends a moment after the process. The start waits for that.
        drop(first);
        InstanceLock::take(&fixture.location).await.expect("taken again");
    }

    #[tokio::test]
    async fn lock_of_cut_session_is_taken_again() {
        let fixture = fixture::postgres();
        let first = InstanceLock::take(&fixture.location).await.expect("taken");
        let holder = tokio::spawn(first.lost());
        fixture.server().cut();
        let locks = "SELECT count(*) FROM pg_locks JOIN pg_database AS d ON d.oid = database \
                     WHERE d.datname = current_database() AND locktype = 'advisory' AND granted";
        let began = std::time::Instant::now();
        while fixture.server().run(locks) != "1" {
            assert!(began.elapsed() < Duration::from_secs(25), "not taken again");
            tokio::task::yield_now().await;
        }
        refused(&fixture.location).await;
        holder.abort();
    }
}
