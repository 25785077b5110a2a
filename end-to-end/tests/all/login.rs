//! `POST /login`: the answers that the published contract tells apart, and what never gets in.

use end_to_end::http::Answer;
use end_to_end::pair::Pair;
use end_to_end::user::User;
use serde_json::{Value, json};

fn issuer(settings: &[(&str, &str)]) -> Pair {
    let mut pair = Pair::prepare();
    for (name, value) in settings {
        pair.set(name, value);
    }
    pair.auth.start();
    pair
}

#[track_caller]
fn unverified(why: &str, answer: &Answer, status: u16, realm: &str) {
    assert_eq!(answer.status, status, "{why}: {}", answer.text());
    assert_eq!(answer.header("www-authenticate"), format!("Basic realm=\"{realm}\""), "{why}");
    assert_eq!(answer.text(), "Could not verify", "{why}");
    assert_eq!(answer.media_type(), "text/plain", "{why}");
}

#[test]
fn each_reason_to_refuse_has_its_own_answer() {
    let pair = issuer(&[]);
    let user = User::signed_up(&pair.auth, "Ada");
    let login = || pair.auth.post("/login");
    let required = "Login required !!";
    unverified("no body", &login().send(), 401, required);
    unverified("an empty form", &login().form(&[]).send(), 401, required);
    unverified("an empty object", &login().json(&json!({})).send(), 401, required);
    for fields in [
        json!({"email": user.email}),
        json!({"password": user.password}),
        json!({"email": "", "password": user.password}),
        json!({"email": user.email, "password": ""}),
    ] {
        unverified("a member missing or empty", &login().json(&fields).send(), 401, required);
        let form: Vec<(&str, &str)> = fields
            .as_object()
            .expect("an object")
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str().expect("text")))
            .collect();
        unverified("the same as a form", &login().form(&form).send(), 401, required);
        unverified("the same as multipart", &login().multipart(&form).send(), 401, required);
    }
    let nobody = User::new("Nobody");
    unverified("unknown", &nobody.try_login(&pair.auth), 401, "User does not exist !!");
    let wrong = User { password: "not the password".into(), ..user.clone() };
    unverified("wrong password", &wrong.try_login(&pair.auth), 403, "Wrong Password !!");

    let form = [("email", &*user.email), ("password", &user.password)];
    login().form(&form).send().expect(201);
    login().multipart(&form).send().expect(201);
    login().json(&json!({"email": user.email, "password": user.password})).send().expect(201);
    let spelled = format!(" {} ", user.email.to_uppercase());
    login().json(&json!({"email": spelled, "password": user.password})).send().expect(201);

    let id = user.public_id(&pair.auth);
    pair.auth.command(&["users", "disable", &id]).done();
    end_to_end::poll::until("disabled", std::time::Duration::from_secs(5), || {
        user.try_login(&pair.auth).status == 403
    });
    unverified("disabled", &user.try_login(&pair.auth), 403, "Account disabled !!");
    unverified("disabled, wrong", &wrong.try_login(&pair.auth), 403, "Wrong Password !!");
}

#[test]
fn a_member_of_another_type_is_unprocessable() {
    let pair = issuer(&[]);
    let user = User::signed_up(&pair.auth, "Ada");
    for field in ["email", "password", "audience"] {
        for value in [json!(1), json!(true), json!([]), json!({}), json!([user.email])] {
            let mut body = json!({"email": user.email, "password": user.password});
            body[field] = value;
            let problem = pair.auth.post("/login").json(&body).send().problem(422);
            assert!(problem["errors"][field].is_array(), "{body}: {problem}");
        }
    }
}

