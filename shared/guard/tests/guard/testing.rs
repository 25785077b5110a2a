//! Tests of the module for the tests of other services.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use signet_contract::directory::UserState;
use signet_contract::events::{Change, Event, UserChange};
use signet_guard::clock::{Clock, SystemClock};
use signet_guard::testing::{TestIssuer, TestToken};
use signet_guard::{Caller, Guard, GuardStore, Rules};
use signet_verifier::Reason;
use signet_verifier::Refusal::{self, Invalid};
use time::Duration;

use super::memory_store::MemoryStore;
use super::tokens::{AUDIENCE, Token, keys};

const ISSUER: &str = "https://login.example.org";

fn setup() -> (TestIssuer, Guard) {
    let issuer = TestIssuer::new(ISSUER);
    let guard = issuer.guard(&["orders"]);
    (issuer, guard)
}

/// Returns the guard's judgement. No runtime is needed: nothing waits.
fn judged(guard: &Guard, token: &str) -> Result<Caller, Refusal> {
    let mut judging = std::pin::pin!(guard.admit(token));
    match judging.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(judged) => judged,
        Poll::Pending => panic!("the guard waits"),
    }
}

fn refusal(guard: &Guard, token: &TestToken) -> Option<Refusal> {
    judged(guard, &token.token()).err()
}

#[test]
fn tokens_have_the_rights_that_a_test_gives_them() {
    let (issuer, guard) = setup();
    let ann = issuer.user().role("admin").client("app").scope("a").scope("b");
    let caller = judged(&guard, &ann.token()).expect("a good token");
    assert!(caller.user().is_some() && caller.has_role("user") && caller.has_role("admin"));
    assert!(caller.has_scope("a") && caller.has_scope("b") && !caller.has_scope("c"));
    assert_eq!(caller.client_id(), "app");

    let caller = judged(&guard, &issuer.service("billing").scope("a").token());
    let caller = caller.expect("a good token");
    assert_eq!((caller.client_id(), caller.user()), ("billing", None));
    assert_ne!(issuer.user().caller().user(), issuer.user().caller().user());
}

#[test]
fn caller_is_the_one_of_the_token() {
    let (issuer, guard) = setup();
    for token in [issuer.user().role("admin"), issuer.service("billing").scope("a")] {
        // A token has whole seconds.
        let token = token.issued_at(SystemClock.now().replace_nanosecond(0).expect("0"));
        let token = token.clone().expires_at(token.caller().token().issued_at + Duration::HOUR);
        assert_eq!(judged(&guard, &token.token()), Ok(token.caller()));
    }
}

#[test]
fn unfit_tokens_are_refused_as_in_production() {
    let (issuer, guard) = setup();
    let later = SystemClock.now() + Duration::HOUR;
    let future = issuer.user().issued_at(later).expires_at(later + Duration::HOUR);
    for (token, reason) in [
        (issuer.user().expired(), Reason::Expired),
        (future, Reason::Future),
        (issuer.user().audience("other"), Reason::Audience),
        (TestIssuer::new(ISSUER).user(), Reason::Audience),
        (TestIssuer::new("https://other.example.org").user(), Reason::Issuer),
        (issuer.user().expires_at(later + Duration::days(2)), Reason::Malformed),
        (issuer.service("first-party"), Reason::Malformed),
    ] {
        assert_eq!(refusal(&guard, &token), Some(Invalid(reason)), "{token:?}");
    }
    let operators = guard.requiring(Rules::new().role("admin"));
    let forbidden = Some(Refusal::Forbidden { scope: None });
    assert_eq!(refusal(&operators, &issuer.user()), forbidden);
    assert_eq!(refusal(&operators, &issuer.service("billing")), forbidden);
}

#[test]
fn token_of_another_key_is_refused_without_a_wait() {
    let issuer = TestIssuer::new(ISSUER);
    let guard = issuer.guard(&[AUDIENCE]);
    let token = issuer.user().token();
    let (key, now) = (&keys()[0], SystemClock.now());
    let foreign = Token { issuer: ISSUER, now, key, pos: 1 }.service("billing");
    for _ in 0..2 {
        assert_eq!(judged(&guard, &foreign).err(), Some(Invalid(Reason::Key)));
    }
    let (signed, signature) = token.rsplit_once('.').expect("a signature");
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    let forged = format!("{signed}.{first}{}", &signature[1..]);
    assert_eq!(judged(&guard, &forged).err(), Some(Invalid(Reason::Key)));
}

