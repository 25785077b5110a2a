//! Tests of rotations, with tokens of the new key.

use signet_contract::events::Change;
use signet_verifier::{Reason, Refusal};

use super::setup::{ANN, PHONE, Setup, refusal, until};
use super::tokens::keys;

#[actix_web::test]
async fn an_announced_key_is_fetched_at_once_and_confirmed_to_the_issuer() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let [old, new] = keys();
    setup.issuer.with(|state| state.jwks.push(new.jwk.clone()));
    setup.issuer.tell(Change::KeyPublished { kid: new.kid.clone() });
    let both = || setup.issuer.with(|state| state.polled.0.clone());
    until("confirmed", || both().contains(&new.kid) && both().contains(&old.kid)).await;
    let status = guard.status();
    assert_eq!((status.keys.fetches["unknown_key"], status.keys.kids.len()), (0, 2));
    assert_eq!(setup.issuer.with(|state| state.polled.1.len()), 36, "a UUID");
}

#[actix_web::test]
async fn feed_call_after_an_announcement_lists_the_new_key() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let [old, new] = keys();
    let mut said_at_once = 0;
    for key in [new, old].into_iter().cycle().take(10) {
        setup.issuer.with(|state| state.jwks = vec![key.jwk.clone()]);
        let announced = setup.issuer.tell(Change::KeyPublished { kid: key.kid.clone() });
        setup.caught_up(&guard).await;
        until("held", || guard.status().keys.kids == [key.kid.clone()]).await;
        let first = || {
            setup.issuer.with(|state| {
                let mut calls = state.calls.iter();
                calls.find(|(after, _)| *after == announced).map(|(_, kids)| kids.clone())
            })
        };
        until("confirmed", || first().is_some()).await;
        said_at_once += usize::from(first() == Some(key.kid.clone()));
    }
    // On a busy machine a fetch may take longer than the call waits for it.
    assert_ne!(said_at_once, 0);
}

#[actix_web::test]
async fn unannounced_key_is_fetched_before_its_token_is_judged() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let [old, new] = keys();
    let early = setup.token(new, setup.position()).user(ANN, PHONE, &["user"]);
    assert_eq!(refusal(&guard, &early).await, Some(Refusal::Invalid(Reason::Key)));
    setup.issuer.with(|state| state.jwks = vec![new.jwk.clone(), old.jwk.clone()]);
    // The announcement clears the negative cache.
    setup.issuer.tell(Change::KeyActivated { kid: new.kid.clone() });
    setup.caught_up(&guard).await;
    assert_eq!(refusal(&guard, &early).await, None);
}

#[actix_web::test]
async fn a_token_that_needs_no_key_to_be_refused_causes_no_fetch() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let fetched = setup.issuer.with(|state| state.key_fetches);
    let mut token = setup.token(&keys()[1], setup.position());
    token.issuer = "http://localhost:1";
    let other_issuer = token.user(ANN, PHONE, &["user"]);
    let mut token = setup.token(&keys()[1], setup.position());
    token.now -= time::Duration::days(1);
    let expired = token.user(ANN, PHONE, &["user"]);
    for (text, reason) in [
        (other_issuer.as_str(), Reason::Issuer),
        (expired.as_str(), Reason::Expired),
        ("no.token.atall", Reason::Malformed),
    ] {
        assert_eq!(refusal(&guard, text).await, Some(Refusal::Invalid(reason)));
    }
    assert_eq!(setup.issuer.with(|state| state.key_fetches), fetched);
}

#[actix_web::test]
async fn a_verdict_does_not_outlive_its_key() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let [old, new] = keys();
    let token = setup.token(old, setup.position()).user(ANN, PHONE, &["user"]);
    assert_eq!(refusal(&guard, &token).await, None);
    setup.issuer.with(|state| state.jwks = vec![new.jwk.clone()]);
    setup.issuer.tell(Change::KeyPublished { kid: new.kid.clone() });
    until("the old key is gone", || guard.status().keys.kids == [new.kid.clone()]).await;
    assert_eq!(refusal(&guard, &token).await, Some(Refusal::Invalid(Reason::Key)));
}
