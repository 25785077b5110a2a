//! Preflights of browsers, methods, and the headers of every answer.

use actix_web::http::Method;
use actix_web::test::TestRequest;

use super::server::{Answer, Server, Setup};
use crate::Options;

const PAGE: &str = "https://app.example.org";

fn preflight(path: &str, origin: &str) -> TestRequest {
    TestRequest::with_uri(path)
        .method(Method::OPTIONS)
        .insert_header(("origin", origin.to_owned()))
        .insert_header(("access-control-request-method", "POST"))
        .insert_header(("access-control-request-headers", "content-type"))
}

#[actix_web::test]
async fn only_pages_of_allowed_origins_may_call() {
    let options = Options { cors_origins: vec![PAGE.into()], ..Options::default() };
    let server = Server::with(Setup { options, ..Setup::default() });
    for path in [
        "/login",
        "/signup",
        "/logout",
        "/logout/all",
        "/password",
        "/oauth2/token",
        "/oauth2/revoke",
    ] {
        let allowed = server.call(preflight(path, PAGE)).await;
        assert_eq!(allowed.header("access-control-allow-origin"), PAGE);
        let refused = server.call(preflight(path, "https://evil.example.org")).await;
        assert_eq!(refused.header("access-control-allow-origin"), "");
        assert_eq!(refused.header("content-type"), "application/problem+json");
    }
    let origin = ("origin", PAGE);
    let answer = server.call(TestRequest::post().uri("/login").insert_header(origin)).await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.header("access-control-allow-origin"), PAGE);
    assert_eq!(answer.header("access-control-allow-credentials"), "");
    assert!(answer.header("vary").to_lowercase().contains("origin"));
}

#[actix_web::test]
async fn preflight_allows_every_header_name() {
    let options = Options { cors_origins: vec![PAGE.into()], ..Options::default() };
    let server = Server::with(Setup { options, ..Setup::default() });
    let with_headers = |path, method, origin: &'static str| {
        let names = "authorization,baggage,content-type,sentry-trace,traceparent";
        let request = TestRequest::with_uri(path).method(Method::OPTIONS);
        let request = request.insert_header(("origin", origin));
        let request = request.insert_header(("access-control-request-method", method));
        server.call(request.insert_header(("access-control-request-headers", names)))
    };
    for (path, method, origin) in [
        ("/login", "POST", PAGE),
        ("/oauth2/token", "POST", PAGE),
        ("/openapi.json", "GET", PAGE),
        ("/.well-known/jwks.json", "GET", "https://any.example"),
        ("/.well-known/oauth-authorization-server", "GET", "https://any.example"),
    ] {
        let answer = with_headers(path, method, origin).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        let allowed = answer.header("access-control-allow-headers");
        assert!(allowed.contains("traceparent"), "{path}: {allowed}");
        assert!(answer.header("access-control-allow-methods").contains(method), "{path}");
    }
    for origin in ["https://evil.example.org", "null", "https://app.example.org.evil.example"] {
        let answer = with_headers("/login", "POST", origin).await;
        assert_eq!(answer.status, 400, "{origin}");
        assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}");
    }
}

#[actix_web::test]
async fn page_reads_refusals_and_their_headers() {
    let options = Options { cors_origins: vec![PAGE.into()], ..Options::default() };
    let setup = Setup { options, sign_ups_per_address: Some(1), ..Setup::default() };
    let server = Server::with(setup);
    server.sign_up("ann").await;
    let post = |path| TestRequest::post().uri(path).insert_header(("origin", PAGE));
    let wrong = [("email", "ann@example.org"), ("password", "wrong")];
    let again = [("name", "Bob"), ("email", "bob@example.org"), ("password", "a long pass phrase")];
    for (status, request) in [
        (401, post("/logout")),
        (403, post("/login").set_form(wrong)),
        (405, TestRequest::get().uri("/login").insert_header(("origin", PAGE))),
        (415, post("/login").set_payload("x")),
        (422, post("/signup").set_form([("name", "")])),
        (429, post("/signup").set_form(again)),
        (400, post("/oauth2/token").set_form([("grant_type", "none")])),
    ] {
        let answer = server.call(request).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(answer.header("access-control-allow-origin"), PAGE, "{answer:?}");
        let exposed = answer.header("access-control-expose-headers").to_lowercase();
        for name in ["www-authenticate", "retry-after", "etag"] {
            assert!(exposed.contains(name), "{status}: {exposed}");
        }
    }
}

#[actix_web::test]
async fn preflight_without_allowed_origins_is_405() {
    let server = Server::start();
    let answer = server.call(preflight("/login", PAGE)).await;
    assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "POST"));
    assert_eq!(answer.header("access-control-allow-origin"), "");
}

#[actix_web::test]
async fn other_methods_are_405_and_other_paths_404() {
    let server = Server::start();
    for (path, allow) in [
        ("/login", "POST"),
        ("/signup", "POST"),
        ("/oauth2/token", "POST"),
        ("/oauth2/introspect", "POST"),
        ("/logout", "POST"),
        ("/feed", "GET, HEAD"),
        ("/directory/users", "GET, HEAD"),
        ("/.well-known/jwks.json", "GET, HEAD"),
        ("/.well-known/oauth-authorization-server", "GET, HEAD"),
        ("/openapi.json", "GET, HEAD"),
        ("/docs", "GET, HEAD"),
    ] {
        for method in [Method::TRACE, Method::DELETE, Method::from_bytes(b"BREW").unwrap()] {
            let answer = server.call(TestRequest::with_uri(path).method(method)).await;
            assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, allow), "{path}");
            assert_eq!(answer.header("content-type"), "application/problem+json");
        }
    }
    for path in ["/", "/login/", "/Login", "/users", "/docs/none.js", "/../login", "/admin"] {
        let answer = server.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
}

#[actix_web::test]
async fn every_answer_has_the_security_headers() {
    let server = Server::start();
    for path in ["/docs", "/openapi.json", "/feed", "/none", "/.well-known/jwks.json"] {
        let answer = server.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert!(answer.header("content-security-policy").contains("default-src 'none'"), "{path}");
        assert!(answer.headers.get("server").is_none());
        let head = server.call(TestRequest::with_uri(path).method(Method::HEAD)).await;
        let seen = |answer: &Answer| (answer.status, answer.header("content-type").to_owned());
        assert_eq!(seen(&head), seen(&answer), "{path}");
    }
}
