//! Refresh tokens: one successor in any race, and none after the end of the session.

use std::sync::Barrier;

use signet_contract::directory::UserState;
use signet_contract::events::Change;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::fixture::{Fixture, START, by_operator, opening_with, retry, rounds, second};
use super::on_every_database;
use auth_domain::audit::{Act, Reason};
use auth_domain::login::Opened;
use auth_domain::refresh::{RefreshOutcome, RefreshPolicy, RefreshToken, Refreshed, TokenExchange};
use auth_domain::users::{Changed, User};

on_every_database! {
    token_gets_one_successor_and_its_reuse_ends_the_session,
    one_of_sixteen_concurrent_uses_gets_a_successor,
    all_uses_within_the_window_get_one_successor,
    logout_beside_refreshes_leaves_no_valid_token,
    each_end_of_a_session_ends_its_refresh_tokens,
    database_holds_only_hashes_of_tokens,
    refreshed_session_has_current_roles_and_position,
}

pub(super) const STRICT: RefreshPolicy = RefreshPolicy {
    idle: Duration::HOUR,
    max_life: Duration::hours(3),
    repeat_window: Duration::ZERO,
};

const LENIENT: RefreshPolicy = RefreshPolicy { repeat_window: Duration::seconds(10), ..STRICT };

/// Opens a session of the user. Returns its id and its refresh token.
fn log_in(fixture: &Fixture, user: &User) -> (Uuid, RefreshToken) {
    let token = RefreshToken::fresh().expect("a token");
    let opening = opening_with(user.public_id, &token);
    let opened = fixture.store.open_session(&opening, START).expect("answered");
    assert!(matches!(opened, Opened::Session(_)), "{opened:?}");
    (opening.sid, token)
}

/// Returns the reason for a refusal.
fn why(outcome: RefreshOutcome) -> Reason {
    match outcome {
        RefreshOutcome::Refused { why, .. } => why,
        other => panic!("{other:?}"),
    }
}

/// Uses a token. Returns the successor that the client then holds, or the refusal.
pub(super) fn use_token(
    fixture: &Fixture,
    token: &RefreshToken,
    policy: &RefreshPolicy,
    now: OffsetDateTime,
) -> Result<(RefreshToken, Refreshed), RefreshOutcome> {
    let (exchange, successor) = TokenExchange::of(token, "first-party", None).expect("prepared");
    match retry(|| fixture.store.refresh(&exchange, policy, &Act::by_operator(now))) {
        RefreshOutcome::Refreshed(refreshed) => {
            let again = refreshed.again.as_ref();
            let again = again.map(|sealed| token.unseal(sealed).expect("sealed under this one"));
            Ok((again.unwrap_or(successor), *refreshed))
        }
        refused => Err(refused),
    }
}

fn good(fixture: &Fixture, token: &RefreshToken) -> RefreshToken {
    use_token(fixture, token, &STRICT, START).expect("good").0
}

fn token_gets_one_successor_and_its_reuse_ends_the_session(fixture: &Fixture) {
    let ann = fixture.user("Ann");
    let (sid, first) = log_in(fixture, &ann);
    let (other, others) = log_in(fixture, &ann);
    let second = good(fixture, &first);
    let third = good(fixture, &second);
    let before = fixture.position();
    let public_id = ann.public_id;
    let reused = use_token(fixture, &first, &STRICT, START).expect_err("used twice ago");
    assert_eq!(reused, RefreshOutcome::Reused { sid, public_id });
    assert_eq!(fixture.changes_after(before), [Change::SessionRevoked { sid, public_id }]);
    for token in [&first, &second, &third] {
        let dead = use_token(fixture, token, &STRICT, START).expect_err("the session has ended");
        assert_eq!(why(dead), Reason::SessionOver);
    }
    assert_eq!(fixture.changes_after(before).len(), 1, "it ends once");
    good(fixture, &others);
    let open = fixture.open_sessions(public_id, START);
    assert_eq!(open.iter().map(|session| session.sid).collect::<Vec<_>>(), [other]);
}

/// Uses one token sixteen times at the same moment.
fn race(
    fixture: &Fixture,
    token: &RefreshToken,
    policy: &RefreshPolicy,
) -> Vec<Result<(RefreshToken, Refreshed), RefreshOutcome>> {
    const RACERS: usize = 16;
    let barrier = Barrier::new(RACERS);
    std::thread::scope(|scope| {
        let racers: Vec<_> = (0..RACERS)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    use_token(fixture, token, policy, START)
                })
            })
            .collect();
        racers.into_iter().map(|racer| racer.join().expect("no panic")).collect()
    })
}

fn one_of_sixteen_concurrent_uses_gets_a_successor(fixture: &Fixture) {
    let ann = fixture.user("Ann");
    for round in 0..rounds(20) {
        let (sid, token) = log_in(fixture, &ann);
        let (good, losers): (Vec<_>, Vec<_>) =
            race(fixture, &token, &STRICT).into_iter().partition(Result::is_ok);
        assert_eq!(good.len(), 1, "round {round}");
        let reused = RefreshOutcome::Reused { sid, public_id: ann.public_id };
        let count = losers.iter().filter(|one| one.as_ref().err() == Some(&reused)).count();
        assert_eq!(count, 1, "round {round}: the first loser ends the session");
        for winner in good.into_iter().flatten() {
            use_token(fixture, &winner.0, &STRICT, START).expect_err("the family has ended");
        }
    }
}

