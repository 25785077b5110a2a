//! Tests of the directory: a role counts if the token and the directory have it. A token newer than
//! the replica waits.

use std::time::{Duration, Instant};

use signet_contract::directory::UserState;
use signet_contract::events::Change;
use signet_guard::FileStore;
use signet_guard::Rules;
use signet_verifier::Refusal;
use std::sync::Arc;
use uuid::Uuid;

use super::setup::{ANN, BOB, PHONE, REVOKED, Setup, admit, refusal, until};
use super::tokens::keys;

const FORBIDDEN: Option<Refusal> = Some(Refusal::Forbidden { scope: None });

#[actix_web::test]
async fn users_of_every_directory_page_are_admitted() {
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
async fn second_use_of_a_token_skips_the_signature() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let token = setup.user(ANN, PHONE, &["user"]);
    let first = admit(&guard, &token).await.expect("good");
    assert_eq!(first.user(), Some(ANN));
    let second = admit(&guard, &token).await.expect("good");
    assert!(std::ptr::eq(first.token(), second.token()));
}

#[actix_web::test]
async fn new_user_is_admitted_without_a_pause() {
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
async fn unknown_user_is_refused_at_once_by_a_current_replica() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let began = Instant::now();
    let token = setup.user(Uuid::from_u128(0x66), PHONE, &["user"]);
    assert_eq!(refusal(&guard, &token).await, REVOKED);
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[actix_web::test]
async fn feed_delay_over_two_seconds_is_503() {
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
async fn request_is_judged_again_after_the_wait_for_the_feed() {
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
async fn disabled_user_is_refused_until_enabled_and_deleted_user_always() {
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
async fn role_needs_both_token_and_directory() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let position = setup.position();
    for (user, roles, expected) in [
        (ANN, &["user", "admin"][..], None),
        (ANN, &["user"], FORBIDDEN),
        (BOB, &["user", "admin"], FORBIDDEN),
    ] {
        let token = setup.token(&keys()[0], position).user(user, PHONE, roles);
        let judged = guard.requiring(Rules::new().role("admin")).admit(&token).await.err();
        assert_eq!(judged, expected, "{user} {roles:?}");
        assert_eq!(refusal(&guard, &token).await, None, "{user} {roles:?}");
    }
}

#[actix_web::test]
async fn service_token_is_admitted_without_a_role() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let token = setup.token(&keys()[0], setup.position()).service("reporting");
    assert_eq!(refusal(&guard, &token).await, None);
    assert_eq!(guard.requiring(Rules::new().role("user")).admit(&token).await.err(), FORBIDDEN);
}

#[actix_web::test]
async fn guard_without_directory_uses_the_roles_of_the_token() {
    let setup = Setup::new();
    let store = FileStore::open(setup.state_file()).expect("a store");
    let guard = setup.guard_on(Arc::new(store)).await;
    setup.caught_up(&guard).await;
    let stranger = setup.user(Uuid::from_u128(0x66), PHONE, &["user", "admin"]);
    assert!(guard.requiring(Rules::new().role("admin")).admit(&stranger).await.is_ok());
    assert_eq!(setup.issuer.with(|state| state.snapshots), 1);
    until("the lag of a change is measured", || {
        setup.issuer.tell(Change::SessionRevoked { sid: PHONE, public_id: ANN });
        guard.status().feed.lag.is_some_and(|lag| lag < Duration::from_secs(5))
    })
    .await;
}
