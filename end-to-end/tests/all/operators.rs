//! The operators' routes, and what guards make of what was done there.

use std::time::Duration;

use end_to_end::client::Client;
use end_to_end::http::Answer;
use end_to_end::pair::{Pair, refused};
use end_to_end::user::User;
use end_to_end::{poll, token};
use serde_json::{Value, json};

/// The contract promises one second; a loaded machine may take five.
const SOON: Duration = Duration::from_secs(5);

/// What is asked of a guard that gets itself a new token may take a few tries.
const RECOVERY: Duration = Duration::from_secs(30);

/// Somebody who administers.
struct Operator<'p> {
    pair: &'p Pair,
    user: User,
}

impl<'p> Operator<'p> {
    fn of(pair: &'p Pair) -> Self {
        let user = User::new("Root");
        let arguments = ["users", "create", "--name", &user.name, "--email", &user.email];
        let arguments = [&arguments[..], &["--role", "admin"]].concat();
        pair.auth.launch.run_with(&arguments, &format!("{}\n", user.password)).done();
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

/// Asks that the guard refuses the token soon, as revoked.
fn is_refused(pair: &Pair, why: &str, token: &str) {
    poll::until(why, SOON, || pair.me(token).status == 401);
    pair.refuses_as("revoked", why, token);
}

#[test]
fn whomever_an_operator_shuts_out_every_guard_refuses() {
    let pair = Pair::start();
    let operator = Operator::of(&pair);
    let user = User::signed_up(&pair.auth, "Ada");
    let id = user.public_id(&pair.auth);
    let (one, other) = (user.log_in(&pair.auth), user.log_in(&pair.auth));
    pair.accepts("before", &one);
    let listed = operator.call("GET", &format!("/admin/users/{id}/sessions"), None).expect(200);
    let listed = listed.json()["sessions"].as_array().expect("sessions").clone();
    assert!(listed.iter().any(|session| session["sid"] == claim(&one, "sid")), "{listed:?}");

    let path = format!("/admin/sessions/{}", claim(&one, "sid"));
    operator.call("DELETE", &path, None).expect(204);
    is_refused(&pair, "its session was ended", &one);
    pair.accepts("another session", &other);
    operator.call("POST", &format!("/admin/users/{id}/logout"), None).expect(204);
    is_refused(&pair, "logged out", &other);

    let fresh = user.log_in(&pair.auth);
    pair.accepts("logged in again", &fresh);
    operator.call("POST", &format!("/admin/users/{id}/disable"), None).expect(204);
    is_refused(&pair, "disabled", &fresh);
    assert_eq!(user.try_login(&pair.auth).status, 403);
    operator.call("POST", &format!("/admin/users/{id}/enable"), None).expect(204);
    pair.refuses_as("revoked", "enabled, which revives no session", &fresh);

    let last = user.log_in(&pair.auth);
    pair.accepts("enabled", &last);
    operator.call("DELETE", &format!("/admin/users/{id}"), None).expect(204);
    is_refused(&pair, "deleted", &last);
    operator.call("DELETE", &format!("/admin/users/{id}"), None).problem(404);
}

#[test]
fn removed_role_revokes_tokens_at_the_guard() {
    let pair = Pair::start_with(&[("API_USER_LIST", "admin")]);
    let operator = Operator::of(&pair);
    let user = User::signed_up(&pair.auth, "Ada");
    let path = format!("/admin/users/{}/roles", user.public_id(&pair.auth));
    let set = |roles: &Value| {
        operator.call("PUT", &path, Some(&json!({"roles": roles}))).expect(204);
    };
    let list = |token: &str| pair.api.get("/user").bearer(token).send().status;
    set(&json!(["user", "admin"]));
    let token = user.log_in(&pair.auth);
    assert_eq!(list(&token), 200);
    set(&json!(["user"]));
    is_refused(&pair, "its role was removed", &token);
    let fresh = user.log_in(&pair.auth);
    pair.accepts("a new token with the role that is left", &fresh);
    assert_eq!(list(&fresh), 403);
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

#[test]
fn the_tokens_of_a_removed_client_are_refused_by_the_guard() {
    let pair = Pair::start();
    let operator = Operator::of(&pair);
    let body = json!({"client_id": "reports", "scope": "read"});
    let added = operator.call("POST", "/admin/clients", Some(&body)).expect(201).json();
    let secret = added["client_secret"].as_str().expect("a secret").to_owned();
    let client = Client { id: "reports".into(), secret };
    let token = client.token_with(&pair.auth, &[("audience", "api-service")]);
    let user = || pair.api.get("/user").bearer(&token).send();
    assert_eq!(user().status, 403, "good, and without a right to users");
    operator.call("DELETE", "/admin/clients/reports", None).expect(204);
    poll::until("the guard refuses", SOON, || user().status == 401);
    assert!(refused("a removed client", &token, &user()).contains("revoked"));
    assert_eq!(client.try_token(&pair.auth, &[]).status, 401);
}

/// Asks that the guard hears of what happens, twice: the first event ends the call that is open, and
/// the next call needs a token that is good.
fn hears(pair: &Pair, why: &str) {
    for _ in 0..2 {
        let user = User::signed_up(&pair.auth, "Ada");
        poll::until(why, RECOVERY, || pair.me(&user.log_in(&pair.auth)).status == 200);
    }
}

/// So long that the guard has to get itself another token, which lives for five seconds.
fn until_the_next_token(pair: &Pair) {
    poll::throughout("the guard is ready", Duration::from_secs(6), || pair.api.ready());
}

#[test]
fn a_guard_goes_on_through_every_rotation_of_its_secret() {
    let pair = Pair::start_with(&[("AUTH_ACCESS_TOKEN_TTL", "5s")]);
    let operator = Operator::of(&pair);
    let file = pair.auth.path("keys/clients/api-service.secret");
    let rotate = |overlap: &str| {
        let path = "/admin/clients/api-service/rotate-secret";
        let body = json!({"overlap": overlap});
        let answer = operator.call("POST", path, Some(&body)).expect(201).json();
        answer["client_secret"].as_str().expect("a secret").to_owned()
    };
    // In one step: the guard may read the file at any moment, and half a secret is a wrong one.
    let write = |secret: &str| {
        let beside = pair.folder().join("secret");
        end_to_end::forge::write_private(&beside, &format!("{secret}\n"));
        std::fs::rename(&beside, &file).expect("put in its place");
    };
    hears(&pair, "before");

    // With an overlap, the old secret does until the new one is there.
    let new = rotate("1h");
    until_the_next_token(&pair);
    hears(&pair, "with the old secret");
    write(&new);
    until_the_next_token(&pair);
    hears(&pair, "with the new secret");
    assert!(!pair.api.log().contains("invalid_client"), "{}", pair.api.log());

    // By command, the file is new when the command ends.
    pair.auth.command(&["clients", "rotate-secret", "api-service", "--overlap", "0s"]).done();
    until_the_next_token(&pair);
    hears(&pair, "rotated by command, without an overlap");

    // Without one and without the file, the guard answers by what it holds, and takes up the
    // secret when it comes.
    let last = rotate("0s");
    let cut_off = || pair.api.log().contains("invalid_client");
    poll::until("the guard is refused", RECOVERY, || {
        // An event ends the call that is open.
        User::signed_up(&pair.auth, "Ada");
        cut_off()
    });
    assert!(pair.api.ready(), "it answers all the same");
    write(&last);
    hears(&pair, "with the secret that came late");
}
