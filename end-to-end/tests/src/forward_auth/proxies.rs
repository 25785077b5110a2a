//! The same list of requests through each proxy.

use std::time::Duration;

use serde_json::{Value, json};
use support::client::Client;
use support::connection::{self, Exchange};
use support::forward::{self, Door, Program};
use support::http::Answer;
use support::pair::Pair;
use support::poll;
use support::process::Process;
use support::token;
use support::user::{Session, User};

/// Time for an answer, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Five times the promised quarter of a second.
const LOGOUT: Duration = Duration::from_millis(1_250);

/// The fields that a client forges. Services often read `_` and `.` like `-`.
const FORGED: [&str; 11] = [
    "X-Auth-Subject: forged",
    "x-auth-roles: admin,forged",
    "X_Auth_Roles: admin,forged",
    "X-Auth_Roles: admin,forged",
    "x_auth-email: forged",
    "X-Auth.Roles: admin,forged",
    "X.Auth.Roles: admin,forged",
    "X-Auth-Name: forged",
    "X-Auth-Name: forged again",
    "X-AUTH-SCOPE: forged",
    "X-Auth-Client: ",
];

/// A service behind a proxy.
struct Site {
    pair: Pair,
    door: Door,
    _service: Process,
    user: User,
    token: String,
}

impl Site {
    fn start(program: Program) -> Self {
        let pair = forward::pair();
        let (service, address) = forward::echo(pair.folder());
        let door = Door::start(program, pair.folder(), pair.api.address(), &address);
        let user = User::signed_up(&pair.auth, "Zoë 100%");
        let token = user.log_in_for(&pair.auth, "orders");
        Self { pair, door, _service: service, user, token }
    }

    fn get(&self, path: &str, token: &str) -> Answer {
        self.door.request("GET", path).bearer(token).send()
    }

    /// The values of the header fields for the site's user, without empty ones.
    fn identity(&self) -> Vec<(String, String)> {
        let claims = token::claims(&self.token);
        fields([
            ("subject", claims["sub"].as_str().expect("a sub")),
            ("client", claims["client_id"].as_str().expect("a client")),
            ("audience", "orders"),
            ("roles", "user"),
            ("name", "Zo%C3%AB 100%25"),
            ("email", &self.user.email.replace('%', "%25").replace('ë', "%C3%AB")),
        ])
    }

    /// Sends a `GET` as it is written, with the fields of `lines`.
    fn raw(&self, token: &str, lines: &[&str]) -> Exchange {
        let mut text = format!(
            "GET /raw HTTP/1.1\r\nHost: app.example.org\r\nAuthorization: Bearer {token}\r\n"
        );
        for line in lines {
            text += line;
            text += "\r\n";
        }
        if !lines.iter().any(|line| line.starts_with("Connection:")) {
            text += "Connection: close\r\n";
        }
        connection::exchange(&self.door.address, (text + "\r\n").as_bytes(), PATIENCE)
    }
}

/// Sorted fields, named by the end of their names.
fn fields<const N: usize>(known: [(&str, &str); N]) -> Vec<(String, String)> {
    let mut fields = known.map(|(name, value)| (format!("x-auth-{name}"), value.to_owned()));
    fields.sort();
    fields.into()
}

/// The fields of the caller in a service's view: every name that it may read as one of `X-Auth-…`,
/// with a value.
fn told(seen: &Value) -> Vec<(String, String)> {
    let lines = seen["headers"].as_array().unwrap_or_else(|| panic!("no headers: {seen}"));
    let mut told: Vec<_> = lines
        .iter()
        .map(|line| {
            let text = |at: usize| line[at].as_str().expect("text").to_owned();
            (text(0).to_lowercase().replace(|c: char| !c.is_alphanumeric(), "-"), text(1))
        })
        .filter(|(name, value)| name.starts_with("x-auth-") && !value.is_empty())
        .collect();
    told.sort();
    told
}

/// The view of the service of a request that was sent as it is written.
#[track_caller]
fn seen(exchange: &Exchange) -> Value {
    assert!(exchange.text.starts_with("HTTP/1.1 200"), "{}", exchange.text);
    let (_, body) = exchange.text.split_once("\r\n\r\n").expect("a body");
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {}", exchange.text))
}

