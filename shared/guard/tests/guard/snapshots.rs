//! Tests of snapshots of several pages.

use std::time::Duration;

use signet_contract::events::Change;
use uuid::Uuid;

use super::setup::{ANN, BOB, PHONE, Setup, refusal, until};

/// Returns an issuer with three pages of users: two, two and one.
fn three_pages() -> Setup {
    let setup = Setup::new();
    for user in 100..103 {
        setup.issuer.sign_up(Uuid::from_u128(user), &["user"]);
    }
    setup
}

fn pages(setup: &Setup) -> Vec<Option<u64>> {
    setup.issuer.with(|state| state.pages.clone())
}

#[actix_web::test]
async fn status_shows_the_users_read_during_a_snapshot() {
    let setup = three_pages();
    setup.issuer.with(|state| state.holds_pages = true);
    let guard = setup.guard().await;
    until("the first page is read", || guard.status().feed.snapshot == Some(2)).await;
    assert_eq!(guard.status().feed.position, None);
    setup.issuer.with(|state| state.holds_pages = false);
    setup.caught_up(&guard).await;
    assert_eq!(guard.status().feed.snapshot, None);
}

#[actix_web::test]
async fn next_page_is_requested_while_a_page_is_written() {
    let setup = three_pages();
    setup.store.slow(true);
    let guard = setup.guard().await;
    until("the second page is requested", || pages(&setup).len() == 2).await;
    assert_eq!(guard.status().feed.snapshot, None, "the first page is not written");
    setup.store.slow(false);
    setup.caught_up(&guard).await;
    assert_eq!(pages(&setup).len(), 3, "each page is requested once");
    for user in [ANN, BOB, Uuid::from_u128(102)] {
        assert_eq!(refusal(&guard, &setup.user(user, PHONE, &["user"])).await, None);
    }
}

#[actix_web::test]
async fn snapshot_begins_again_after_a_page_could_not_be_written() {
    let setup = three_pages();
    setup.store.slow(true);
    let guard = setup.guard().await;
    until("the second page is requested", || pages(&setup).len() == 2).await;
    setup.store.full(true);
    setup.store.slow(false);
    until("it begins again", || setup.issuer.with(|state| state.snapshots) > 1).await;
    setup.store.full(false);
    setup.caught_up(&guard).await;
    let pages = pages(&setup);
    assert_eq!(pages.len() - pages.iter().rposition(Option::is_none).expect("a first page"), 3);
}

#[actix_web::test]
async fn guard_stops_while_a_page_is_requested_ahead() {
    let setup = three_pages();
    setup.issuer.with(|state| state.holds_pages = true);
    let guard = setup.guard().await;
    until("the first page is read", || guard.status().feed.snapshot == Some(2)).await;
    let stopped = tokio::time::timeout(Duration::from_secs(5), guard.stop());
    stopped.await.expect("it does not wait for the page");
}

#[actix_web::test]
async fn guard_with_older_data_serves_during_a_snapshot() {
    let setup = three_pages();
    let guard = setup.serving().await;
    let old = guard.status().feed.position;
    setup.issuer.with(|state| {
        state.holds_pages = true;
        state.events.clear();
        state.position += 10;
    });
    setup.issuer.tell(Change::SessionRevoked { sid: Uuid::from_u128(9), public_id: BOB });
    until("the first page is read", || guard.status().feed.snapshot == Some(2)).await;
    let status = guard.status();
    assert_eq!((status.serving, status.feed.position), (true, old));
    assert_eq!(refusal(&guard, &setup.user(ANN, PHONE, &["user"])).await, None);
    setup.issuer.with(|state| state.holds_pages = false);
    setup.caught_up(&guard).await;
    assert_eq!(guard.status().feed.snapshot, None);
}
