//! The lock of a server.

use super::super::instance_lock::{InstanceLock, LockError};

#[tokio::test(start_paused = true)]
async fn a_second_server_is_refused_until_the_first_one_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = folder.path().join("auth.db");
    let first = InstanceLock::take(&database).await.expect("taken");
    let refused = InstanceLock::take(&database).await.expect_err("refused");
    assert!(matches!(refused, LockError::Held(_)), "{refused}");
    drop(first);
    InstanceLock::take(&database).await.expect("taken again");
}

#[tokio::test(start_paused = true)]
async fn a_start_waits_for_a_server_that_is_just_ending() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = folder.path().join("auth.db");
    let first = InstanceLock::take(&database).await.expect("taken");
    let ends = tokio::spawn(async move {
        tokio::time::sleep(std::time::Duration::from_millis(900)).await;
        drop(first);
    });
    InstanceLock::take(&database).await.expect("taken within a second");
    ends.await.expect("ended");
}