fn asks_the_guard_first(program: Program) {
    let mut site = Site::start(program);
    passes_a_user(&site);
    passes_a_service(&site);
    refuses_callers(&site);
    requires_a_role(&site);
    judges_each_request_of_a_connection(&site);
    hides_forged_fields(&site);
    passes_methods_and_bodies(&site);
    ends_with_the_session(&site);

    site.pair.api.stop();
    let answer = site.get("/", &site.token);
    let expected: &[u16] = if program == Program::Traefik { &[500] } else { &[502, 503] };
    assert!(expected.contains(&answer.status), "{}: {}", answer.status, site.door.log());
    assert!(answer.status != 503 || answer.retry_after() > 0);
}

fn passes_a_user(site: &Site) {
    // The client's query is no rule, and arrives as it is.
    let mut paths =
        vec!["/", "/a?role=nobody", "/a?audience=x&scope=none", "/verify?x", "/a%20b/%C3%A4?//"];
    if !site.door.program.cleans_paths() {
        paths.push("/a%2Fb//c?%20");
    }
    for path in paths {
        let seen = site.get(path, &site.token).expect(200).json();
        assert_eq!(told(&seen), site.identity(), "{path}");
        assert_eq!(seen["path"], path);
    }
    let older = site.door.request("GET", "/").header("x-access-token", &site.token).send();
    assert_eq!(told(&older.expect(200).json()), site.identity());
}

fn passes_a_service(site: &Site) {
    let token = worker(&site.pair);
    let seen = site.get("/", &token).expect(200).json();
    let expected = fields([
        ("subject", "worker"),
        ("client", "worker"),
        ("audience", "orders"),
        ("scope", "events:read"),
    ]);
    assert_eq!(told(&seen), expected);
    let forged = site.raw(&token, &FORGED);
    assert_eq!(told(&self::seen(&forged)), expected);
    site.get("/admin/", &token).expect(403);
}

/// Each request of a connection is judged by its own token.
fn judges_each_request_of_a_connection(site: &Site) {
    let second = ["", "GET /raw HTTP/1.1", "Host: app.example.org", "Connection: close"];
    assert_eq!(site.raw(&site.token, &second).statuses(), [200, 401]);
}

/// A token of a service.
fn worker(pair: &Pair) -> String {
    let add = ["clients", "add", "worker", "--scope", "events:read", "--allow-audience", "orders"];
    let secret = pair.auth.command(&add).done().out.trim().to_owned();
    let client = Client { id: "worker".into(), secret };
    client.token_with(&pair.auth, &[("audience", "orders")])
}

fn refuses_callers(site: &Site) {
    let missing = site.door.request("GET", "/").send().expect(401);
    let challenge = missing.header("www-authenticate");
    assert!(challenge.starts_with("Bearer") && !challenge.contains("error"), "{challenge}");
    for audience in ["api-service", "invoices"] {
        let token = site.user.log_in_for(&site.pair.auth, audience);
        let challenge = site.get("/", &token).expect(401).header("www-authenticate").to_owned();
        assert!(challenge.contains("invalid_token"), "{audience}: {challenge}");
    }
    let changed = format!("{}A", site.token);
    for bad in ["x", &changed] {
        let challenge = site.get("/", bad).expect(401).header("www-authenticate").to_owned();
        assert!(challenge.contains("invalid_token"), "{bad}: {challenge}");
    }
    // A token in the address is none.
    let path = format!("/?access_token={}", site.token);
    let original = site.door.request("GET", &path).header("x-original-uri", &path).send();
    original.expect(401);
}

fn requires_a_role(site: &Site) {
    let admin = User::admin(&site.pair.auth, "Root");
    let admin = admin.log_in_for(&site.pair.auth, "orders");
    for path in ["/admin/", "/admin", "/admin/users?role=user", "/%61dmin/", "//admin/", "/ADMIN/x"]
    {
        let refused = site.get(path, &site.token).expect(403);
        let challenge = refused.header("www-authenticate");
        assert!(challenge.contains("insufficient_scope"), "{path}: {challenge}");
        let seen = site.get(path, &admin).expect(200).json();
        let cleaned = site.door.program.cleans_paths() && ["/%61dmin/", "//admin/"].contains(&path);
        assert_eq!(seen["path"], if cleaned { "/admin/" } else { path });
    }
    site.door.request("GET", "/admin/").send().expect(401);
}

