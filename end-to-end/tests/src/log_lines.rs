//! The lines of the log: their form, the requests that they belong to, and what they never hold.

use std::net::TcpListener;

use serde_json::{Map, Value};
use support::client::Client;
use support::pair::Pair;
use support::service::Service;
use support::user::User;

/// A text that a stranger types into every field.
const TYPED: &str = "hunter2";

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// Both services with JSON lines down to `debug`.
fn started(settings: &[(&str, &str)]) -> Pair {
    let json = [
        ("AUTH_LOG", "debug"),
        ("API_LOG", "debug"),
        ("AUTH_LOG_FORMAT", "json"),
        ("API_LOG_FORMAT", "json"),
    ];
    Pair::start_with(&[&json, settings].concat())
}

/// The lines of a log, each of which is a JSON object.
fn lines(service: &Service) -> Vec<Map<String, Value>> {
    let log = service.log();
    let whole = log.rfind('\n').map_or("", |end| &log[..end]);
    let parse = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    whole.lines().map(parse).collect()
}

/// The lines of one request, after `message` is among them.
#[track_caller]
fn lines_of(service: &Service, request_id: &str, message: &str) -> Vec<Map<String, Value>> {
    let of_request = || {
        let mut lines = lines(service);
        lines.retain(|line| line.get("request_id").is_some_and(|id| id == request_id));
        let written = lines.iter().any(|line| line["message"] == message);
        written.then_some(lines)
    };
    let what = format!("`{message}` of {request_id}");
    support::poll::wait_for(&what, std::time::Duration::from_secs(30), of_request)
}

/// Sends requests with the text in each place that a stranger can fill.
fn type_everywhere(pair: &Pair) {
    let auth = &pair.auth;
    let long = TYPED.repeat(1_000);
    for form in [
        [("email", TYPED), ("password", TYPED), ("name", TYPED)],
        [("email", "hunter2@example.org"), ("password", "x"), ("name", TYPED)],
        [("email", "hunter2@example.org"), ("password", "hunter2 and more"), ("name", TYPED)],
        [("email", &long), ("password", TYPED), ("audience", TYPED)],
        [("email", "a\0hunter2"), ("password", TYPED), (TYPED, TYPED)],
    ] {
        auth.post("/signup").form(&form).send();
        auth.post("/login").form(&form).send();
        auth.post("/login").multipart(&form).send();
        auth.post("/password").bearer(TYPED).form(&form).send().expect(401);
    }
    for body in [format!("{{\"email\":\"{TYPED}"), format!("[\"{TYPED}\"]"), TYPED.to_owned()] {
        for media_type in ["application/json", "text/hunter2"] {
            auth.post("/login").body(media_type, body.as_bytes()).send();
            auth.post("/oauth2/token").body(media_type, body.as_bytes()).send();
        }
    }
    let reports = Client::registered(auth, "reports", &["directory:read"]);
    for client in [
        Client { id: reports.secret.clone(), secret: "reports".into() },
        Client { secret: TYPED.into(), ..reports.clone() },
        Client { id: TYPED.into(), secret: TYPED.into() },
        Client { id: format!("\u{1b}[2J\r\n{TYPED}"), secret: TYPED.into() },
        reports.clone(),
    ] {
        for fields in [("scope", TYPED), ("audience", TYPED), ("resource", &*long)] {
            client.try_token(auth, &[fields]);
            let form = [fields, ("grant_type", "refresh_token"), ("refresh_token", TYPED)];
            auth.post("/oauth2/token").form(&form).send();
        }
        for path in ["/oauth2/revoke", "/oauth2/introspect"] {
            let form = [("token", TYPED), ("token_type_hint", TYPED)];
            auth.post(path).basic(&client.id, &client.secret).form(&form).send();
        }
        let form = [("client_id", &*client.id), ("client_secret", &client.secret)];
        auth.post("/oauth2/token").form(&[form[0], form[1], ("grant_type", TYPED)]).send();
    }
    for service in [&pair.auth, &pair.api] {
        for path in [
            format!("/{TYPED}"),
            format!("/admin/users/{}/sessions", "A".repeat(30_000)),
            format!("/admin/users/{TYPED}/sessions?after={TYPED}"),
            format!("/admin/clients/{TYPED}"),
            format!("/user/{TYPED}"),
            format!("/user?{TYPED}={TYPED}&limit={TYPED}"),
            format!("/user/me?access_token={TYPED}"),
            format!("/feed?after={TYPED}"),
            format!("/login?email={TYPED}"),
            "/user/%0d%0ahunter2".to_owned(),
        ] {
            for method in ["GET", "DELETE", "POST", "HUNTER2"] {
                for token in [TYPED, "eyJ.hunter2.x"] {
                    let request = service.request(method, &path);
                    request.header("x-access-token", token).send();
                }
            }
        }
        for (name, value) in [
            ("user-agent", TYPED),
            ("x-request-id", TYPED),
            ("x-forwarded-for", TYPED),
            ("forwarded", "for=hunter2"),
            ("x-real-ip", TYPED),
            ("traceparent", TYPED),
            ("tracestate", "hunter2=1"),
            ("origin", "https://hunter2.example"),
            ("authorization", "Basic hunter2"),
            ("authorization", "Bearer hunter2"),
            ("expect", TYPED),
            ("upgrade", TYPED),
        ] {
            for path in ["/user/me", "/login", "/signup", "/oauth2/token", "/sessions"] {
                drop(service.get(path).header(name, value).try_send());
                drop(service.post(path).header(name, value).form(&[(name, value)]).try_send());
            }
        }
    }
}

