//! A migration from the Flask tutorial: with its database, and with a service that still checks
//! tokens in its own way. Both use the real libraries.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};
use support::http;
use support::pair::Pair;
use support::process::Ended;
use support::user::User;
use support::{outside, poll, port, token};

/// A user of the tutorial, and werkzeug's hashing method for the password.
fn old_user(name: &str, password: &str, method: &'static str) -> (User, &'static str) {
    (User { password: password.into(), ..User::new(name) }, method)
}

struct Tutorial {
    database: String,
    /// The tutorial's user ids, by address.
    public_ids: Value,
}

impl Tutorial {
    fn of(pair: &Pair, users: &[(User, &str)]) -> Self {
        let database = pair.folder().join("tutorial.db").to_string_lossy().into_owned();
        let rows: Vec<_> = users
            .iter()
            .map(|(user, method)| {
                json!({"name": user.name, "email": user.email,
                    "password": user.password, "method": method})
            })
            .collect();
        let asked = json!({"database": database, "users": rows});
        let public_ids = outside::python("tutorial/database.py", &asked);
        Self { database, public_ids }
    }

    fn import(&self, pair: &Pair) -> Ended {
        pair.auth.command(&["users", "import", &self.database])
    }
}

#[test]
fn imported_user_logs_in_with_old_password_and_id() {
    let pair = Pair::start();
    let users = [
        old_user("Ada", "abc", "scrypt"),
        old_user("Grace", "password", "pbkdf2:sha256:600000"),
        old_user("Mary", "  pässwörd\u{1f512} ", "pbkdf2:sha1:20000"),
        old_user("Tony", "correct horse", "pbkdf2"),
        old_user("Alan", "correct horse", "pbkdf2:sha384:2000"),
    ];
    let tutorial = Tutorial::of(&pair, &users);
    let told = tutorial.import(&pair).done().out;
    assert_eq!(told, "5 created, 0 there already, 0 refused\n");

    for (user, method) in &users {
        let wrong = User { password: format!("{}x", user.password), ..user.clone() };
        assert_eq!(wrong.try_login(&pair.auth).status, 403, "{method}");
        let token = user.log_in(&pair.auth);
        assert_eq!(token::claims(&token)["public_id"], tutorial.public_ids[&*user.email]);
        // The guard got the user, too.
        let me = pair.me(&token).expect(200).json();
        assert_eq!((&me["name"], &me["email"]), (&json!(user.name), &json!(user.email)));
        // The log-in has replaced the hash.
        user.log_in(&pair.auth);
        assert_eq!(wrong.try_login(&pair.auth).status, 403, "{method}");
    }
    let again = tutorial.import(&pair).done().out;
    assert_eq!(again, "0 created, 5 there already, 0 refused\n");
}

#[test]
fn flask_service_with_exported_pem_needs_one_changed_line() {
    let pair = Pair::start();
    let users = [old_user("Ada", "an old password", "scrypt")];
    let tutorial = Tutorial::of(&pair, &users);
    tutorial.import(&pair).done();
    let pem = pair.folder().join("issuer.pem");
    let text = pair.auth.command(&["keys", "export-public", "--format", "pem"]).done().out;
    fs::write(&pem, text).expect("written");
    let port = port::free().to_string();
    let log = pair.folder().join("flask.log");
    let arguments = [&*tutorial.database, &pem.to_string_lossy(), &port];
    let _service = outside::python_server("tutorial/service.py", &arguments, &log);
    let ask = |path: &str, token: &str| {
        let url = format!("http://127.0.0.1:{port}{path}");
        http::request("GET", &url).header("x-access-token", token).try_send()
    };
    // Python loads Flask slowly on a busy machine.
    poll::until("the Flask service answers", Duration::from_mins(1), || ask("/user", "").is_ok());

    let (ada, _) = &users[0];
    let token = ada.log_in(&pair.auth);
    let answer = ask("/user", &token).expect("an answer").expect(200);
    let id = &tutorial.public_ids[&*ada.email];
    assert_eq!(answer.json(), json!({"public_id": id, "name": "Ada"}));
    let others = ada.log_in_for(&pair.auth, &pair.auth.url);
    let status = |path: &str, token: &str| ask(path, token).expect("an answer").status;
    assert_eq!(status("/user", &others), 401, "another audience's");
    assert_eq!(status("/user", &format!("{token}A")), 401);
    assert_eq!(status("/before", &token), 401, "the line has to be changed");
}
