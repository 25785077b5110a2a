//! The audit log of the running pair: every act that has a name leaves a row under it.

use std::collections::BTreeSet;
use std::time::Duration;

use end_to_end::client::Client;
use end_to_end::forge::Forge;
use end_to_end::pair::Pair;
use end_to_end::poll;
use end_to_end::user::User;
use serde_json::{Value, json};

/// Five times what a loaded machine needs.
const LIMIT: Duration = Duration::from_mins(1);

/// Whom the pair's issuer calls itself in tokens.
fn issuer(pair: &Pair) -> String {
    let metadata = pair.auth.get("/.well-known/oauth-authorization-server").send().expect(200);
    metadata.json()["issuer"].as_str().expect("an issuer").to_owned()
}

fn create(pair: &Pair, user: &User, more: &[&str]) -> String {
    let arguments = ["users", "create", "--name", &user.name, "--email", &user.email];
    let input = format!("{}\n", user.password);
    let made = pair.auth.launch.run_with(&[&arguments[..], more].concat(), &input).done();
    made.out.trim().to_owned()
}

/// The rows by the command, the latest first, with these filters.
fn listed(pair: &Pair, filters: &[&str]) -> Vec<Value> {
    let arguments = [&["audit", "list", "--limit", "1000"], filters].concat();
    let listed = pair.auth.command_json(&arguments);
    listed["audit"].as_array().expect("rows").clone()
}

/// Who, what, whom and from where, of a row.
fn told(row: &Value) -> [&Value; 5] {
    ["actor_type", "action", "subject_type", "outcome", "from"].map(|member| &row[member])
}

/// Every action that the service knows, as it names them to one who asks for another.
fn every_action(pair: &Pair, admin: &str) -> BTreeSet<String> {
    let refused = pair.auth.get("/admin/audit?action=nonsense").bearer(admin).send().problem(422);
    let text = refused.to_string();
    let (_, words) = text.split_once("is none of ").expect("the names");
    let end = words.find('"').expect("an end");
    words[..end].split(", ").map(str::to_owned).collect()
}