#[test]
fn revocation_ends_one_session_or_one_client() {
    let (issuer, guard) = setup();
    let (ann, bob) = (issuer.user(), issuer.user());
    let (billing, reports) = (issuer.service("billing"), issuer.service("reports"));
    for token in [&ann, &bob, &billing, &reports] {
        assert_eq!(refusal(&guard, token), None);
    }
    issuer.revoke(&guard, &ann);
    issuer.revoke(&guard.requiring(Rules::new().service()), &billing);
    for (token, expected) in [
        (&ann, Some(Invalid(Reason::Revoked))),
        (&bob, None),
        (&billing, Some(Invalid(Reason::Revoked))),
        (&reports, None),
        // A client that is registered again has new tokens.
        (&issuer.service("billing"), None),
        (&issuer.user(), None),
    ] {
        assert_eq!(refusal(&guard, token), expected, "{token:?}");
    }
    assert_eq!(guard.status().revocations, 2);
}

#[test]
fn guard_with_a_directory_follows_its_users() {
    let issuer = TestIssuer::new(ISSUER);
    let store = Arc::new(MemoryStore::new());
    let guard = issuer.guard_with(&["orders"], Arc::clone(&store) as Arc<dyn GuardStore>);
    let ann = issuer.user();
    let public_id = ann.caller().user().expect("a user");
    let change = |state| UserChange {
        public_id,
        state,
        name: Some("Ann".into()),
        email: Some("ann@example.org".into()),
        roles: Some(vec!["user".into()]),
    };
    let at = SystemClock.now();
    let revoked = Some(Invalid(Reason::Revoked));

    assert_eq!(refusal(&guard, &ann), revoked, "unknown");
    let created = Change::UserCreated(change(UserState::Active));
    let updated = Change::UserUpdated(change(UserState::Active));
    issuer.apply(
        &guard,
        &[(2, created), (3, updated)].map(|(seq, change)| Event { seq, at, change }),
    );
    assert_eq!(refusal(&guard, &ann), None);
    assert_eq!(guard.status().feed.position, Some(3));

    issuer.revoke(&guard, &issuer.user());
    assert_eq!(refusal(&guard, &ann), None, "another session");
    let disabled = Change::UserDisabled(change(UserState::Disabled));
    issuer.apply(&guard, &[Event { seq: 5, at, change: disabled }]);
    assert_eq!(refusal(&guard, &ann), revoked);

    let held = store.load().expect("held");
    assert_eq!(held.position, Some(5));
    assert_eq!(held.revocations.iter().map(|event| event.seq).collect::<Vec<_>>(), [4, 5]);
}

#[test]
fn guard_refuses_tokens_of_a_key_that_a_batch_revokes() {
    let (issuer, guard) = setup();
    let ann = issuer.user();
    assert_eq!(refusal(&guard, &ann), None);
    let kid = ann.caller().token().kid.clone();
    let event = Event { seq: 2, at: SystemClock.now(), change: Change::KeyRevoked { kid } };
    issuer.apply(&guard, &[event]);
    assert_eq!(refusal(&guard, &ann), Some(Invalid(Reason::RevokedKey)));
}

#[test]
fn guard_is_ready_and_counts() {
    let (issuer, guard) = setup();
    assert!(guard.status().ready() && guard.status().feed.caught_up);
    assert_eq!(refusal(&guard, &issuer.user()), None);
    assert_eq!(refusal(&guard, &issuer.user().expired()), Some(Invalid(Reason::Expired)));
    let status = guard.status();
    assert_eq!((status.admitted, status.refused["expired"]), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn data_of_the_guard_never_gets_too_old() {
    let (issuer, guard) = setup();
    tokio::time::advance(std::time::Duration::from_secs(400 * 24 * 3_600)).await;
    assert!(guard.status().ready());
    assert_eq!(guard.admit(&issuer.user().token()).await.err(), None);
    guard.stop().await;
}

#[test]
fn tokens_are_for_all_guards_that_were_made() {
    let issuer = Arc::new(TestIssuer::new(ISSUER));
    let (orders, bills) = (issuer.guard(&["orders"]), issuer.guard(&["bills", "imports"]));
    for guard in [&orders, &bills] {
        assert_eq!(refusal(guard, &issuer.user()), None);
    }
    assert_eq!(
        refusal(&orders, &issuer.user().audience("imports")),
        Some(Invalid(Reason::Audience))
    );
    assert_eq!(refusal(&bills, &issuer.user().audience("imports")), None);
}

#[test]
#[should_panic(expected = "a service has no role")]
fn role_of_a_service_is_a_fault_of_the_test() {
    let _ = setup().0.service("billing").role("admin");
}
