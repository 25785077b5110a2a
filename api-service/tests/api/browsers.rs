//! Calls from pages in a browser.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use api_service::domain::visibility::Visibility;

use crate::app::{Answer, App, service_token, token_of, user};

const PAGE: &str = "https://app.example.org";
const EVIL: &str = "https://evil.example.org";

const PATHS: [&str; 5] = [
    "/user",
    "/user/me",
    "/user/8c5f9f3e-7f5c-4d39-9a55-0f6a7f2b9a11",
    "/.well-known/oauth-protected-resource",
    "/openapi.json",
];

fn preflight(path: &str, origin: &'static str, method: &'static str) -> TestRequest {
    TestRequest::with_uri(path)
        .method(Method::OPTIONS)
        .insert_header(("origin", origin))
        .insert_header(("access-control-request-method", method))
        .insert_header(("access-control-request-headers", "authorization,baggage,traceparent"))
}

fn allowed_origin(answer: &Answer) -> Option<&str> {
    answer.header("access-control-allow-origin")
}

#[actix_web::test]
async fn page_of_an_allowed_origin_may_read_with_every_header() {
    let app = App::start(&[], Visibility::Everyone).await.called_from(PAGE);
    for path in PATHS {
        for method in ["GET", "HEAD"] {
            let answer = app.send(preflight(path, PAGE, method)).await;
            assert_eq!((answer.status, allowed_origin(&answer)), (200, Some(PAGE)), "{path}");
            let headers = answer.header("access-control-allow-headers").unwrap_or_default();
            assert!(headers.contains("traceparent"), "{path}: {headers}");
            assert_eq!(answer.header("access-control-allow-credentials"), None);
        }
        for (origin, method) in [(EVIL, "GET"), ("null", "GET"), (PAGE, "DELETE")] {
            let answer = app.send(preflight(path, origin, method)).await;
            assert_eq!((answer.status, allowed_origin(&answer)), (400, None), "{path} {origin}");
            assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        }
    }
}

#[actix_web::test]
async fn page_reads_answers_and_refusals() {
    let ann = user("ann");
    let app = App::start(std::slice::from_ref(&ann), Visibility::Everyone).await.called_from(PAGE);
    for (status, path, token) in [
        (200, "/user/me", token_of(&ann)),
        (200, "/openapi.json", String::new()),
        (200, "/.well-known/oauth-protected-resource", String::new()),
        (401, "/user/me", "garbage".into()),
        (403, "/user", service_token()),
        (404, "/user/nobody", token_of(&ann)),
        (422, "/user?limit=0", token_of(&ann)),
    ] {
        let from = |origin: &'static str| {
            let request = TestRequest::with_uri(path).insert_header(("origin", origin));
            app.send(request.insert_header(("x-access-token", token.clone())))
        };
        let answer = from(PAGE).await;
        assert_eq!((answer.status, allowed_origin(&answer)), (status, Some(PAGE)), "{path}");
        let exposed = answer.header("access-control-expose-headers").unwrap_or_default();
        assert!(exposed.to_lowercase().contains("www-authenticate"), "{path}: {exposed}");
        let vary = answer.header("vary").unwrap_or_default();
        assert!(vary.to_lowercase().contains("origin"), "{path}: {vary}");
        let answer = from(EVIL).await;
        assert_eq!((answer.status, allowed_origin(&answer)), (status, None), "{path}");
    }
}

#[actix_web::test]
async fn without_allowed_origins_no_answer_mentions_cors() {
    let app = App::start(&[], Visibility::Everyone).await;
    for path in PATHS {
        let refused = app.send(preflight(path, PAGE, "GET")).await;
        assert_eq!((refused.status, refused.header("allow")), (405, Some("GET, HEAD")), "{path}");
        let read = app.send(TestRequest::with_uri(path).insert_header(("origin", PAGE))).await;
        for answer in [refused, read] {
            for name in ["access-control-allow-origin", "access-control-expose-headers", "vary"] {
                assert_eq!(answer.header(name), None, "{path}");
            }
        }
    }
}
