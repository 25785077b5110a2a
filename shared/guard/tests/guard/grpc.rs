//! Tests of refusals of gRPC requests.

use actix_web::http::header::AUTHORIZATION;
use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::BodyExt;
use signet_contract::bearer::ACCESS_TOKEN_HEADER;
use signet_guard::tower::GuardLayer;
use signet_guard::{Guard, Rules};
use tower_service::Service;

use super::setup::{BOB, PHONE, Setup};

type Headers<'a> = &'a [(&'a str, &'a str)];

const GRPC: (&str, &str) = ("content-type", "application/grpc");

/// Sends a request to a service for admins, with or without gRPC.
async fn send(guard: &Guard, grpc: bool, method: Method, headers: Headers<'_>) -> Response<Body> {
    let layer = GuardLayer::new(guard.requiring(Rules::new().role("admin")));
    let layer = if grpc { layer.grpc() } else { layer };
    let mut app = Router::new().fallback(async || "reached").layer(layer);
    let mut request = Request::builder().method(method).uri("/package.Service/Method");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let Ok(response) = app.call(request.body(Body::empty()).expect("a request")).await;
    response
}

fn field<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers.get(name).map_or("", |value| value.to_str().expect("ASCII"))
}

#[actix_web::test]
async fn grpc_refusal_is_a_status_without_a_message() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let bob = setup.user(BOB, PHONE, &["user"]);
    let bob_again = format!("Bearer {}", setup.user(BOB, PHONE, &["user"]));
    let cases: [(Headers<'_>, &str, &str); 4] = [
        (&[], "16", "Bearer"),
        (&[(ACCESS_TOKEN_HEADER, "bad")], "16", r#"Bearer error="invalid_token""#),
        (
            &[(ACCESS_TOKEN_HEADER, &bob), (AUTHORIZATION.as_str(), &bob_again)],
            "3",
            r#"Bearer error="invalid_request""#,
        ),
        (&[(ACCESS_TOKEN_HEADER, &bob)], "7", r#"Bearer error="insufficient_scope""#),
    ];
    for (headers, code, challenge) in cases {
        for (sent, answered) in [
            ("application/grpc", "application/grpc"),
            ("application/grpc+proto", "application/grpc"),
            ("Application/gRPC;charset=utf-8", "application/grpc"),
            ("application/grpc-web+proto", "application/grpc-web"),
            ("application/grpc-web-text", "application/grpc-web-text"),
        ] {
            let headers = [headers, &[("content-type", sent)]].concat();
            let response = send(&guard, true, Method::POST, &headers).await;
            let (parts, body) = response.into_parts();
            let got = |name| field(&parts.headers, name);
            assert_eq!((parts.status.as_u16(), got("grpc-status")), (200, code), "{sent}");
            assert_eq!(got("content-type"), answered);
            assert!(got("www-authenticate").starts_with(challenge), "{challenge}");
            assert!(!got("grpc-message").is_empty());
            assert!(body.collect().await.expect("a body").to_bytes().is_empty());
        }
    }
}

#[actix_web::test]
async fn undecided_grpc_request_is_unavailable() {
    let setup = Setup::new();
    setup.issuer.go_down().await;
    let guard = setup.guard().await;
    let bob = setup.user(BOB, PHONE, &["user"]);
    let headers = [(ACCESS_TOKEN_HEADER, bob.as_str()), GRPC];
    let response = send(&guard, true, Method::POST, &headers).await;
    let got = |name| field(response.headers(), name);
    assert_eq!((response.status().as_u16(), got("grpc-status")), (200, "14"));
    assert_eq!(got("grpc-message"), "The access token can't be checked now; try again.");
    assert!(!got("retry-after").is_empty());
}

/// A proxy with forward authentication takes every 200 for an admission, and passes the client's media
/// type on.
#[actix_web::test]
async fn media_type_of_a_client_never_turns_a_refusal_into_200() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    for (grpc, method, media_type) in [
        (false, Method::POST, "application/grpc"),
        (false, Method::GET, "application/grpc"),
        (true, Method::GET, "application/grpc"),
        (true, Method::HEAD, "application/grpc"),
        (true, Method::POST, "application/grpcevil"),
        (true, Method::POST, "application/gr"),
        (true, Method::POST, "application/json"),
        (true, Method::POST, "text/plain; application/grpc"),
    ] {
        let response = send(&guard, grpc, method.clone(), &[("content-type", media_type)]).await;
        assert_eq!(response.status(), 401, "{grpc} {method} {media_type}");
    }
}
