//! Tests of the directory: a role counts if the token and the directory have it. A token newer than
//! the replica waits.

use std::time::{Duration, Instant};

use signet_contract::directory::UserState;
use signet_contract::events::Change;
use signet_guard::FileStore;
use signet_verifier::Refusal;
use std::sync::Arc;
use uuid::Uuid;

use super::setup::{ANN, BOB, PHONE, REVOKED, Setup, admit, bearer, refusal, until};
use super::tokens::keys;

const FORBIDDEN: Option<Refusal> = Some(Refusal::Forbidden { scope: None });

#[actix_web::test]
async fn users_of_every_page_of_the_directory_are_let_in() {
    let setup = Setup::new();
    let more: Vec<_> = (100..105).map(Uuid::from_u128).collect();
    for user in &more {
        setup.issuer.sign_up(*user, &["user"]);
    }
    let guard = setup.serving().await;
    for user in more.into_iter().chain([ANN, BOB]) {
        assert_eq!(refusal(&guard, &setup.user(user, PHONE, &["user"])).await, None, "{user}");
    }
}

#[actix_web::test]
async fn a_token_tells_who_calls_and_the_second_time_costs_no_signature() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let token = setup.user(ANN, PHONE, &["user"]);
    let first = admit(&guard, &token).await.expect("good");
    assert_eq!(first.public_id(), Some(ANN));
    let second = admit(&guard, &token).await.expect("good");
    assert!(Arc::ptr_eq(&first, &second));
}

#[actix_web::test]
async fn one_signs_up_and_is_let_in_without_a_pause() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let new = Uuid::from_u128(0x55);
    // The token arrives before the feed announces its user.
    let position = setup.position() + 1;
    let token = setup.token(&keys()[0], position).user(new, PHONE, &["user"]);
    let (judged, ()) = tokio::join!(refusal(&guard, &token), async {
        tokio::task::yield_now().await;
        setup.issuer.sign_up(new, &["user"]);
    });
    assert_eq!(judged, None);
}

#[actix_web::test]
async fn a_user_that_a_replica_which_is_up_to_date_does_not_know_is_refused_at_once() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let began = Instant::now();
    let token = setup.user(Uuid::from_u128(0x66), PHONE, &["user"]);
    assert_eq!(refusal(&guard, &token).await, REVOKED);
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[actix_web::test]
async fn what_the_feed_does_not_tell_in_two_seconds_can_t_be_known() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let position = setup.position() + 1;
    let began = Instant::now();
    let token = setup.token(&keys()[0], position).user(Uuid::from_u128(0x66), PHONE, &["user"]);
    assert_eq!(refusal(&guard, &token).await, Some(Refusal::Unavailable { retry_after: 1 }));
    assert!((Duration::from_secs(2)..Duration::from_secs(10)).contains(&began.elapsed()));
    // A known user needs no wait, for any position of the token.
    let token = setup.token(&keys()[0], position).user(ANN, PHONE, &["user"]);
    assert_eq!(refusal(&guard, &token).await, None);
}

#[actix_web::test]
async fn after_the_wait_for_the_feed_everything_is_judged_anew() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let new = Uuid::from_u128(0x55);
    let position = setup.position() + 2;
    let token = setup.token(&keys()[0], position).user(new, PHONE, &["user"]);
    let (judged, ()) = tokio::join!(refusal(&guard, &token), async {
        tokio::task::yield_now().await;
        setup.issuer.sign_up(new, &["user"]);
        setup.issuer.tell(Change::SessionRevoked { sid: PHONE, public_id: new });
    });
    assert_eq!(judged, REVOKED);
}

#[actix_web::test]
async fn a_disabled_user_is_refused_until_enabled_and_a_deleted_one_for_good() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let token = || setup.user(BOB, PHONE, &["user"]);
    let before = token();
    assert_eq!(refusal(&guard, &before).await, None);
    setup.issuer.change_user(BOB, |bob| bob.state = UserState::Disabled, Change::UserDisabled);
    setup.caught_up(&guard).await;
    assert_eq!(refusal(&guard, &token()).await, REVOKED);
    setup.issuer.change_user(BOB, |bob| bob.state = UserState::Active, Change::UserEnabled);
    setup.caught_up(&guard).await;
    assert_eq!(refusal(&guard, &token()).await, None);
    assert_eq!(refusal(&guard, &before).await, REVOKED, "enabling revives no session");
    setup.issuer.tell(Change::UserDeleted { public_id: BOB });
    setup.caught_up(&guard).await;
    assert_eq!(refusal(&guard, &token()).await, REVOKED);
}

#[actix_web::test]
async fn a_role_counts_where_both_the_token_and_the_directory_have_it() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let position = setup.position();
    for (user, roles, expected) in [
        (ANN, &["user", "admin"][..], None),
        (ANN, &["user"], FORBIDDEN),
        (BOB, &["user", "admin"], FORBIDDEN),
    ] {
        let token = setup.token(&keys()[0], position).user(user, PHONE, roles);
        let judged = guard.admit_role(&bearer(&token), "admin").await.err();
        assert_eq!(judged, expected, "{user} {roles:?}");
        assert_eq!(refusal(&guard, &token).await, None, "{user} {roles:?}");
    }
}

#[actix_web::test]
async fn a_service_is_let_in_but_has_no_role() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let token = setup.token(&keys()[0], setup.position()).service("reporting");
    assert_eq!(refusal(&guard, &token).await, None);
    assert_eq!(guard.admit_role(&bearer(&token), "user").await.err(), FORBIDDEN);
}

#[actix_web::test]
async fn without_a_directory_the_token_s_roles_are_believed() {
    let setup = Setup::new();
    let store = FileStore::open(setup.state_file()).expect("a store");
    let guard = setup.guard_on(Arc::new(store)).await;
    setup.caught_up(&guard).await;
    let stranger = setup.user(Uuid::from_u128(0x66), PHONE, &["user", "admin"]);
    assert!(guard.admit_role(&bearer(&stranger), "admin").await.is_ok());
    assert_eq!(setup.issuer.with(|state| state.snapshots), 1);
    until("the lag of a change is measured", || {
        setup.issuer.tell(Change::SessionRevoked { sid: PHONE, public_id: ANN });
        guard.status().feed.lag.is_some_and(|lag| lag < Duration::from_secs(5))
    })
    .await;
}
