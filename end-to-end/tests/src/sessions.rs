//! Sessions and their ends, at the issuer and at the guard. A session acknowledged as ended is
//! ended everywhere, and stays ended.

use std::time::Duration;

use serde_json::json;
use support::pair::Pair;
use support::user::{Session, User};
use support::{poll, token};
use uuid::Uuid;

/// The contract promises one second; a loaded machine may take five.
const SOON: Duration = Duration::from_secs(5);

/// Asserts that the session's tokens end: at the issuer at once, at the guard soon.
fn is_dead(pair: &Pair, why: &str, session: &Session) {
    let answer = Session::try_refresh(&pair.auth, &session.refresh);
    assert_eq!((answer.status, &answer.json()["error"]), (400, &json!("invalid_grant")), "{why}");
    assert_eq!(pair.auth.post("/logout").bearer(&session.access).send().status, 401, "{why}");
    poll::until(why, SOON, || pair.me(&session.access).status == 401);
    pair.refuses_as("revoked", why, &session.access);
}

#[test]
fn logout_ends_a_refreshed_session_at_the_guard() {
    let pair = Pair::start();
    let user = User::signed_up(&pair.auth, "Ada");
    let log_in = || Session::opened(&pair.auth, &user, "api-service");
    let (first, other) = (log_in(), log_in());
    let next = first.refreshed(&pair.auth);
    pair.accepts("refreshed", &next.access);
    pair.accepts("the one before", &first.access);
    assert_eq!(token::claims(&first.access)["sid"], token::claims(&next.access)["sid"]);

    pair.auth.post("/logout").bearer(&next.access).send().expect(204);
    is_dead(&pair, "logged out", &next);
    pair.refuses_as("revoked", "of the same session", &first.access);
    pair.accepts("another session", &other.access);
    pair.accepts("refreshed", &other.refreshed(&pair.auth).access);
}

#[test]
fn kill_during_refresh_leaves_exactly_one_usable_token() {
    let mut pair = Pair::prepare();
    pair.set("AUTH_REFRESH_REPEAT_WINDOW", "10m");
    pair.auth.start();
    let user = User::signed_up(&pair.auth, "Ada");
    let mut last = Session::opened(&pair.auth, &user, "api-service").refresh;
    for round in 0..8 {
        let (random, _) = Uuid::new_v4().as_u64_pair();
        let pause = Duration::from_millis(random % 120);
        let url = format!("{}/oauth2/token", pair.auth.url);
        // The refresh token that was sent last, without an answer.
        let held = std::thread::scope(|scope| {
            let refreshing = scope.spawn(|| {
                let mut held = last.clone();
                loop {
                    let form = [("grant_type", "refresh_token"), ("refresh_token", &*held)];
                    match support::http::request("POST", &url).form(&form).try_send() {
                        Ok(answer) if answer.status == 200 => {
                            held = Session::read(&answer).refresh;
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
        let renew = |token: &str| {
            Session::read(&Session::try_refresh(&pair.auth, token).expect(200)).refresh
        };
        let (next, again) = (renew(&held), renew(&held));
        assert_eq!(next, again, "{seen}: never two");
        last = renew(&next);
    }
}