#[test]
fn no_line_holds_what_a_stranger_typed() {
    let mut pair = started(&[]);
    let user = User::signed_up(&pair.auth, "Ada");
    let public_id = user.public_id(&pair.auth);
    User { password: TYPED.into(), ..user.clone() }.try_login(&pair.auth).expect(403);
    type_everywhere(&pair);
    let secret_as_id = Client::of_the_guard(&pair.auth);
    for service in [&mut pair.api, &mut pair.auth] {
        service.stop();
    }
    for service in [&pair.api, &pair.auth] {
        let lines = lines(service);
        assert!(lines.len() > 20, "{lines:?}");
        for line in &lines {
            let text = Value::from(line.clone()).to_string();
            for typed in [TYPED, "HUNTER2", &user.email, "Ada", "AAAAAAAA", &secret_as_id.secret] {
                assert!(!text.contains(typed), "{typed}: {text}");
            }
            for name in ["timestamp", "level", "message"] {
                assert!(line.get(name).is_some_and(Value::is_string), "no {name}: {text}");
            }
            let from = line.get("from").and_then(Value::as_str);
            assert!(from.is_none_or(|from| from == "127.0.0.1"), "{text}");
            let values = line.iter().filter(|(name, _)| *name != "message");
            for (name, value) in values {
                let length = value.as_str().map_or(0, str::len);
                assert!(length <= 200, "{name} has {length} bytes: {text}");
            }
        }
    }
    let log_ins = lines(&pair.auth);
    let log_ins = log_ins.iter().filter(|line| line["message"] == "log-in");
    let (known, unknown): (Vec<_>, Vec<_>) =
        log_ins.partition(|line| line.get("public_id").is_some());
    let outcome = |outcome: &'static str| {
        let right = move |line: &&&Map<String, Value>| line["outcome"] == outcome;
        known.iter().filter(right).any(|line| line["public_id"] == *public_id)
    };
    assert!(outcome("ok") && outcome("wrong_password"), "{known:?}");
    assert!(unknown.iter().all(|line| line["outcome"] == "unknown_user"), "{unknown:?}");
    assert!(!unknown.is_empty());
    let path = "/admin/users/{public_id}/sessions";
    assert!(lines(&pair.auth).iter().any(|line| line.get("path").is_some_and(|p| p == path)));
}

#[test]
fn id_of_a_request_joins_answer_lines_and_audit_row() {
    let proxy = [("AUTH_TRUSTED_PROXIES", "127.0.0.1")];
    let pair = started(&proxy);
    let user = User::signed_up(&pair.auth, "Ada");
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let form = [("email", &*user.email), ("password", &*user.password)];
    let answer = pair
        .auth
        .post("/login")
        .header("x-request-id", "edge-7.a_B")
        .header("x-forwarded-for", "203.0.113.9:4711")
        .header("traceparent", &parent)
        .form(&form)
        .send()
        .expect(201);
    assert_eq!(answer.header("x-request-id"), "edge-7.a_B");
    let [line] = &lines_of(&pair.auth, "edge-7.a_B", "log-in")[..] else { panic!("one line") };
    assert_eq!((&line["trace_id"], &line["from"]), (&TRACE.into(), &"203.0.113.9".into()));
    let rows = pair.auth.command_json(&["audit", "list", "--action", "login"]);
    let row = &rows["audit"][0];
    assert_eq!((&row["request_id"], &row["from"]), (&"edge-7.a_B".into(), &"203.0.113.9".into()));
    pair.auth.command(&["users", "disable", &user.email]).done();
    let rows = pair.auth.command_json(&["audit", "list", "--action", "user.disable"]);
    assert_eq!(rows["audit"][0]["request_id"], Value::Null);

    // The guard has no trusted proxy, so the id of its peer is a stranger's.
    let asked = |id: Option<&str>| {
        let request = pair.api.get("/user/me").bearer("x.y.z");
        let answer = match id {
            Some(id) => request.header("x-request-id", id).send(),
            None => request.send(),
        };
        answer.expect(401).header("x-request-id").to_owned()
    };
    assert_eq!(asked(Some("mine")), "mine");
    let id = asked(None);
    assert_ne!(asked(Some("not an id")), "not an id");
    let refused = "refused: the token is refused: malformed";
    let [line] = &lines_of(&pair.api, &id, refused)[..] else { panic!("one line") };
    assert_eq!(line["path"], "/user/me");
    assert!(lines(&pair.api).iter().all(|line| line.get("request_id") != Some(&"mine".into())));
}

