//! Sessions and their ends, at the issuer and at the guard: what is acknowledged as ended is ended
//! everywhere, and stays so.

use std::time::Duration;

use end_to_end::http::Answer;
use end_to_end::pair::Pair;
use end_to_end::service::Service;
use end_to_end::user::User;
use end_to_end::{poll, token};
use serde_json::json;
use uuid::Uuid;

/// The contract promises one second; a loaded machine may take five.
const SOON: Duration = Duration::from_secs(5);

/// The tokens of a log-in.
struct Session {
    access: String,
    refresh: String,
}

fn log_in(auth: &Service, user: &User) -> Session {
    session(&user.try_login(auth).expect(201), "token")
}

fn session(answer: &Answer, access: &str) -> Session {
    let body = answer.json();
    let text = |member: &str| body[member].as_str().expect("a token").to_owned();
    Session { access: text(access), refresh: text("refresh_token") }
}

fn refresh(auth: &Service, token: &str) -> Answer {
    let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
    auth.post("/oauth2/token").form(&form).send()
}

/// Asks that nothing of the session is good any more, at the issuer at once, at the guard soon.
fn is_dead(pair: &Pair, why: &str, session: &Session) {
    let answer = refresh(&pair.auth, &session.refresh);
    assert_eq!((answer.status, &answer.json()["error"]), (400, &json!("invalid_grant")), "{why}");
    assert_eq!(pair.auth.post("/logout").bearer(&session.access).send().status, 401, "{why}");
    poll::until(why, SOON, || pair.me(&session.access).status == 401);
    pair.refuses_as("revoked", why, &session.access);
}

#[test]
fn a_refreshed_session_goes_on_and_a_log_out_ends_it_at_the_guard_too() {
    let pair = Pair::start();
    let user = User::signed_up(&pair.auth, "Ada");
    let (first, other) = (log_in(&pair.auth, &user), log_in(&pair.auth, &user));
    let next = session(&refresh(&pair.auth, &first.refresh).expect(200), "access_token");
    pair.accepts("refreshed", &next.access);
    pair.accepts("the one before", &first.access);
    assert_eq!(token::claims(&first.access)["sid"], token::claims(&next.access)["sid"]);

    pair.auth.post("/logout").bearer(&next.access).send().expect(204);
    is_dead(&pair, "logged out", &next);
    pair.refuses_as("revoked", "of the same session", &first.access);
    pair.accepts("another session", &other.access);
    refresh(&pair.auth, &other.refresh).expect(200);
}

/// What ends all sessions of somebody, by one of them.
type End<'t> = (&'t str, &'t dyn Fn(&Session));

#[test]
fn whatever_ends_all_sessions_ends_them_at_the_guard_and_no_later_one() {
    let pair = Pair::start();
    let user = User::signed_up(&pair.auth, "Ada");
    let id = user.public_id(&pair.auth);
    let ends: [End; 2] = [
        ("/logout/all", &|own| {
            pair.auth.post("/logout/all").bearer(&own.access).send().expect(204);
        }),
        ("disabled", &|_| {
            pair.auth.command(&["users", "disable", &id]).done();
            pair.auth.command(&["users", "enable", &id]).done();
        }),
    ];
    for (why, end) in ends {
        let (own, other) = (log_in(&pair.auth, &user), log_in(&pair.auth, &user));
        pair.accepts("before", &other.access);
        end(&own);
        // In the same second, most often: positions tell them apart, not times.
        let fresh = log_in(&pair.auth, &user);
        for session in [&own, &other] {
            is_dead(&pair, why, session);
        }
        pair.accepts(why, &fresh.access);
        refresh(&pair.auth, &fresh.refresh).expect(200);
    }
    let last = log_in(&pair.auth, &user);
    pair.accepts("before", &last.access);
    pair.auth.command(&["users", "delete", &id]).done();
    is_dead(&pair, "deleted", &last);
}