#[test]
fn nothing_in_a_field_is_ever_part_of_a_query() {
    let pair = issuer(&[
        ("AUTH_LOGIN_FAILURES_PER_ACCOUNT", "off"),
        ("AUTH_LOGIN_FAILURES_PER_ADDRESS", "off"),
    ]);
    let user = User::signed_up(&pair.auth, "Ada");
    let bypasses = [
        "' OR '1'='1",
        "' OR 1=1--",
        "' OR 1=1#",
        "' OR 1=1/*",
        "') OR ('1'='1",
        "admin'--",
        "admin' #",
        "admin'/*",
        "' OR ''='",
        "\" OR \"\"=\"",
        "\" OR 1=1--",
        "') OR '1'='1'--",
        "' UNION SELECT 1,2,3--",
        "' UNION ALL SELECT NULL,NULL--",
        "1; DROP TABLE users--",
        "'; DELETE FROM users;--",
        "' AND 1=0 UNION SELECT 'a','b'--",
        "x' OR x.x='x",
        "\\' OR 1=1--",
        "%27%20OR%201=1--",
        "' || '1'='1",
        "' HAVING 1=1--",
        "' GROUP BY 1--",
        "' OR sleep(9)--",
        "%",
        "_",
        "*",
        "' LIKE '%",
        "NULL",
        "' IS NOT NULL--",
        "\u{2019} OR 1=1--",
        "'\u{0} OR 1=1--",
    ];
    for bypass in bypasses {
        for (email, password) in [
            (bypass.to_owned(), user.password.clone()),
            (format!("{}{bypass}", user.email), user.password.clone()),
            (user.email.clone(), bypass.to_owned()),
        ] {
            let body = json!({"email": email, "password": password});
            let status = pair.auth.post("/login").json(&body).send().status;
            assert!(matches!(status, 401 | 403 | 422), "{status}: {body}");
        }
        let body = json!({"email": user.email, "password": user.password, "audience": bypass});
        pair.auth.post("/login").json(&body).send().problem(422);
        let body = json!({"name": bypass, "email": bypass, "password": bypass});
        let status = pair.auth.post("/signup").json(&body).send().status;
        assert!(matches!(status, 422), "{status}: {body}");
    }
    user.try_login(&pair.auth).expect(201);
}

#[test]
fn under_uniform_errors_nobody_learns_whether_an_account_exists() {
    let pair = issuer(&[("AUTH_LOGIN_ERRORS", "uniform")]);
    let user = User::signed_up(&pair.auth, "Ada");
    let again = user.sign_up(&pair.auth).expect(201);
    assert_eq!(again.text(), "Successfully registered.");
    let thief = User { password: "another password".into(), ..user.clone() };
    assert_eq!(thief.sign_up(&pair.auth).expect(201).text(), "Successfully registered.");
    let disabled = User::signed_up(&pair.auth, "Grace");
    pair.auth.command(&["users", "disable", &disabled.public_id(&pair.auth)]).done();

    let answers = [
        ("unknown", User::new("Nobody").try_login(&pair.auth)),
        ("wrong", thief.try_login(&pair.auth)),
        ("empty", pair.auth.post("/login").send()),
        (
            "disabled",
            end_to_end::poll::wait_for("it", std::time::Duration::from_secs(5), || {
                let answer = disabled.try_login(&pair.auth);
                (answer.status != 201).then_some(answer)
            }),
        ),
    ];
    let shape = |answer: &Answer| -> Vec<String> {
        let mut lines = answer.header_lines();
        lines.retain(|line| !line.starts_with("date:"));
        lines.sort();
        lines
    };
    for (why, answer) in &answers {
        unverified(why, answer, 401, "Login required !!");
        assert_eq!(shape(answer), shape(&answers[0].1), "{why}");
    }
    user.try_login(&pair.auth).expect(201);
}

#[test]
fn a_start_that_tells_who_exists_warns_of_it_once() {
    let warning = |settings| {
        let mut pair = issuer(settings);
        // The end of the process writes the lines that still wait.
        pair.auth.stop();
        let log = pair.auth.log();
        log.lines().filter(|line| line.contains("AUTH_LOGIN_ERRORS")).count()
    };
    assert_eq!(warning(&[]), 1);
    assert_eq!(warning(&[("AUTH_LOGIN_ERRORS", "uniform")]), 0);
}

#[test]
fn an_answer_to_a_log_in_is_kept_by_no_cache() {
    let pair = issuer(&[]);
    let user = User::signed_up(&pair.auth, "Ada");
    let good = user.try_login(&pair.auth);
    let bad = User::new("Nobody").try_login(&pair.auth);
    for answer in [good, bad] {
        assert!(answer.header("cache-control").contains("no-store"), "{:?}", answer.header_lines());
    }
    let body: Value = user.try_login(&pair.auth).json();
    assert_eq!(body["token_type"], "Bearer");
}
