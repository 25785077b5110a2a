//! HTTP itself: framing, methods, headers, patience (RFC 9110, RFC 9112).

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use end_to_end::connection::exchange;
use end_to_end::http::Answer;
use end_to_end::pair::Pair;
use end_to_end::poll;
use end_to_end::service::Service;
use end_to_end::user::User;

/// For an answer that ends with its connection, so nobody waits so long but on a machine that hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// The time that a slow first head is given: whoever waited behind one would take longer.
const PROMPT: Duration = Duration::from_secs(5);

#[test]
fn ambiguous_framing_is_refused_and_the_connection_closed() {
    let pair = Pair::start();
    let smuggled = "GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n";
    let post = "POST /login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    let requests = [
        format!("{post}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}"),
        format!("{post}transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n{smuggled}"),
        format!("{post}content-length: 2\r\ncontent-length: 3\r\n\r\n{{}}{smuggled}"),
        format!("{post}content-length: 2, 3\r\n\r\n{{}}{smuggled}"),
        format!("{post}content-length: +2\r\n\r\n{{}}{smuggled}"),
        format!("{post}content-length: -1\r\n\r\n{smuggled}"),
        format!("{post}content-length: 0x2\r\n\r\n{{}}{smuggled}"),
        format!("{post}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n{smuggled}"),
        format!("{post}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n{smuggled}"),
        format!("{post}transfer-encoding : chunked\r\n\r\n0\r\n\r\n{smuggled}"),
        format!("GET / HTTP/1.1\r\nhost: x\r\nx: a\0b\r\n\r\n{smuggled}"),
        format!("GET / HTTP/1.1\r\nhost: x\r\nx y: a\r\n\r\n{smuggled}"),
        format!("GET / HTTP/1.1\r\nhost: x\r\n: a\r\n\r\n{smuggled}"),
        format!("GET / HTTP/1.1\r\nhost: x\r\nx: a\r\n folded\r\n\r\n{smuggled}"),
        format!("GET /\0 HTTP/1.1\r\nhost: x\r\n\r\n{smuggled}"),
        format!("GET / HTTP/9.9\r\nhost: x\r\n\r\n{smuggled}"),
        format!("nonsense\r\n\r\n{smuggled}"),
    ];
    for service in [&pair.auth, &pair.api] {
        for request in &requests {
            let answer = exchange(service.address(), request.as_bytes(), PATIENCE);
            let statuses = answer.statuses();
            assert_eq!(statuses.len(), 1, "one answer to {request:?}: {answer:?}");
            assert_eq!(statuses[0], 400, "{request:?}: {answer:?}");
            assert!(answer.closed, "{request:?}: {answer:?}");
        }
        // Here the head is sound, and a path that does not exist may be answered before the body.
        for chunk in
            ["z\r\n{}\r\n0\r\n\r\n", "ffffffffffffffff1\r\n{}", "-1\r\n\r\n", "2\r\n{}x\r\n"]
        {
            let request = format!("{post}transfer-encoding: chunked\r\n\r\n{chunk}{smuggled}");
            let answer = exchange(service.address(), request.as_bytes(), PATIENCE);
            let statuses = answer.statuses();
            assert!(matches!(statuses[..], [400 | 404]), "{request:?}: {answer:?}");
            assert!(answer.closed, "{request:?}: {answer:?}");
        }
        let get = "GET /x HTTP/1.1\r\nhost: x\r\n";
        let two = format!("{get}\r\n{get}connection: close\r\n\r\n");
        let answer = exchange(service.address(), two.as_bytes(), PATIENCE);
        assert_eq!(answer.statuses(), [404, 404], "the control: two requests, two answers");
    }
}

