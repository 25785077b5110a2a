//! Other spellings of paths and header fields, which client libraries do not send, through each proxy.

use std::time::Duration;

use serde_json::Value;
use support::connection;
use support::forward::{self, Door, Program};
use support::user::User;

/// The time for an answer. A loaded machine needs a part of it.
const PATIENCE: Duration = Duration::from_secs(30);

/// Paths that a service may read as `/admin/` or as a path below it.
const ADMIN: [&str; 22] = [
    "/admin",
    "/admin?x",
    "/admin/x",
    "/admin;x/",
    "//admin/",
    "///admin/",
    "/./admin/",
    "/%2e/admin/",
    "/%61dmin/",
    "/%61%64min/x",
    "/ADMIN/x",
    "/x/../admin/",
    "/x/%2e%2e/admin/",
    "/x/.%2E/admin/",
    "/../admin/",
    "/admin%2Fx",
    "/%2Fadmin/",
    "/x%2F..%2Fadmin/",
    "http://app.example.org/admin/",
    "/admin/%",
    "/admin/%zz",
    "/%zz/../admin",
];

/// More of these, for services in Java.
const JAVA: [&str; 5] =
    ["/;/admin/", "/x/..;/admin/", "/x;y=1/../admin/", "/%3b/admin", "/x/..%3b/admin/"];

/// Lines of a request that a service may read as fields of the guard.
const FORGED: [&str; 11] = [
    "X-Auth-Subject: forged",
    "X-Auth-Subject: forged too",
    "x-auth-roles: forged",
    "X-AUTH-NAME:forged \t",
    "X_Auth_Roles: forged",
    "x_auth_email: forged",
    "X-Auth_Email: forged",
    "X_Auth-Scope: forged",
    "X-Auth.Roles: forged",
    "X.Auth.Client: forged",
    "Connection: X-Auth-Subject, x-auth-roles, close",
];

/// Sends a request with these lines; returns the status and the fields that reached the service.
fn get(door: &Door, path: &str, token: &str, lines: &[&str]) -> (u16, Vec<String>) {
    let token = format!("Authorization: Bearer {token}");
    let lines = [&["Host: app.example.org", &*token], lines].concat().join("\r\n");
    let request = format!("GET {path} HTTP/1.1\r\n{lines}\r\n\r\n");
    let exchange = connection::exchange(&door.address, request.as_bytes(), PATIENCE);
    let status = *exchange.statuses().first().unwrap_or_else(|| panic!("no answer: {path}"));
    let body = exchange.text.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
    let seen: Value = serde_json::from_str(body).unwrap_or_default();
    let fields = seen["headers"].as_array().into_iter().flatten();
    (status, fields.map(|field| field.to_string().to_lowercase()).collect())
}

#[test]
fn other_spellings_of_paths_and_fields_gain_nothing() {
    let pair = forward::pair();
    let (_echo, service) = forward::echo(pair.folder());
    let token = User::signed_up(&pair.auth, "Ada").log_in_for(&pair.auth, "orders");
    for program in
        [Program::Nginx, Program::Caddy, Program::HaProxy, Program::Envoy, Program::Traefik]
    {
        let strict = program.cleans_paths();
        let door = Door::start(program, pair.folder(), pair.api.address(), &service);
        for path in ADMIN.iter().chain(&JAVA) {
            let (status, seen) = get(&door, path, &token, &["Connection: close"]);
            assert!([400, 403].contains(&status), "{program:?} {path}: {status} {seen:?}");
        }
        let (status, seen) = get(&door, "/x", &token, &FORGED);
        assert_eq!(status, 200, "{program:?}: {seen:?}");
        let forged: Vec<_> = seen.iter().filter(|field| field.contains("forged")).collect();
        assert!(forged.is_empty(), "{program:?}: {forged:?}");
        if strict {
            let own = seen.iter().filter(|field| field.contains("\"x-auth-"));
            assert_eq!(own.count(), 7, "{program:?}: {seen:?}");
        }
    }
}