#[test]
fn every_act_leaves_a_row_that_says_who_did_it_to_whom_and_from_where() {
    let pair = Pair::start_forged(&[
        ("AUTH_JWKS_MAX_AGE", "1s"),
        ("AUTH_LOGIN_FAILURES_PER_ACCOUNT", "50/15m"),
    ]);
    let auth = &pair.auth;
    let root = User::new("Root");
    let root_id = create(&pair, &root, &["--role", "admin"]);
    let admin = root.log_in_for(auth, &issuer(&pair));
    let ada = User::signed_up(auth, "Ada");
    let ada_id = ada.public_id(auth);
    ada.sign_up(auth).expect(202);

    // By oneself: log-ins, refreshes, ends of sessions, a password.
    auth.post("/login").form(&[("email", &ada.email), ("password", "guess")]).send().expect(403);
    let session = || ada.try_login(auth).expect(201).json();
    let text = |answer: &Value, member: &str| answer[member].as_str().expect("text").to_owned();
    let used = text(&session(), "refresh_token");
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", &*used)];
    auth.post("/oauth2/token").form(&refresh).send().expect(200);
    auth.post("/oauth2/token").form(&refresh).send().expect(400);
    let given_up = text(&session(), "refresh_token");
    auth.post("/oauth2/revoke").form(&[("token", &given_up)]).send().expect(200);
    auth.post("/logout").bearer(&text(&session(), "token")).send().expect(204);
    auth.post("/logout/all").bearer(&text(&session(), "token")).send().expect(204);
    let change = [("current_password", &*ada.password), ("new_password", "another horse, please")];
    let changing = auth.post("/password").bearer(&text(&session(), "token"));
    changing.form(&change).send().expect(204);

    // Services.
    let reports = Client::registered(auth, "reports", &["directory:read"]);
    reports.try_token(auth, &[("scope", "admin")]).expect(400);
    Client { secret: "guess".into(), ..reports }.try_token(auth, &[]).expect(401);
    auth.command(&["clients", "rotate-secret", "reports"]).done();
    let by_route = |method: &str, path: &str, body: &Value| {
        auth.request(method, path).bearer(&admin).json(body).send()
    };
    let rotate = "/admin/clients/reports/rotate-secret";
    let told_once = by_route("POST", rotate, &json!({"overlap": "0s"})).expect(201).json();
    auth.command(&["clients", "remove", "reports"]).done();
    by_route("POST", "/admin/clients", &json!({"client_id": "billing"})).expect(201);

    // Operators, by route and by command.
    let admin_route = |method: &str, path: &str| {
        auth.request(method, path).bearer(&admin).send().expect(204);
    };
    admin_route("DELETE", "/admin/clients/billing");
    for what in ["disable", "enable", "logout"] {
        admin_route("POST", &format!("/admin/users/{ada_id}/{what}"));
    }
    auth.command(&["users", "set-role", &ada_id, "--role", "admin"]).done();
    admin_route("DELETE", &format!("/admin/users/{ada_id}"));
    let file = auth.path("users.jsonl");
    let imported = json!({
        "public_id": "0b0e8a3e-6cbe-4a1b-9d4f-7c3d1f8e2a10", "name": "Ben",
        "email": "ben@example.org",
        "password_hash": "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g",
    });
    std::fs::write(&file, format!("{imported}\n")).expect("written");
    auth.command(&["users", "import", "users.jsonl"]).done();

    // Keys: by command, by the server's own schedule, and void at the end.
    let rotated = auth.command_json(&["keys", "rotate"])["kid"].clone();
    poll::until("the server activates the key", LIMIT, || {
        listed(&pair, &["--action", "key.activate", "--subject", rotated.as_str().expect("kid")])
            .first()
            .is_some_and(|row| told(row)[0] == "server" && told(row)[4] == "server")
    });
    let actions = every_action(&pair, &admin);
    auth.command(&["keys", "revoke", &Forge::known().kid]).done();

    let rows = listed(&pair, &[]);
    let seen: BTreeSet<_> = rows.iter().map(|row| text(row, "action")).collect();
    // The first key retires a minute after the import, by when a fast machine is done here:
    // `key_rotation/leaving.rs` waits for it.
    let missing: Vec<_> = actions.difference(&seen).filter(|one| *one != "key.retire").collect();
    assert_eq!(missing, Vec::<&String>::new());

    for expected in [
        ["nobody", "signup", "user", "done", "127.0.0.1"],
        ["nobody", "signup", "user", "refused", "127.0.0.1"],
        ["user", "login", "session", "done", "127.0.0.1"],
        ["nobody", "login", "user", "refused", "127.0.0.1"],
        ["client", "session.refresh", "session", "refused", "127.0.0.1"],
        ["client", "session.revoke", "session", "done", "127.0.0.1"],
        ["user", "logout", "session", "done", "127.0.0.1"],
        ["user", "logout.all", "user", "done", "127.0.0.1"],
        ["user", "password.change", "user", "done", "127.0.0.1"],
        ["client", "client.token", "client", "refused", "127.0.0.1"],
        ["nobody", "client.authenticate", "client", "refused", "127.0.0.1"],
        ["operator", "client.add", "client", "done", "command line"],
        ["operator", "client.rotate_secret", "client", "done", "command line"],
        ["operator", "client.remove", "client", "done", "command line"],
        ["user", "client.add", "client", "done", "127.0.0.1"],
        ["user", "client.rotate_secret", "client", "done", "127.0.0.1"],
        ["user", "client.remove", "client", "done", "127.0.0.1"],
        ["operator", "user.create", "user", "done", "command line"],
        ["operator", "user.import", "user", "done", "command line"],
        ["operator", "user.set_roles", "user", "done", "command line"],
        ["user", "user.disable", "user", "done", "127.0.0.1"],
        ["user", "user.enable", "user", "done", "127.0.0.1"],
        ["user", "user.logout", "user", "done", "127.0.0.1"],
        ["user", "user.delete", "user", "done", "127.0.0.1"],
        ["operator", "key.generate", "key", "done", "command line"],
        ["operator", "key.import", "key", "done", "command line"],
        ["operator", "key.rotate", "key", "done", "command line"],
        ["server", "key.activate", "key", "done", "server"],
        ["operator", "key.revoke", "key", "done", "command line"],
    ] {
        assert!(rows.iter().any(|row| told(row) == expected), "{expected:?}");
    }
    let by_root = listed(&pair, &["--actor", &root_id, "--action", "user.delete"]);
    assert_eq!((by_root.len(), &by_root[0]["subject"]), (1, &json!(ada_id)));
    let rotated = listed(&pair, &["--action", "client.rotate_secret", "--subject", "reports"]);
    let whose = rotated.iter().map(|row| (&row["actor"], &row["detail"])).collect::<Vec<_>>();
    assert_eq!(
        whose,
        [(&json!(root_id), &json!("overlap 0s")), (&Value::Null, &json!("overlap 86400s"))]
    );
    let all = json!(rows).to_string();
    let new_secret = text(&told_once, "client_secret");
    for secret in ["guess", &ada.password, &ada.email, &used, &admin, "argon2", &new_secret] {
        assert!(!all.contains(secret), "{secret}");
    }
    assert!(auth.command(&["audit", "list"]).done().out.contains("user.delete"));
}

#[test]
fn old_rows_are_removed_by_the_server() {
    let mut pair = Pair::prepare();
    assert!(!listed(&pair, &[]).is_empty(), "init is noted");
    pair.set("AUTH_AUDIT_KEEP", "1s");
    pair.auth.start();
    poll::until("they are gone", LIMIT, || listed(&pair, &[]).is_empty());
    User::signed_up(&pair.auth, "Ada");
}

#[test]
fn a_guard_is_listed_with_its_lag_and_catches_up() {
    let pair = Pair::start();
    let guards = || {
        let listed = pair.auth.command_json(&["guards", "list"]);
        listed["guards"].as_array().expect("guards").clone()
    };
    // Its first call may come before it has fetched the key.
    poll::until("the guard is there, behind nothing and with the key", LIMIT, || {
        let guards = guards();
        let kids = guards.first().and_then(|guard| guard["kids"].as_array()).map(Vec::len);
        guards.len() == 1 && guards[0]["live"] == true && guards[0]["lag"] == 0 && kids == Some(1)
    });
    pair.api.pause();
    User::signed_up(&pair.auth, "Ada");
    poll::until("it is behind", LIMIT, || {
        let guard = &guards()[0];
        guard["lag"] == 1 && guard["lag_seconds"].as_f64().is_some_and(|seconds| seconds > 0.0)
    });
    assert!(pair.auth.command(&["guards", "list"]).done().out.contains("1 changes"));
    pair.api.resume();
    poll::until("it has caught up", LIMIT, || guards()[0]["lag"] == 0);
    let root = User::new("Root");
    create(&pair, &root, &["--role", "admin"]);
    let admin = root.log_in_for(&pair.auth, &issuer(&pair));
    poll::until("the route says so, too", LIMIT, || {
        let listed = pair.auth.get("/admin/guards").bearer(&admin).send().expect(200).json();
        listed["guards"][0]["lag"] == 0 && listed["guards"][0]["client_id"] == "api-service"
    });
}