#[test]
fn an_unknown_method_is_told_which_ones_are_known() {
    let pair = Pair::start();
    let routes = [
        (&pair.auth, "/signup", "POST"),
        (&pair.auth, "/login", "POST"),
        (&pair.auth, "/oauth2/token", "POST"),
        (&pair.auth, "/.well-known/jwks.json", "GET"),
        (&pair.auth, "/.well-known/oauth-authorization-server", "GET"),
        (&pair.auth, "/feed", "GET"),
        (&pair.auth, "/directory/users", "GET"),
        (&pair.auth, "/openapi.json", "GET"),
        (&pair.auth, "/docs", "GET"),
        (&pair.api, "/user", "GET"),
        (&pair.api, "/user/me", "GET"),
        (&pair.api, "/user/8c5f9f3e-7f5c-4d39-9a55-0f6a7f2b9a11", "GET"),
        (&pair.api, "/.well-known/oauth-protected-resource", "GET"),
        (&pair.api, "/openapi.json", "GET"),
        (&pair.api, "/docs", "GET"),
    ];
    for (service, path, known) in routes {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"] {
            if method == known {
                continue;
            }
            let answer = service.request(method, path).send();
            assert_eq!(answer.status, 405, "{method} {path}: {}", answer.text());
            assert!(answer.header("allow").contains(known), "{method} {path}");
            if path != "/oauth2/token" {
                answer.problem(405);
            }
        }
    }
    for service in [&pair.auth, &pair.api] {
        let answer = service.request("TRACE", "/").header("x-secret", "abc").send();
        assert!(matches!(answer.status, 404 | 405) && !answer.text().contains("abc"));
        service.get("/nowhere").send().problem(404);
        service.get("/user/me/..%2f..%2fetc/passwd").send();
        service.get("/docs/..%2f..%2fCargo.toml").send().problem(404);
    }
}

