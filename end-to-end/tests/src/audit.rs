//! The audit log of a running issuer. Tests inside the crate cover the rows of each route and each
//! change; these tests cover separate processes.

use std::time::Duration;

use serde_json::{Value, json};
use support::client::Client;
use support::pair::Pair;
use support::poll;
use support::user::User;

/// Five times the time that a loaded machine needs.
const LIMIT: Duration = Duration::from_mins(1);

/// Lists the audit rows by command, the latest first, with these filters.
fn listed(pair: &Pair, filters: &[&str]) -> Vec<Value> {
    let arguments = [&["audit", "list", "--limit", "1000"], filters].concat();
    let listed = pair.auth.command_json(&arguments);
    listed["audit"].as_array().expect("rows").clone()
}

#[test]
fn audit_rows_name_operator_for_commands_and_server_for_activation() {
    let mut pair = Pair::prepare();
    pair.set("AUTH_JWKS_MAX_AGE", "1s");
    pair.auth.start();
    Client::registered(&pair.auth, "reports", &["events:read"]);
    let rotated = pair.auth.command_json(&["keys", "rotate"])["kid"].clone();
    let kid = rotated.as_str().expect("a kid");
    let last = |action: &str| listed(&pair, &["--action", action]).first().cloned();
    poll::until("the server activates the key", LIMIT, || {
        last("key.activate").is_some_and(|row| row["subject"] == kid)
    });
    for (action, actor, from) in [
        ("client.add", "operator", "command line"),
        ("key.rotate", "operator", "command line"),
        ("key.activate", "server", "server"),
    ] {
        let row = last(action).expect("a row");
        assert_eq!((&row["actor_type"], &row["from"]), (&json!(actor), &json!(from)), "{row}");
    }
}

#[test]
fn server_removes_old_audit_rows() {
    let mut pair = Pair::prepare();
    assert!(!listed(&pair, &[]).is_empty(), "init is noted");
    pair.set("AUTH_AUDIT_KEEP", "1s");
    pair.auth.start();
    poll::until("they are gone", LIMIT, || listed(&pair, &[]).is_empty());
    User::signed_up(&pair.auth, "Ada");
}
