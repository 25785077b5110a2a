//! The operators' routes, and their effect at guards.

use std::time::Duration;

use serde_json::{Value, json};
use support::http::Answer;
use support::pair::Pair;
use support::user::User;
use support::{poll, token};

/// The contract promises one second; a loaded machine may take five.
const SOON: Duration = Duration::from_secs(5);

/// A guard that gets itself a new token may need a few tries.
const RECOVERY: Duration = Duration::from_secs(30);

/// An admin who calls the operators' routes.
struct Operator<'p> {
    pair: &'p Pair,
    user: User,
}

impl<'p> Operator<'p> {
    fn of(pair: &'p Pair) -> Self {
        let user = User::admin(&pair.auth, "Root");
        Self { pair, user }
    }

    fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let token = self.user.log_in_for(&self.pair.auth, &self.pair.auth.url);
        let request = self.pair.auth.request(method, path).bearer(&token);
        match body {
            Some(body) => request.json(body).send(),
            None => request.send(),
        }
    }
}

fn claim(token: &str, name: &str) -> String {
    token::claims(token)[name].as_str().expect("a text").to_owned()
}

/// Asserts that the guard soon refuses the token as revoked.
fn is_refused(pair: &Pair, why: &str, token: &str) {
    poll::until(why, SOON, || pair.me(token).status == 401);
    pair.refuses_as("revoked", why, token);
}

#[test]
fn commands_list_and_end_sessions_beside_the_server() {
    let pair = Pair::start();
    let user = User::signed_up(&pair.auth, "Ada");
    let (one, other) = (user.log_in(&pair.auth), user.log_in(&pair.auth));
    let sids = |arguments: &[&str]| {
        let listed = pair.auth.command_json(&[&["sessions", "list"], arguments].concat());
        let rows = listed["sessions"].as_array().expect("rows").clone();
        assert!(rows.iter().all(|row| row["address"] == "127.0.0.1"), "{rows:?}");
        rows.iter().map(|row| row["sid"].as_str().expect("a sid").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(sids(&[&user.email]), [claim(&other, "sid"), claim(&one, "sid")]);
    assert_eq!(sids(&["--limit", "1"]).len(), 1);
    pair.auth.command(&["sessions", "revoke", &claim(&one, "sid")]).done();
    is_refused(&pair, "revoked by command", &one);
    pair.accepts("another session", &other);
    assert_eq!(sids(&[]), [claim(&other, "sid")]);
    pair.auth.command(&["users", "logout", &user.email]).done();
    is_refused(&pair, "logged out by command", &other);
    assert!(sids(&[]).is_empty());
}

/// Asserts twice that the guard gets an event: the first event ends the open call, and the next
/// call needs a good token.
fn hears(pair: &Pair, why: &str) {
    for _ in 0..2 {
        let user = User::signed_up(&pair.auth, "Ada");
        poll::until(why, RECOVERY, || pair.me(&user.log_in(&pair.auth)).status == 200);
    }
}

/// Waits until the guard must get another token, since its token lives for five seconds.
fn until_the_next_token(pair: &Pair) {
    poll::throughout("the guard is ready", Duration::from_secs(6), || pair.api.ready());
}

#[test]
fn guard_serves_through_client_secret_rotations() {
    let pair = Pair::start_with(&[("AUTH_ACCESS_TOKEN_TTL", "5s")]);
    let operator = Operator::of(&pair);
    let file = pair.auth.path("keys/clients/api-service.secret");
    let rotate = |overlap: &str| {
        let path = "/admin/clients/api-service/rotate-secret";
        let body = json!({"overlap": overlap});
        let answer = operator.call("POST", path, Some(&body)).expect(201).json();
        answer["client_secret"].as_str().expect("a secret").to_owned()
    };
    // The write is atomic: the guard may read the file at any moment, and half is wrong.
    let write = |secret: &str| {
        let beside = pair.folder().join("secret");
        support::forge::write_private(&beside, &format!("{secret}\n"));
        std::fs::rename(&beside, &file).expect("put in its place");
    };
    hears(&pair, "before");

    // With an overlap, the old secret works until the file holds the new one.
    let new = rotate("1h");
    until_the_next_token(&pair);
    hears(&pair, "with the old secret");
    write(&new);
    assert!(!pair.api.log().contains("invalid_client"), "{}", pair.api.log());

    // The command writes the file before it ends.
    pair.auth.command(&["clients", "rotate-secret", "api-service", "--overlap", "0s"]).done();
    until_the_next_token(&pair);
    hears(&pair, "rotated by command, without an overlap");

    // Without an overlap and a new file, the guard answers from its replica, and uses the secret
    // once it arrives.
    let last = rotate("0s");
    let cut_off = || pair.api.log().contains("invalid_client");
    poll::until("the guard is refused", RECOVERY, || {
        // An event ends the open call.
        User::signed_up(&pair.auth, "Ada");
        cut_off()
    });
    assert!(pair.api.ready(), "it answers all the same");
    write(&last);
    hears(&pair, "with the secret that came late");
}