#[test]
fn head_is_get_without_the_body() {
    let pair = Pair::start();
    let token = User::signed_up(&pair.auth, "Ada").log_in(&pair.auth);
    for (service, path) in [
        (&pair.auth, "/.well-known/jwks.json"),
        (&pair.auth, "/.well-known/oauth-authorization-server"),
        (&pair.auth, "/openapi.json"),
        (&pair.auth, "/docs"),
        (&pair.api, "/user"),
        (&pair.api, "/user/me"),
        (&pair.api, "/.well-known/oauth-protected-resource"),
        (&pair.api, "/docs"),
    ] {
        let head = service.request("HEAD", path).bearer(&token).send();
        let get = service.get(path).bearer(&token).send();
        assert_eq!((head.status, get.status), (200, 200), "{path}");
        assert!(head.body.is_empty(), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{path}");
    }
}

#[track_caller]
fn well_mannered(what: &str, answer: &Answer) {
    let lines = answer.header_lines();
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{what}: {lines:?}");
    assert!(!answer.header("content-security-policy").is_empty(), "{what}: {lines:?}");
    assert!(!answer.header("server").contains(|c: char| c.is_ascii_digit()), "{what}: {lines:?}");
    assert!(answer.header("x-powered-by").is_empty(), "{what}: {lines:?}");
    let media_type = answer.header("content-type");
    assert!(answer.body.is_empty() || !media_type.is_empty(), "{what}: {lines:?}");
    let text = media_type.starts_with("text/");
    assert!(!text || media_type.to_lowercase().contains("charset=utf-8"), "{what}: {media_type}");
    let origin = answer.header("access-control-allow-origin");
    let credentials = answer.header("access-control-allow-credentials");
    assert!(!(origin == "*" && credentials == "true"), "{what}: {lines:?}");
}

#[test]
fn every_answer_has_the_headers_that_keep_a_browser_from_guessing() {
    let pair = Pair::start();
    let user = User::signed_up(&pair.auth, "Ada");
    let token = user.log_in(&pair.auth);
    let auth = &pair.auth;
    let answers = [
        ("signup", user.sign_up(auth)),
        ("login", user.try_login(auth)),
        ("no login", auth.post("/login").send()),
        ("weak", auth.post("/signup").json(&serde_json::json!({})).send()),
        ("token", auth.post("/oauth2/token").form(&[]).send()),
        ("jwks", auth.get("/.well-known/jwks.json").send()),
        ("metadata", auth.get("/.well-known/oauth-authorization-server").send()),
        ("feed", auth.get("/feed").send()),
        ("docs", auth.get("/docs").send()),
        ("openapi", auth.get("/openapi.json").send()),
        ("nowhere", auth.get("/nowhere").send()),
        ("method", auth.request("PUT", "/login").send()),
        ("large", auth.post("/login").json(&serde_json::json!(" ".repeat(20_000))).send()),
        ("me", pair.me(&token)),
        ("no me", pair.me("x")),
        ("users", pair.api.get("/user").bearer(&token).send()),
        ("nobody", pair.api.get("/user/x").bearer(&token).send()),
        ("resource", pair.api.get("/.well-known/oauth-protected-resource").send()),
        ("api docs", pair.api.get("/docs").send()),
        ("api nowhere", pair.api.get("/nowhere").send()),
    ];
    for (what, answer) in &answers {
        well_mannered(what, answer);
        if answer.status >= 400 && !matches!(*what, "no login" | "token" | "feed" | "no me") {
            answer.clone().problem(answer.status);
        }
    }
}

#[test]
fn other_origins_are_let_in_by_name_alone() {
    let preflight = |service: &Service, origin: &str| {
        service
            .request("OPTIONS", "/login")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type")
            .send()
    };
    let mut pair = Pair::prepare();
    pair.auth.start();
    let closed = preflight(&pair.auth, "https://app.example.org");
    assert_eq!(closed.header("access-control-allow-origin"), "");
    pair.auth.stop();
    pair.set("AUTH_CORS_ORIGINS", "https://app.example.org");
    pair.auth.start();
    let open = preflight(&pair.auth, "https://app.example.org");
    assert!(matches!(open.status, 200 | 204), "{}", open.status);
    assert_eq!(open.header("access-control-allow-origin"), "https://app.example.org");
    for other in ["https://evil.example.org", "null", "https://app.example.org.evil.org"] {
        let refused = preflight(&pair.auth, other);
        assert_eq!(refused.header("access-control-allow-origin"), "", "{other}");
        let posted = pair.auth.post("/login").header("origin", other).send();
        assert_eq!(posted.header("access-control-allow-origin"), "", "{other}");
    }
    let user = User::signed_up(&pair.auth, "Ada");
    let answer = pair
        .auth
        .post("/login")
        .header("origin", "https://app.example.org")
        .form(&[("email", &user.email), ("password", &user.password)])
        .send()
        .expect(201);
    assert_eq!(answer.header("access-control-allow-origin"), "https://app.example.org");
    assert!(answer.header("vary").to_lowercase().contains("origin"));
}

#[test]
fn slow_and_idle_clients_do_not_keep_others_waiting() {
    let pair = Pair::start();
    let token = User::signed_up(&pair.auth, "Ada").log_in(&pair.auth);
    pair.accepts("before", &token);
    for service in [&pair.auth, &pair.api] {
        let connect = |_| TcpStream::connect(service.address()).expect("a connection");
        let idle: Vec<_> = (0..400).map(connect).collect();
        let mut slow: Vec<_> = (0..50).map(connect).collect();
        for stream in &mut slow {
            stream.write_all(b"POST /login HTTP/1.1\r\nhost: x\r\nx-sl").expect("written");
        }
        let mut bodies: Vec<_> = (0..50).map(connect).collect();
        for stream in &mut bodies {
            let head = "POST /login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                        content-length: 100\r\n\r\n{";
            stream.write_all(head.as_bytes()).expect("written");
        }
        for _ in 0..20 {
            let began = Instant::now();
            service.get("/openapi.json").send().expect(200);
            assert!(began.elapsed() < PROMPT, "{:?}", began.elapsed());
        }
        drop((idle, slow, bodies));
    }
    pair.accepts("after", &token);
}

#[test]
fn request_that_never_ends_is_given_up_within_half_a_minute() {
    let pair = Pair::start();
    let limit = Duration::from_secs(32);
    let head = "POST /login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    let complete = "GET /nowhere HTTP/1.1\r\nhost: x\r\n\r\n";
    let chunked = "POST /nowhere HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    std::thread::scope(|scope| {
        for service in [&pair.auth, &pair.api] {
            for (start, told) in [
                // A client takes an answer that it did not ask for as that to its next request.
                (String::new(), Some(&[][..])),
                (format!("{head}x-slow"), Some(&[408])),
                (format!("{head}content-length: 100\r\n\r\n{{"), None),
                (complete.to_owned(), Some(&[404])),
                (format!("{complete}{head}x-slow"), Some(&[404])),
                (format!("{chunked}5\r\nhello\r\n"), Some(&[404])),
            ] {
                scope.spawn(move || {
                    let began = Instant::now();
                    let answer = exchange(service.address(), start.as_bytes(), limit);
                    assert!(answer.closed, "{start:?} to {}: {answer:?}", service.url);
                    assert!(began.elapsed() < limit);
                    let expected = told.is_none_or(|told: &[u16]| answer.statuses() == told);
                    assert!(expected, "{start:?}: {answer:?}");
                });
            }
        }
    });
}

