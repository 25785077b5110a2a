//! A guard that refuses every token of its issuer is not ready, says why, and recovers by itself.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use signet_guard::{FileStore, Guard, GuardConfig, Mismatch};
use signet_verifier::Refusal;

use super::issuer::Policy;
use super::setup::{ANN, PHONE, Setup, Shifted, refusal, until};
use super::tokens::{AUDIENCE, keys};

/// Waits for a mismatch, and checks that the guard is not ready.
async fn found(guard: &Guard) -> Mismatch {
    until("a mismatch is found", || !guard.status().mismatches.is_empty()).await;
    let status = guard.status();
    assert!(!status.ready(), "{status:?}");
    assert_eq!(status.mismatches.len(), 1, "{status:?}");
    status.mismatches[0].clone()
}

async fn ready(guard: &Guard) {
    until("the guard is ready", || guard.status().ready()).await;
}

fn policy(setup: &Setup, policy: Policy) {
    setup.issuer.with(|state| state.policy = policy);
}

#[actix_web::test]
async fn good_pair_is_ready_with_and_without_named_audiences() {
    for audiences in [None, Some(vec!["orders".into(), AUDIENCE.into()])] {
        let setup = Setup::new();
        policy(&setup, Policy { audiences, ..Policy::default() });
        let guard = setup.serving().await;
        ready(&guard).await;
        assert_eq!(refusal(&guard, &setup.user(ANN, PHONE, &["user"])).await, None);
    }
}

#[actix_web::test]
async fn other_issuer_spelling_is_named_before_the_guard_serves() {
    let setup = Setup::new();
    let theirs = format!("{}/", setup.issuer.url);
    policy(&setup, Policy { issuer: Some(theirs.clone()), ..Policy::default() });
    let guard = setup.guard().await;
    until("it serves", || guard.status().serving).await;
    // Already known: the token came before the first answer of the feed.
    let ours = setup.issuer.url.clone();
    assert_eq!(guard.status().mismatches, [Mismatch::Issuer { ours, theirs }]);
    assert!(!guard.status().ready());

    policy(&setup, Policy::default());
    ready(&guard).await;
}

#[actix_web::test]
async fn life_above_the_limit_is_named_and_recovers() {
    let setup = Setup::new();
    let store = Arc::new(FileStore::open(setup.state_file()).expect("a store"));
    let max_token_life = Duration::from_secs(10 * 60);
    let config = GuardConfig { max_token_life, ..setup.config() };
    let guard = Guard::start(config, store, Arc::clone(&setup.clock)).await.expect("a guard");
    assert_eq!(found(&guard).await, Mismatch::TokenLife { ours: 600, theirs: 1_800 });
    policy(&setup, Policy { life: Some(600), ..Policy::default() });
    ready(&guard).await;
}

#[actix_web::test]
async fn foreign_audience_is_named_and_recovers() {
    let setup = Setup::new();
    let theirs = vec!["Api-service".to_owned(), "orders".to_owned()];
    policy(&setup, Policy { audiences: Some(theirs), ..Policy::default() });
    let guard = setup.guard().await;
    until("it serves", || guard.status().serving).await;
    let (ours, theirs) = (AUDIENCE.to_owned(), "Api-service, orders".to_owned());
    assert_eq!(found(&guard).await, Mismatch::Audience { ours, theirs });
    // A restart of the issuer ends the call that is held open.
    setup.issuer.go_down().await;
    policy(&setup, Policy { audiences: Some(vec![AUDIENCE.into()]), ..Policy::default() });
    setup.issuer.come_back().await;
    ready(&guard).await;
}

#[actix_web::test]
async fn key_missing_from_the_set_is_named_and_recovers() {
    let setup = Setup::new();
    policy(&setup, Policy { other_key: true, ..Policy::default() });
    let guard = setup.guard().await;
    let kid = keys()[1].kid.clone();
    assert_eq!(found(&guard).await, Mismatch::Key { kid });
    setup.issuer.with(|state| state.jwks.push(keys()[1].jwk.clone()));
    policy(&setup, Policy::default());
    ready(&guard).await;
}

#[actix_web::test]
async fn clock_behind_by_more_than_leeway_is_named_and_recovers() {
    let mut setup = Setup::new();
    let shift = Arc::new(Shifted(AtomicI64::new(-30)));
    setup.clock = Arc::clone(&shift) as Arc<_>;
    let guard = setup.guard().await;
    let Mismatch::ClockBehind { seconds, leeway: 10 } = found(&guard).await else {
        panic!("{:?}", guard.status())
    };
    assert!((25..=31).contains(&seconds), "{seconds}");
    setup.caught_up(&guard).await;
    // The mismatch is real: the guard refuses a token that the issuer issues now.
    let real = signet_contract::clock::SystemClock;
    let now = signet_contract::clock::Clock::now(&real);
    let token = super::tokens::Token { now, ..setup.token(&keys()[0], 0) };
    let refused = refusal(&guard, &token.user(ANN, PHONE, &["user"])).await;
    assert!(matches!(refused, Some(Refusal::Invalid(_))), "{refused:?}");
    shift.by(0);
    ready(&guard).await;
    shift.by(240);
    setup.issuer.sign_up(uuid::Uuid::new_v4(), &["user"]);
    setup.caught_up(&guard).await;
    assert!(guard.status().ready(), "four minutes ahead, every fresh token is good");
}

#[actix_web::test]
async fn outage_of_the_issuer_makes_no_mismatch() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    ready(&guard).await;
    setup.issuer.go_down().await;
    until("the outage is noticed", || guard.status().feed.last_error.is_some()).await;
    assert!(guard.status().ready(), "{:?}", guard.status());
    drop(guard);
    let again = setup.guard().await;
    until("it serves what it holds", || again.status().serving).await;
    assert!(again.status().ready(), "{:?}", again.status());
}

#[actix_web::test]
async fn revoked_and_replaced_keys_make_no_mismatch() {
    use signet_contract::events::Change;
    let setup = Setup::new();
    let guard = setup.serving().await;
    let [old, new] = keys();
    setup.issuer.with(|state| state.jwks = vec![new.jwk.clone()]);
    setup.issuer.tell(Change::KeyPublished { kid: new.kid.clone() });
    setup.issuer.tell(Change::KeyRevoked { kid: old.kid.clone() });
    // The next token is signed by the new key. There is never a mismatch.
    until("the guard has a new token", || {
        assert_eq!(guard.status().mismatches, []);
        setup.issuer.with(|state| state.issued.len() > 1)
    })
    .await;
    setup.caught_up(&guard).await;
    assert!(guard.status().ready(), "{:?}", guard.status());
}
