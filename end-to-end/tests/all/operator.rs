//! Commands beside a running server, and the lists that they print.

use std::time::Duration;

use end_to_end::client::Client;
use end_to_end::pair::Pair;
use end_to_end::user::User;
use end_to_end::{poll, token};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(5);

fn rows(pair: &Pair, what: &str) -> Vec<Value> {
    let listed = pair.auth.command_json(&[what, "list"]);
    listed.as_array().or_else(|| listed[what].as_array()).expect("rows").clone()
}

fn create(pair: &Pair, user: &User, more: &[&str]) {
    let arguments = ["users", "create", "--name", &user.name, "--email", &user.email];
    let input = format!("{}\n", user.password);
    pair.auth.launch.run_with(&[&arguments[..], more].concat(), &input).done();
}

#[test]
fn a_user_is_created_given_a_role_disabled_enabled_and_deleted_beside_the_server() {
    let pair = Pair::start();
    let user = User::new("Ada");
    create(&pair, &user, &[]);
    let token = user.log_in(&pair.auth);
    pair.accepts_soon("created by command", &token);
    let id = token::claims(&token)["sub"].as_str().expect("a sub").to_owned();

    pair.auth.command(&["users", "set-role", &id, "--role", "admin"]).done();
    poll::until("the role is in the next token", SOON, || {
        token::claims(&user.log_in(&pair.auth))["roles"] == json!(["user", "admin"])
    });
    pair.accepts("a change of role ends no session", &token);
    let another = User::new("Grace");
    create(&pair, &another, &["--role", "admin"]);
    pair.auth.command(&["users", "set-role", &id, "--role", "user"]).done();

    pair.auth.command(&["users", "disable", &id]).done();
    poll::until("the guard refuses", SOON, || pair.me(&token).status == 401);
    let grace = another.log_in(&pair.auth);
    let listed = pair.api.get("/user").bearer(&grace).send().expect(200).json();
    assert_eq!(listed["users"].as_array().map(Vec::len), Some(2), "disabled ones are listed");
    pair.auth.command(&["users", "enable", &id]).done();
    let fresh = user.log_in(&pair.auth);
    pair.accepts("enabled", &fresh);

    pair.auth.command(&["users", "delete", &id]).done();
    poll::until("the guard refuses", SOON, || pair.me(&fresh).status == 401);
    pair.refuses_as("revoked", "deleted", &fresh);
    assert_eq!(user.try_login(&pair.auth).status, 401);
    let listed = pair.api.get("/user").bearer(&grace).send().expect(200).json();
    assert_eq!(listed["users"].as_array().map(Vec::len), Some(1), "deleted ones are not");
    user.sign_up(&pair.auth).expect(201);
    pair.refuses_as("revoked", "a later account of the address", &fresh);
}

#[test]
fn the_last_admin_stays() {
    let pair = Pair::prepare();
    let user = User::new("Root");
    create(&pair, &user, &["--role", "admin"]);
    let id = rows(&pair, "users")[0]["public_id"].as_str().expect("an id").to_owned();
    for arguments in [
        &["users", "disable", &id][..],
        &["users", "delete", &id],
        &["users", "set-role", &id, "--role", "user"],
    ] {
        pair.auth.command(arguments).failed_with(1, &["admin"]);
    }
    create(&pair, &User::new("Second"), &["--role", "admin"]);
    pair.auth.command(&["users", "delete", &id]).done();
}

#[test]
fn there_is_no_account_before_somebody_makes_one() {
    let pair = Pair::prepare();
    assert!(rows(&pair, "users").is_empty());
    let clients: Vec<_> =
        rows(&pair, "clients").iter().map(|row| row["client_id"].clone()).collect();
    assert_eq!(clients, ["api-service"]);
}

#[test]
fn a_command_that_cannot_be_done_says_why_in_one_line() {
    let pair = Pair::prepare();
    let nobody = uuid::Uuid::new_v4().to_string();
    for command in ["disable", "enable", "delete"] {
        pair.auth.command(&["users", command, &nobody]).failed_with(1, &[&nobody]);
    }
    pair.auth
        .command(&["users", "set-role", &nobody, "--role", "admin"])
        .failed_with(1, &[&nobody]);
    let make = |name: &str, email: &str, password: &str| {
        let arguments = ["users", "create", "--name", name, "--email", email];
        pair.auth.launch.run_with(&arguments, password)
    };
    make("Ada", "ada@example.org", "short\n").failed_with(1, &["password"]);
    make("Ada", "ada@example.org", "").failed_with(1, &["password"]);
    make("Ada", "no address", "a long and quiet evening\n").failed_with(1, &["mail"]);
    make("", "ada@example.org", "a long and quiet evening\n").failed_with(1, &["name"]);
    make("Ada", "ada@example.org", "a long and quiet evening\n").done();
    make("Ada", "ADA@example.org", "a long and quiet evening\n").failed_with(1, &["another user"]);
    assert_eq!(rows(&pair, "users").len(), 1);
}

#[test]
fn a_password_may_come_from_a_file_and_loses_one_line_end_alone() {
    let mut pair = Pair::prepare();
    pair.auth.start();
    let user = User { password: "  blanks count  ".into(), ..User::new("Ada") };
    let file = pair.folder().join("password");
    end_to_end::forge::write_private(&file, &format!("{}\n", user.password));
    let file = file.to_string_lossy();
    let arguments = ["users", "create", "--name", "Ada", "--email", &user.email];
    pair.auth.command(&[&arguments[..], &["--password-file", &file]].concat()).done();
    user.log_in(&pair.auth);
}

#[test]
fn lists_are_tables_for_people_and_json_for_programs() {
    let pair = Pair::prepare();
    let user = User::new("Ada");
    create(&pair, &user, &[]);
    Client::registered(&pair.auth, "reports", &["events:read"]);
    for (what, shown) in [("users", &*user.email), ("clients", "reports"), ("keys", "active")] {
        let table = pair.auth.command(&[what, "list"]).done().out;
        assert!(table.contains(shown) && !table.contains('{'), "{table}");
        assert!(!rows(&pair, what).is_empty());
        for secret in ["argon2", "PRIVATE", "secret"] {
            assert!(!table.contains(secret), "{table}");
        }
    }
    let client = rows(&pair, "clients").iter().find(|row| row["client_id"] == "reports").cloned();
    assert!(client.is_some_and(|row| row["client_secret"].is_null()), "a secret is shown once");
}

#[test]
fn a_name_that_would_paint_the_terminal_is_shown_escaped() {
    let pair = Pair::prepare();
    let user = User { name: "Ada \u{202e}\u{200b}evil".into(), ..User::new("x") };
    let arguments = ["users", "create", "--name", &user.name, "--email", &user.email];
    let ended = pair.auth.launch.run_with(&arguments, &format!("{}\n", user.password));
    if ended.code == Some(0) {
        let table = pair.auth.command(&["users", "list"]).done().out;
        assert!(!table.contains('\u{202e}'), "{table:?}");
    }
}