#[test]
fn a_new_password_ends_every_other_session() {
    let pair = Pair::start();
    let user = User::signed_up(&pair.auth, "Ada");
    let (own, other) = (log_in(&pair.auth, &user), log_in(&pair.auth, &user));
    let change = |current: &str, new: &str| {
        let form = [("current_password", current), ("new_password", new)];
        pair.auth.post("/password").bearer(&own.access).form(&form).send()
    };
    change("wrong", "a long and quiet evening").problem(403);
    change(&user.password, "password").problem(422);
    pair.accepts("nothing has changed", &other.access);
    change(&user.password, "a long and quiet evening").expect(204);
    is_dead(&pair, "the password was changed elsewhere", &other);
    pair.accepts("one's own session goes on", &own.access);
    refresh(&pair.auth, &own.refresh).expect(200);
    assert_eq!(user.try_login(&pair.auth).status, 403);
}

#[test]
fn what_was_revoked_stays_so_over_restarts_a_new_replica_and_a_feed_that_was_cut() {
    let mut pair = Pair::start_with(&[("AUTH_FEED_KEEP", "1s")]);
    let user = User::signed_up(&pair.auth, "Ada");
    let one = log_in(&pair.auth, &user);
    pair.auth.post("/logout").bearer(&one.access).send().expect(204);
    is_dead(&pair, "logged out", &one);
    let all = log_in(&pair.auth, &user);
    pair.auth.post("/logout/all").bearer(&all.access).send().expect(204);
    is_dead(&pair, "logged out everywhere", &all);
    let fresh = log_in(&pair.auth, &user);
    let still = |pair: &Pair, why: &str| {
        for session in [&one, &all] {
            is_dead(pair, why, session);
        }
        pair.accepts(why, &fresh.access);
    };

    pair.auth.restart();
    still(&pair, "after a restart of the issuer");
    pair.api.restart();
    still(&pair, "after a restart of the guard");
    pair.api.stop();
    std::fs::remove_dir_all(pair.api.path("data")).expect("a replica");
    pair.api.start();
    still(&pair, "with a new replica");

    // Events of the pause are gone from the feed before the guard comes back.
    pair.api.stop();
    let late = log_in(&pair.auth, &user);
    pair.auth.post("/logout").bearer(&late.access).send().expect(204);
    User::signed_up(&pair.auth, "Grace");
    poll::throughout("longer than the feed is kept", Duration::from_secs(3), || true);
    User::signed_up(&pair.auth, "Edsger");
    pair.start_guard();
    pair.refuses_as("revoked", "ended while the guard was away", &late.access);
    still(&pair, "after a feed that was cut");
}

#[test]
fn a_refresh_cut_off_by_a_sudden_end_leaves_exactly_one_usable_token() {
    let mut pair = Pair::prepare();
    pair.set("AUTH_REFRESH_REPEAT_WINDOW", "10m");
    pair.auth.start();
    let user = User::signed_up(&pair.auth, "Ada");
    let mut last = log_in(&pair.auth, &user).refresh;
    for round in 0..8 {
        let (random, _) = Uuid::new_v4().as_u64_pair();
        let pause = Duration::from_millis(random % 120);
        let url = format!("{}/oauth2/token", pair.auth.url);
        // The token whose answer never came.
        let held = std::thread::scope(|scope| {
            let refreshing = scope.spawn(|| {
                let mut held = last.clone();
                loop {
                    let form = [("grant_type", "refresh_token"), ("refresh_token", &*held)];
                    match end_to_end::http::request("POST", &url).form(&form).try_send() {
                        Ok(answer) if answer.status == 200 => {
                            held = session(&answer, "access_token").refresh;
                        }
                        Ok(answer) if answer.status == 503 => {}
                        Ok(answer) => panic!("{answer:?}"),
                        Err(_) => return held,
                    }
                }
            });
            poll::throughout("a random moment", pause, || true);
            pair.auth.process().signal("KILL");
            refreshing.join().expect("no panic")
        });
        pair.auth.wait_end(Duration::from_secs(5));
        pair.auth.start();
        let seen = format!("round {round}, killed after {pause:?}");
        let next = session(&refresh(&pair.auth, &held).expect(200), "access_token").refresh;
        let again = session(&refresh(&pair.auth, &held).expect(200), "access_token").refresh;
        assert_eq!(next, again, "{seen}: never two");
        last = session(&refresh(&pair.auth, &next).expect(200), "access_token").refresh;
    }
}