fn all_uses_within_the_window_get_one_successor(fixture: &Fixture) {
    let ann = fixture.user("Ann");
    let (_, token) = log_in(fixture, &ann);
    let successors: Vec<_> =
        race(fixture, &token, &LENIENT).into_iter().map(|one| one.expect("good").0).collect();
    assert_eq!(successors.len(), 16);
    assert!(successors.windows(2).all(|two| two[0] == two[1]));
    let next = use_token(fixture, &successors[0], &LENIENT, second(1)).expect("good").0;
    // The successor was used, so the token before it is now a replay.
    let reused = use_token(fixture, &token, &LENIENT, second(2)).expect_err("used twice ago");
    assert!(matches!(reused, RefreshOutcome::Reused { .. }));
    use_token(fixture, &next, &LENIENT, second(2)).expect_err("the family has ended");

    let (_, token) = log_in(fixture, &ann);
    let (next, first) = use_token(fixture, &token, &LENIENT, second(1)).expect("good");
    let (again, second_time) = use_token(fixture, &token, &LENIENT, second(10)).expect("good");
    assert_eq!((again, second_time.expires_at), (next, first.expires_at));
    let late = use_token(fixture, &token, &LENIENT, second(11)).expect_err("too late");
    assert!(matches!(late, RefreshOutcome::Reused { .. }));
}

fn logout_beside_refreshes_leaves_no_valid_token(fixture: &Fixture) {
    const RACERS: usize = 16;
    let ann = fixture.user("Ann");
    for round in 0..rounds(20) {
        let (sid, token) = log_in(fixture, &ann);
        let barrier = Barrier::new(RACERS + 1);
        let everywhere = round % 2 == 0;
        let before = fixture.position();
        let born = std::thread::scope(|scope| {
            let racers: Vec<_> = (0..RACERS)
                .map(|_| {
                    scope.spawn(|| {
                        barrier.wait();
                        use_token(fixture, &token, &LENIENT, START).ok()
                    })
                })
                .collect();
            barrier.wait();
            if everywhere {
                let all = ann.public_id;
                retry(|| fixture.store.end_sessions_of(all, None, &by_operator(0)));
            } else {
                retry(|| fixture.store.end_session(sid, &by_operator(0)));
            }
            racers
                .into_iter()
                .filter_map(|racer| racer.join().expect("no panic"))
                .collect::<Vec<_>>()
        });
        let end = fixture.events_after(before).last().expect("an event").seq;
        for (successor, refreshed) in born {
            assert!(refreshed.session.pos < end, "round {round}: its access token is refused");
            use_token(fixture, &successor, &LENIENT, START).expect_err("dead");
        }
        use_token(fixture, &token, &LENIENT, START).expect_err("dead");
    }
}

fn each_end_of_a_session_ends_its_refresh_tokens(fixture: &Fixture) {
    let store = &fixture.store;
    let ann = fixture.user("Ann");
    let id = ann.public_id;
    let ends: [&dyn Fn(Uuid); 4] = [
        &|sid| {
            assert!(store.end_session(sid, &by_operator(0)).expect("answered").is_some());
        },
        &|_| assert!(store.end_sessions_of(id, None, &by_operator(0)).expect("answered")),
        &|_| {
            store.set_user_state(id, UserState::Disabled, &by_operator(0)).expect("disabled");
            store.set_user_state(id, UserState::Active, &by_operator(0)).expect("enabled");
        },
        &|_| {
            assert_eq!(store.delete_user(id, &by_operator(0)).expect("answered"), Changed::Done);
        },
    ];
    for (number, end) in ends.into_iter().enumerate() {
        let (sid, token) = log_in(fixture, &ann);
        let next = good(fixture, &token);
        end(sid);
        for token in [next, token] {
            let refused = use_token(fixture, &token, &LENIENT, START).expect_err("ended");
            // A deleted user has no tokens left.
            if number == 3 {
                assert_eq!(refused, RefreshOutcome::Unknown);
            } else {
                assert_eq!(why(refused), Reason::SessionOver, "{number}");
            }
        }
    }
}

fn database_holds_only_hashes_of_tokens(fixture: &Fixture) {
    let ann = fixture.user("Ann");
    let (_, token) = log_in(fixture, &ann);
    let next = use_token(fixture, &token, &LENIENT, START).expect("good").0;
    let known = fixture.store.find_refresh_tokens(&next.family()).expect("answered");
    let known = known.expect("a session");
    assert_eq!(known.current, next.hash());
    assert_eq!(known.previous, Some(token.hash()));
    let sealed = known.sealed.expect("kept for the window");
    assert_eq!((next.unseal(&sealed), token.unseal(&sealed)), (None, Some(next.clone())));
    let strict = use_token(fixture, &next, &STRICT, START).expect("good").0;
    let known = fixture.store.find_refresh_tokens(&strict.family()).expect("answered");
    assert_eq!(known.expect("a session").sealed, None, "without a window nothing is kept");
}

fn refreshed_session_has_current_roles_and_position(fixture: &Fixture) {
    let ann = fixture.user("Ann");
    let (sid, token) = log_in(fixture, &ann);
    fixture.store.set_user_admin(ann.public_id, true, &by_operator(0)).expect("changed");
    let (_, refreshed) = use_token(fixture, &token, &STRICT, second(5)).expect("good");
    assert_eq!(refreshed.session.roles, ["user", "admin"]);
    assert_eq!(refreshed.session.pos, fixture.position());
    assert_eq!((refreshed.session.sid, &*refreshed.audience), (sid, "api-service"));
    let listed = fixture.open_sessions(ann.public_id, second(6));
    assert_eq!(listed[0].last_used_at, second(5));
}
