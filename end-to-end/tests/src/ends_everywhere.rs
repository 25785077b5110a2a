//! Every way to end tokens works at every guard: at one that runs, one that is restarted, one
//! without a replica, one that was away longer than the feed's retention, and one that was cut off.

use std::time::Duration;

use support::client::Client;
use support::hearing::{self};
use support::pair::{Pair, guard_of};
use support::poll;
use support::service::Service;
use support::token;
use support::user::User;

/// The contract promises one second; a loaded machine may take five.
const SOON: Duration = Duration::from_secs(5);

/// The time limit for a start, or for maintenance that is due.
const PATIENCE: Duration = Duration::from_secs(40);

/// The kind of token, the token, and the word that its refusal must hold.
type Ended = (&'static str, String, &'static str);

fn status(guard: &Service, token: &str) -> u16 {
    guard.get("/user/me").bearer(token).send().status
}

#[track_caller]
fn refuses_all(guard: &Service, which: &str, ended: &[Ended]) {
    for (what, token, word) in ended {
        let answer = guard.get("/user/me").bearer(token).send();
        let challenge = answer.header("www-authenticate");
        assert_eq!(answer.status, 401, "{which}, {what}: {challenge}");
        assert!(challenge.contains(word), "{which}, {what}: {challenge}");
    }
}

/// Ends tokens in every possible way; returns them.
fn ends(pair: &Pair, before: impl FnOnce(&[(&'static str, String)])) -> Vec<Ended> {
    let auth = &pair.auth;
    let of_key = User::signed_up(auth, "Keyed").log_in(auth);
    let kid = token::read(&of_key).0["kid"].as_str().expect("a kid").to_owned();
    poll::until("the guard takes it", PATIENCE, || status(&pair.api, &of_key) == 200);
    auth.command(&["keys", "revoke", &kid]).done();

    let [disabled, deleted, changed, left] =
        ["Disabled", "Deleted", "Changed", "Left"].map(|name| User::signed_up(auth, name));
    let client = Client::registered(auth, "reports", &["events:read"]);
    let mut tokens = [&disabled, &deleted, &changed, &left].map(|user| user.log_in(auth)).to_vec();
    tokens.push(client.token_with(auth, &[("audience", "api-service")]));
    let names = ["disabled", "deleted", "a new password", "logged out", "a client"];
    let tokens: Vec<_> = names.into_iter().zip(tokens).collect();
    before(&tokens);

    let id = |token: &str| token::claims(token)["sub"].as_str().expect("a sub").to_owned();
    auth.command(&["users", "disable", &id(&tokens[0].1)]).done();
    auth.command(&["users", "delete", &id(&tokens[1].1)]).done();
    let own = changed.log_in(auth);
    let form =
        [("current_password", &*changed.password), ("new_password", "a long and quiet evening")];
    auth.post("/password").bearer(&own).form(&form).send().expect(204);
    auth.post("/logout").bearer(&tokens[3].1).send().expect(204);
    auth.command(&["clients", "remove", "reports"]).done();
    let mut ended: Vec<_> =
        tokens.into_iter().map(|(what, token)| (what, token, "revoked")).collect();
    ended.push(("a revoked key", of_key, "key"));
    ended
}

#[test]
fn each_revocation_reaches_every_guard_after_each_fault() {
    let mut pair = Pair::start_with(&[("AUTH_FEED_KEEP", "1s")]);
    let mut away = guard_of(&pair.auth, &pair.folder().join("away"));
    away.start();
    let ended = ends(&pair, |tokens| {
        for guard in [&pair.api, &away] {
            for (what, token) in tokens {
                // A client's token is good; 403 shows that it lacks the right.
                let good = if *what == "a client" { 403 } else { 200 };
                poll::until(what, PATIENCE, || status(guard, token) == good);
            }
        }
        away.stop();
    });
    let good = User::signed_up(&pair.auth, "Good").log_in(&pair.auth);

    for (what, token, _) in &ended {
        poll::until(what, SOON, || status(&pair.api, token) == 401);
    }
    refuses_all(&pair.api, "one that runs", &ended);
    pair.api.restart();
    refuses_all(&pair.api, "one that was started again", &ended);
    let mut fresh = guard_of(&pair.auth, &pair.folder().join("fresh"));
    fresh.start();
    refuses_all(&fresh, "one without a replica", &ended);
    let issuers = Client::of_the_guard(&pair.auth).token(&pair.auth);
    let oldest = || {
        let page = pair.auth.get("/directory/users").bearer(&issuers).send().expect(200).json();
        let after = page["position"].as_u64().expect("a position");
        let path = format!("/feed?after={after}&wait=0");
        let page = pair.auth.get(&path).bearer(&issuers).send().expect(200).json();
        page["oldest"].as_u64() == Some(after + 1)
    };
    poll::until("the feed has forgotten", PATIENCE, oldest);
    hearing::start(&mut away);
    away.wait_log("no longer keeps this guard's position");
    refuses_all(&away, "one that was away", &ended);
    for guard in [&pair.api, &fresh, &away] {
        assert_eq!(status(guard, &good), 200, "the control");
    }
}
