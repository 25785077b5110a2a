//! Log-ins: a session opens only on unchanged values, at the right position among revocations.

use std::sync::Barrier;

use signet_contract::directory::UserState;
use signet_contract::events::Change;

use super::fixture::{Fixture, HASH, START, by_operator, opening, rounds};
use super::on_every_database;
use auth_domain::login::Opened;

on_every_database! {
    credentials_are_found_only_by_address_key,
    disabled_or_deleted_user_opens_no_session,
    session_has_the_current_roles,
    login_beside_a_disabling_is_refused_or_revoked,
}

fn credentials_are_found_only_by_address_key(fixture: &Fixture) {
    let user = fixture.user("Ann");
    let find = |key| fixture.store.find_credentials(key).expect("answered");
    let found = find("ann@example.org").expect("credentials");
    assert_eq!((found.public_id, found.state), (user.public_id, UserState::Active));
    assert_eq!(found.password_hash, HASH);
    assert!(find("Ann@Example.org").is_none() && find("' OR 1=1 --").is_none());
}

fn disabled_or_deleted_user_opens_no_session(fixture: &Fixture) {
    let (store, id) = (&fixture.store, fixture.user("Ann").public_id);
    let open = || store.open_session(&opening(id), START).expect("answered");
    store.set_user_state(id, UserState::Disabled, &by_operator(0)).expect("disabled");
    assert_eq!(open(), Opened::Disabled);
    store.delete_user(id, &by_operator(0)).expect("deleted");
    assert_eq!(open(), Opened::Outdated);
}

fn session_has_the_current_roles(fixture: &Fixture) {
    let user = fixture.user("Ann");
    assert_eq!(fixture.open_session(&user).roles, ["user"]);
    fixture.store.set_user_admin(user.public_id, true, &by_operator(0)).expect("changed");
    let session = fixture.open_session(&user);
    assert_eq!(session.roles, ["user", "admin"]);
    assert_eq!(session.pos, fixture.position(), "the change of roles is not above it");
}

/// The rule of `pos`: a log-in races the end of all sessions. In either order, no session is left
/// that guards would accept.
fn login_beside_a_disabling_is_refused_or_revoked(fixture: &Fixture) {
    for round in 0..rounds(30) {
        let user = fixture.user(&format!("user{round}"));
        let before = fixture.position();
        let barrier = Barrier::new(2);
        let opened = std::thread::scope(|scope| {
            let login = scope.spawn(|| {
                barrier.wait();
                fixture.store.open_session(&opening(user.public_id), START).expect("answered")
            });
            barrier.wait();
            let disabled = UserState::Disabled;
            fixture
                .store
                .set_user_state(user.public_id, disabled, &by_operator(0))
                .expect("disabled");
            login.join().expect("no panic")
        });
        let revoked = fixture
            .events_after(before)
            .into_iter()
            .find(|event| matches!(event.change, Change::UserSessionsRevoked { .. }))
            .expect("an event");
        match opened {
            Opened::Session(session) => assert!(session.pos < revoked.seq, "round {round}"),
            refused => assert_eq!(refused, Opened::Disabled),
        }
    }
}
