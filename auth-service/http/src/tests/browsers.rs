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
