//! Tests of ended sessions, removed clients and revoked keys: applied at once, and never forgotten.

use std::sync::Arc;

use signet_contract::events::Change;
use signet_guard::{FileStore, Guard, GuardStore};
use signet_verifier::{Reason, Refusal};

use super::memory_store::MemoryStore;
use super::setup::{ANN, BOB, LAPTOP, PHONE, REVOKED, Setup, refusal, until};
use super::tokens::keys;

#[actix_web::test]
async fn end_of_a_session_refuses_only_its_tokens() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let phone = setup.user(ANN, PHONE, &["user"]);
    let laptop = setup.user(ANN, LAPTOP, &["user"]);
    assert_eq!(refusal(&guard, &phone).await, None);
    setup.issuer.tell(Change::SessionRevoked { sid: PHONE, public_id: ANN });
    setup.caught_up(&guard).await;
    assert_eq!(refusal(&guard, &phone).await, REVOKED, "verified a moment ago");
    assert_eq!(refusal(&guard, &laptop).await, None);
}

#[actix_web::test]
async fn revoked_key_ends_its_tokens_and_the_guard_confirms_it() {
    let setup = Setup::new();
    let [old, new] = keys();
    setup.issuer.with(|state| state.jwks = vec![old.jwk.clone(), new.jwk.clone()]);
    let guard = setup.serving().await;
    let stolen = setup.token(old, setup.position()).user(ANN, PHONE, &["user"]);
    let good = setup.token(new, setup.position()).user(ANN, PHONE, &["user"]);
    assert_eq!(refusal(&guard, &stolen).await, None);
    // The key set still has it, as a cache on the way may have.
    setup.issuer.tell(Change::KeyRevoked { kid: old.kid.clone() });
    setup.caught_up(&guard).await;
    let revoked = Some(Refusal::Invalid(Reason::RevokedKey));
    assert_eq!(refusal(&guard, &stolen).await, revoked);
    assert_eq!(refusal(&guard, &good).await, None);
    until("confirmed", || setup.issuer.with(|state| state.polled.0 == new.kid)).await;

    let again = restarted(&setup, &guard).await;
    assert_eq!(refusal(&again, &stolen).await, revoked, "after a restart too");
}

/// Stops the guard and starts it again with the data in its store.
async fn restarted(setup: &Setup, guard: &Guard) -> Guard {
    guard.stop().await;
    let again = setup.guard().await;
    setup.caught_up(&again).await;
    again
}

#[actix_web::test]
async fn revocations_survive_restart_lost_store_and_feed_gap() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let token = setup.user(ANN, PHONE, &["user"]);
    setup.issuer.tell(Change::SessionRevoked { sid: PHONE, public_id: ANN });
    setup.caught_up(&guard).await;
    let again = restarted(&setup, &guard).await;
    assert_eq!(refusal(&again, &token).await, REVOKED, "restarted");
    assert_eq!(setup.issuer.with(|state| state.snapshots), 1);

    let fresh = setup.guard_on(Arc::new(MemoryStore::new()) as Arc<dyn GuardStore>).await;
    setup.caught_up(&fresh).await;
    assert_eq!(refusal(&fresh, &token).await, REVOKED, "with an empty store");

    again.stop().await;
    let missed = setup.user(BOB, LAPTOP, &["user"]);
    setup.issuer.tell(Change::SessionRevoked { sid: LAPTOP, public_id: BOB });
    setup.issuer.tell(Change::SessionRevoked { sid: PHONE, public_id: BOB });
    // The events after the guard's position are pruned; a snapshot holds the revocations.
    setup.issuer.with(|state| drop(state.events.drain(..3)));
    let late = restarted(&setup, &again).await;
    assert_eq!(setup.issuer.with(|state| state.snapshots), 2, "the fresh one's and no other yet");
    assert_eq!(refusal(&late, &token).await, REVOKED, "held from before");
    assert_eq!(refusal(&late, &missed).await, REVOKED, "missed");
}

#[actix_web::test]
async fn guard_behind_the_kept_feed_loads_a_snapshot_before_it_serves() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    guard.stop().await;
    let token = setup.user(ANN, PHONE, &["user"]);
    setup.issuer.tell(Change::SessionRevoked { sid: PHONE, public_id: ANN });
    setup.issuer.sign_up(uuid::Uuid::from_u128(0x77), &["user"]);
    // A new database with higher positions: only the revocations of the old feed are left.
    setup.issuer.with(|state| {
        state.position += 1_000;
        let position = state.position;
        state.events.retain(|event| signet_guard::revokes(&event.change));
        for event in &mut state.events {
            event.seq = position;
        }
    });
    let again = setup.guard().await;
    setup.caught_up(&again).await;
    assert_eq!(setup.issuer.with(|state| state.snapshots), 2);
    assert_eq!(refusal(&again, &token).await, REVOKED);
}

#[actix_web::test]
async fn file_store_keeps_revocations() {
    let setup = Setup::new();
    let open = || Arc::new(FileStore::open(setup.state_file()).expect("a store"));
    let guard = setup.guard_on(open()).await;
    setup.caught_up(&guard).await;
    let token = setup.user(ANN, PHONE, &["user"]);
    setup.issuer.tell(Change::SessionRevoked { sid: PHONE, public_id: ANN });
    setup.caught_up(&guard).await;
    guard.stop().await;
    drop(guard);
    setup.issuer.go_down().await;
    let again = setup.guard_on(open()).await;
    until("it serves what it holds", || again.status().serving).await;
    assert_eq!(refusal(&again, &token).await, REVOKED);
    assert_eq!(refusal(&again, &setup.user(ANN, LAPTOP, &["user"])).await, None);
}