/// Java's `HttpClient` asks for HTTP/2 in this way with each request, unless told otherwise.
const UPGRADES: [&str; 4] = [
    "connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
    "connection: upgrade",
    "connection: upgrade\r\nupgrade: websocket",
    "upgrade: websocket",
];

#[test]
fn request_for_an_upgrade_is_answered_and_the_close_announced() {
    let pair = Pair::start();
    let user = User::signed_up(&pair.auth, "Ada");
    let token = user.log_in(&pair.auth);
    pair.accepts("before", &token);
    let credentials =
        serde_json::json!({"email": user.email, "password": user.password}).to_string();
    std::thread::scope(|scope| {
        for upgrade in UPGRADES {
            let (pair, token, credentials) = (&pair, &token, &credentials);
            scope.spawn(move || {
                let length = credentials.len();
                let log_in = format!(
                    "POST /login HTTP/1.1\r\nhost: x\r\n{upgrade}\r\ncontent-type: application/json\r\n\
                     content-length: {length}\r\n\r\n{credentials}"
                );
                let read = format!(
                    "GET /user/me HTTP/1.1\r\nhost: x\r\n{upgrade}\r\nx-access-token: {token}\r\n\r\n"
                );
                for (service, request, status) in
                    [(&pair.auth, &log_in, 201), (&pair.api, &read, 200)]
                {
                    let answer = exchange(service.address(), request.as_bytes(), PATIENCE);
                    assert_eq!(answer.statuses(), [status], "{upgrade}: {answer:?}");
                    assert!(answer.text.contains("\r\nconnection: close\r\n"), "{answer:?}");
                    assert!(!answer.text.contains("connection: upgrade"), "{answer:?}");
                    assert!(answer.closed, "{upgrade}: {answer:?}");
                }
            });
        }
    });
}

/// A virtual machine that is moved, a container without a share of the processor.
#[test]
fn what_came_in_time_is_answered_by_a_service_that_stood_still_meanwhile() {
    let pair = Pair::start();
    for service in [&pair.auth, &pair.api] {
        let mut stream = TcpStream::connect(service.address()).expect("a connection");
        poll::throughout("the service waits for the head", Duration::from_millis(300), || true);
        service.pause();
        stream.write_all(b"GET /docs HTTP/1.1\r\nhost: x\r\n").expect("written");
        stream.write_all(b"connection: close\r\n\r\n").expect("written");
        poll::throughout("longer than a first head may take", PROMPT + PROMPT / 5, || true);
        service.resume();
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{}: {answer}", service.url);
    }
}