fn hides_forged_fields(site: &Site) {
    let erased = "Connection: X-Auth-Subject, X-Auth-Roles, close";
    let required = ["X-Require-Role: admin", "X-Require-Audience: api-service"];
    for lines in [
        FORGED.to_vec(),
        [&FORGED[..], &[erased]].concat(),
        vec![erased],
        vec!["Connection: X-Auth-Subject, X-Auth-Roles, X-Auth-Email, close", FORGED[0], FORGED[1]],
        required.to_vec(),
    ] {
        let exchange = site.raw(&site.token, &lines);
        assert_eq!(told(&seen(&exchange)), site.identity(), "{lines:?}");
        assert!(!exchange.text.contains("forged"), "{lines:?}: {}", exchange.text);
    }
    for token in ["", "x"] {
        assert_eq!(site.raw(token, &FORGED).statuses(), [401], "{token}");
    }
}

fn passes_methods_and_bodies(site: &Site) {
    for method in ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"] {
        let answer = site.door.request(method, "/").bearer(&site.token).send().expect(200);
        assert_eq!(answer.header("x-seen-method"), method);
        site.door.request(method, "/").send().expect(401);
    }
    for size in [1, 20_000, 1 << 20] {
        let body = "b".repeat(size);
        let post = || site.door.request("POST", "/").body("text/plain", body.clone());
        let seen = post().bearer(&site.token).send().expect(200).json();
        assert!(seen["body"] == json!(body), "{size}");
        assert_eq!(told(&seen), site.identity());
        // Some proxies reset the connection soon after the answer, if they did not read 256 KiB.
        if size <= 256 << 10 || [Program::Nginx, Program::Envoy].contains(&site.door.program) {
            post().bearer("x").send().expect(401);
        }
    }
    let chunked = ["Transfer-Encoding: chunked", "Connection: close", "\r\n5\r\nhello\r\n0\r\n"];
    assert_eq!(seen(&site.raw_post(&site.token, &chunked))["body"], "hello");
    assert_eq!(site.raw_post("x", &chunked).statuses(), [401]);
    let upgrade = [
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        "Connection: Upgrade, X-Auth-Roles",
    ];
    let exchange = site.raw(&site.token, &upgrade);
    assert_eq!(exchange.statuses(), [101], "{}", exchange.text);
    let (_, content) = exchange.text.split_once("\r\n\r\n").expect("content");
    let seen = serde_json::from_str(content).unwrap_or_else(|error| panic!("{error}: {content}"));
    assert_eq!(told(&seen), site.identity());
}

impl Site {
    /// Sends a `POST` as it is written.
    fn raw_post(&self, token: &str, lines: &[&str]) -> Exchange {
        let start =
            format!("POST / HTTP/1.1\r\nHost: app.example.org\r\nAuthorization: Bearer {token}");
        let text = [&[&*start], lines].concat().join("\r\n") + "\r\n";
        connection::exchange(&self.door.address, text.as_bytes(), PATIENCE)
    }
}

fn ends_with_the_session(site: &Site) {
    let session = Session::opened(&site.pair.auth, &site.user, "orders");
    // Twice, so that a proxy which keeps an answer would show it.
    site.get("/", &session.access).expect(200);
    site.get("/", &session.access).expect(200);
    site.pair.auth.post("/logout").bearer(&session.access).send().expect(204);
    poll::until("the log-out arrives", LOGOUT, || site.get("/", &session.access).status == 401);
    site.get("/", &site.token).expect(200);
}

#[test]
fn nginx_asks_the_guard_first() {
    asks_the_guard_first(Program::Nginx);
}

#[test]
fn caddy_asks_the_guard_first() {
    asks_the_guard_first(Program::Caddy);
}

#[test]
fn haproxy_asks_the_guard_first() {
    asks_the_guard_first(Program::HaProxy);
}

#[test]
fn envoy_asks_the_guard_first() {
    asks_the_guard_first(Program::Envoy);
}

#[test]
fn traefik_asks_the_guard_first() {
    asks_the_guard_first(Program::Traefik);
}
