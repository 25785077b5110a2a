//! A new password: set only if the verified state is unchanged, and every other session ends.

use std::sync::Barrier;

use signet_contract::events::Change;
use uuid::Uuid;

use super::fixture::{Fixture, HASH, START, by_operator, opening, rounds};
use super::on_every_database;
use auth_domain::login::Opened;
use auth_domain::password_change::{PasswordChange, PasswordChanged};
use auth_domain::sessions::Session;

on_every_database! {
    new_password_ends_every_other_session,
    outdated_password_change_has_no_effect,
    password_of_an_operator_ends_every_session,
    login_beside_a_password_change_is_refused_or_revoked,
}

fn change(fixture: &Fixture, session: &Session, verified: &str) -> PasswordChanged {
    let change = PasswordChange {
        public_id: session.public_id,
        sid: session.sid,
        verified_hash: verified.to_owned(),
        new_hash: "the new one".to_owned(),
    };
    fixture.store.change_password(&change, &by_operator(0)).expect("answered")
}

fn hash(fixture: &Fixture) -> String {
    let found = fixture.store.find_credentials("ann@example.org").expect("answered");
    found.expect("credentials").password_hash
}

fn new_password_ends_every_other_session(fixture: &Fixture) {
    let ann = fixture.user("Ann");
    let (own, _other) = (fixture.open_session(&ann), fixture.open_session(&ann));
    let before = fixture.position();
    assert_eq!(change(fixture, &own, HASH), PasswordChanged::Done);
    assert_eq!(hash(fixture), "the new one");
    let open = fixture.open_sessions(ann.public_id, START);
    assert_eq!(open.iter().map(|session| session.sid).collect::<Vec<_>>(), [own.sid]);
    let revoked = Change::UserSessionsRevoked { public_id: ann.public_id, except: Some(own.sid) };
    assert_eq!(fixture.changes_after(before), [revoked]);
    // A log-in that verified the old password is too late.
    let late = fixture.store.open_session(&opening(ann.public_id), START).expect("answered");
    assert_eq!(late, Opened::Outdated);
}

fn password_of_an_operator_ends_every_session(fixture: &Fixture) {
    let ann = fixture.user("Ann").public_id;
    fixture.store.open_session(&opening(ann), START).expect("opened");
    assert!(fixture.store.set_password(ann, "the new one", &by_operator(0)).expect("set"));
    let account = fixture.store.find_account(ann).expect("answered").expect("an account");
    assert_eq!((&*account.password_hash, &*account.name), ("the new one", "Ann"));
    assert_eq!(fixture.open_sessions(ann, START), []);
    assert!(!fixture.store.set_password(Uuid::nil(), HASH, &by_operator(0)).expect("answered"));
}

fn outdated_password_change_has_no_effect(fixture: &Fixture) {
    let ann = fixture.user("Ann");
    let session = fixture.open_session(&ann);
    assert_eq!(change(fixture, &session, "another"), PasswordChanged::Outdated);
    fixture.store.end_session(session.sid, &by_operator(0)).expect("ended");
    assert_eq!(change(fixture, &session, HASH), PasswordChanged::SessionOver);
    assert_eq!(hash(fixture), HASH);
}

/// Races a log-in with the old password against its change. In either order, no session is left
/// that guards or the issuer would accept.
fn login_beside_a_password_change_is_refused_or_revoked(fixture: &Fixture) {
    for round in 0..rounds(30) {
        let user = fixture.user(&format!("user{round}"));
        let own = fixture.open_session(&user);
        let before = fixture.position();
        let barrier = Barrier::new(2);
        let opened = std::thread::scope(|scope| {
            let login = scope.spawn(|| {
                barrier.wait();
                fixture.store.open_session(&opening(user.public_id), START).expect("answered")
            });
            barrier.wait();
            assert_eq!(change(fixture, &own, HASH), PasswordChanged::Done);
            login.join().expect("no panic")
        });
        let end = fixture.events_after(before).into_iter().find(|event| {
            matches!(event.change, Change::UserSessionsRevoked { except, .. } if except == Some(own.sid))
        });
        match opened {
            Opened::Session(session) => {
                assert!(session.pos < end.expect("an event").seq, "round {round}");
            }
            refused => assert_eq!(refused, Opened::Outdated, "round {round}"),
        }
        let open = fixture.open_sessions(user.public_id, START);
        assert_eq!(open.iter().map(|one| one.sid).collect::<Vec<_>>(), [own.sid], "round {round}");
    }
}