#[test]
fn every_status_has_a_request_id() {
    let pair = Pair::start_with(&[]);
    let too_large = "x".repeat(20_000);
    for service in [&pair.auth, &pair.api] {
        let answers = [
            service.get("/nowhere").send().expect(404),
            service.request("PATCH", "/docs").send().expect(405),
            service.get("/openapi.json").send().expect(200),
            service.get("/docs").send(),
        ];
        let ids: Vec<_> = answers.iter().map(|answer| answer.header("x-request-id")).collect();
        assert!(ids.iter().all(|id| id.len() == 36), "{ids:?}");
        assert!(ids.iter().enumerate().all(|(n, id)| !ids[..n].contains(id)), "{ids:?}");
    }
    let auth = &pair.auth;
    for answer in [
        auth.post("/login").body("application/json", too_large).send().expect(413),
        auth.post("/login").body("text/plain", "x").send().expect(415),
        auth.post("/oauth2/token").form(&[("grant_type", "x")]).send().expect(400),
        auth.get("/login").send().expect(405),
    ] {
        assert_eq!(answer.header("x-request-id").len(), 36, "{:?}", answer.header_lines());
    }
}

#[test]
fn stranger_causes_no_line_but_one_about_forwarding() {
    let mut pair = Pair::start();
    for _ in 0..20 {
        for service in [&pair.auth, &pair.api] {
            for path in ["/nowhere", "/user/me", "/sessions", "/admin/users"] {
                let request = service.get(path).header("x-forwarded-for", "203.0.113.9");
                request.bearer("x.y.z").send();
            }
        }
        let client = Client { id: "api-service".into(), secret: "wrong".into() };
        client.try_token(&pair.auth, &[]).expect(401);
        let form = [("grant_type", "refresh_token"), ("refresh_token", "x")];
        pair.auth.post("/oauth2/token").form(&form).send().expect(400);
        let broken = "--x\r\ncontent-disposition: form-data; name=\"email\"\r\n\r\nhunter2";
        let broken = pair.auth.post("/login").body("multipart/form-data; boundary=x", broken);
        broken.send().expect(400);
    }
    for (service, setting) in
        [(&mut pair.api, "API_TRUSTED_PROXIES"), (&mut pair.auth, "AUTH_TRUSTED_PROXIES")]
    {
        service.stop();
        let log = service.log();
        let of_requests: Vec<_> = log.lines().filter(|line| line.contains("request_id=")).collect();
        let [warning] = of_requests[..] else { panic!("one line of a request: {log}") };
        for part in ["WARN", setting, "peer=127.0.0.1 "] {
            assert!(warning.contains(part), "{warning}");
        }
        assert!(!log.contains("203.0.113.9"), "{log}");
    }
}

#[test]
fn refused_start_is_a_json_line() {
    let pair = Pair::prepare();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().expect("an address").to_string();
    for (service, prefix) in [(&pair.auth, "AUTH"), (&pair.api, "API")] {
        let mut launch = service.launch.clone();
        launch.set(&format!("{prefix}_BIND"), &taken);
        launch.set(&format!("{prefix}_LOG_FORMAT"), "json");
        launch.set(&format!("{prefix}_COLOUR"), "unknown");
        let told = launch.run_briefly(&["serve"]);
        let last = told.err.lines().last().unwrap_or_default();
        let last: Value = serde_json::from_str(last).unwrap_or_else(|_| panic!("{}", told.err));
        assert_eq!((told.code, &last["level"]), (Some(1), &"ERROR".into()), "{last}");
        let message = last["message"].as_str().unwrap_or_default();
        assert!(message.contains(&format!("{prefix}_BIND")), "{last}");
        for line in told.err.lines() {
            assert!(serde_json::from_str::<Map<String, Value>>(line).is_ok(), "{line}");
        }
        // A wrong setting ends the start before the log begins, with one plain line.
        launch.set(&format!("{prefix}_LOG"), "inof");
        let told = launch.run_briefly(&["serve"]);
        assert_eq!(told.code, Some(64), "{}", told.err);
        assert!(told.err.contains(&format!("{prefix}_LOG (--log)")), "{}", told.err);
        assert_eq!(told.err.lines().count(), 1, "{}", told.err);
    }
}
