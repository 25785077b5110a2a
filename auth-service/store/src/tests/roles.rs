//! Roles: a removed role revokes the tokens that carry it, and keeps the sessions.

use std::sync::Barrier;

use signet_contract::directory::UserState;
use signet_contract::events::Change;

use super::fixture::{Fixture, START, by_operator, opening_with, rounds, second};
use super::on_every_database;
use auth_domain::audit::{Act, RequestOrigin};
use auth_domain::login::Opened;
use auth_domain::refresh::{RefreshOutcome, RefreshPolicy, RefreshToken, TokenExchange};
use auth_domain::sessions::Session;
use auth_domain::users::{Changed, User};

on_every_database! {
    removed_role_and_revocation_are_one_step,
    removed_role_keeps_sessions_and_refresh_tokens,
    granted_role_revokes_nothing,
    removed_role_of_disabled_user_is_revoked,
    refresh_beside_removed_role_never_carries_it,
}

fn log_in(fixture: &Fixture, user: &User) -> (Session, RefreshToken) {
    let token = RefreshToken::fresh().expect("a token");
    let opened = fixture.store.open_session(&opening_with(user.public_id, &token), START);
    match opened.expect("answered") {
        Opened::Session(session) => (session, token),
        other => panic!("{other:?}"),
    }
}

fn refresh(fixture: &Fixture, token: &RefreshToken) -> Session {
    let policy = RefreshPolicy {
        idle: time::Duration::HOUR,
        max_life: time::Duration::DAY,
        repeat_window: time::Duration::ZERO,
    };
    let (exchange, _) = TokenExchange::of(token, "first-party", None).expect("prepared");
    let outcome = fixture.store.refresh(
        &exchange,
        &policy,
        &Act::by_nobody(&RequestOrigin::default(), second(2)),
    );
    match outcome.expect("answered") {
        RefreshOutcome::Refreshed(refreshed) => refreshed.session,
        other => panic!("{other:?}"),
    }
}

fn set_admin(fixture: &Fixture, user: &User, admin: bool) -> u64 {
    let act = by_operator(1);
    let changed = fixture.store.set_user_admin(user.public_id, admin, &act);
    assert_eq!(changed.expect("answered"), Changed::Done);
    fixture.position()
}

fn removed_role_and_revocation_are_one_step(fixture: &Fixture) {
    let (user, _) = (fixture.admin("Ann"), fixture.admin("Bob"));
    let (session, _) = log_in(fixture, &user);
    let before = fixture.position();
    set_admin(fixture, &user, false);
    let events = fixture.events_after(before);
    let seqs: Vec<_> = events.iter().map(|event| event.seq).collect();
    assert_eq!(seqs, [before + 1, before + 2]);
    assert!(
        matches!(&events[0].change, Change::UserUpdated(user_now) if user_now.public_id == user.public_id)
    );
    let revoked = Change::UserSessionsRevoked { public_id: user.public_id, except: None };
    assert_eq!(events[1].change, revoked);
    let standing = fixture.store.standing("kid", user.public_id, session.sid).expect("answered");
    assert_eq!(standing.tokens_from, events[1].seq);
    assert!(session.pos < standing.tokens_from);
}

fn removed_role_keeps_sessions_and_refresh_tokens(fixture: &Fixture) {
    let (user, other) = (fixture.admin("Ann"), fixture.admin("Bob"));
    let ((session, token), (others, _)) = (log_in(fixture, &user), log_in(fixture, &other));
    let seq = set_admin(fixture, &user, false);
    let standing =
        |user: &User, sid| fixture.store.standing("kid", user.public_id, sid).expect("answered");
    let now = standing(&user, session.sid);
    assert_eq!((now.session_open, now.admin, now.tokens_from), (true, false, seq));
    assert_eq!(standing(&other, others.sid).tokens_from, 0, "another user keeps all tokens");
    let refreshed = refresh(fixture, &token);
    assert_eq!((refreshed.sid, &*refreshed.roles), (session.sid, &["user".to_owned()][..]));
    assert!(refreshed.pos >= seq, "{} is below {seq}", refreshed.pos);
}

fn granted_role_revokes_nothing(fixture: &Fixture) {
    let user = fixture.user("Ann");
    let (session, _) = log_in(fixture, &user);
    let before = fixture.position();
    set_admin(fixture, &user, true);
    set_admin(fixture, &user, true);
    assert_eq!(fixture.changes_after(before).len(), 1);
    let standing = fixture.store.standing("kid", user.public_id, session.sid).expect("answered");
    assert_eq!((standing.tokens_from, standing.admin), (0, true));
}

fn removed_role_of_disabled_user_is_revoked(fixture: &Fixture) {
    let (user, _) = (fixture.admin("Ann"), fixture.admin("Bob"));
    let disabled = UserState::Disabled;
    let act = by_operator(0);
    fixture.store.set_user_state(user.public_id, disabled, &act).expect("answered");
    let before = fixture.position();
    let seq = set_admin(fixture, &user, false);
    assert_eq!((seq, fixture.changes_after(before).len()), (before + 2, 2));
}

/// Both lock the user's row: a token that carries the role has a position below the event.
fn refresh_beside_removed_role_never_carries_it(fixture: &Fixture) {
    let user = fixture.admin("Ann");
    fixture.admin("Bob");
    for _ in 0..rounds(10) {
        set_admin(fixture, &user, true);
        let (_, token) = log_in(fixture, &user);
        let barrier = Barrier::new(2);
        let (refreshed, seq) = std::thread::scope(|scope| {
            let refreshing = scope.spawn(|| {
                barrier.wait();
                refresh(fixture, &token)
            });
            barrier.wait();
            let seq = set_admin(fixture, &user, false);
            (refreshing.join().expect("no panic"), seq)
        });
        let carries = refreshed.roles.iter().any(|role| role == "admin");
        assert_eq!(carries, refreshed.pos < seq, "{refreshed:?} beside {seq}");
    }
}
