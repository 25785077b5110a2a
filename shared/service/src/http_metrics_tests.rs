//! Tests of the counts of requests.

use actix_web::http::StatusCode;
use actix_web::test::{TestRequest, call_service, init_service, try_call_service};
use actix_web::{App, HttpResponse, middleware, web};
use futures_util::FutureExt as _;
use prometheus_client::encoding::prometheus_text::encode;
use prometheus_client::registry::Registry;
use serde_json::json;

use super::*;
use crate::problem_response::not_found;
use crate::protection::protect;
use crate::resource::read;

fn metrics() -> HttpMetrics {
    let path = || json!({"get": {}});
    let paths = json!({"/user/me": path(), "/user/{id}": path(), "/feed": path()});
    let openapi = json!({"openapi": "3.1.0", "paths": paths}).to_string();
    HttpMetrics::new(&openapi, &["/feed"]).expect("an OpenAPI document")
}

fn text(metrics: &HttpMetrics) -> String {
    let (mut registry, mut text) = (Registry::default(), String::new());
    registry.register_collector(Box::new(metrics.clone()));
    encode(&mut text, &registry).expect("text");
    text
}

/// Returns the series of requests that were counted.
fn counted(metrics: &HttpMetrics) -> Vec<String> {
    let lines = text(metrics);
    let lines = lines.lines().filter_map(|line| line.strip_prefix("signet_http_requests_total"));
    lines.filter(|line| !line.ends_with(" 0")).map(str::to_owned).collect()
}

/// Sends these requests to an application with the routes of [`metrics`].
async fn send(metrics: &HttpMetrics, requests: &[(&str, &str)]) {
    let counting = metrics.clone();
    let app = App::new()
        .wrap(middleware::from_fn(protect))
        .wrap_fn(move |request, next| counting.measure(request, next))
        .service(read("/user/me", async || "me"))
        .service(read("/user/{id}", async |id: web::Path<String>| {
            assert_ne!(*id, "panic", "a bug in a handler");
            let status = StatusCode::from_u16(id.parse().unwrap_or(200));
            HttpResponse::build(status.expect("a status")).finish()
        }))
        .service(read("/feed", async || "feed"))
        .default_service(web::to(not_found));
    let app = init_service(app).await;
    for (method, path) in requests {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let request = TestRequest::with_uri(path).method(method).to_request();
        // An error is an answer, too.
        drop(try_call_service(&app, request).await);
    }
}

#[actix_web::test]
async fn answers_are_counted_by_template_method_and_class() {
    let metrics = metrics();
    let requests = [
        ("GET", "/user/me"),
        ("GET", "/user/me?a=b"),
        ("HEAD", "/user/me"),
        ("GET", "/user/304"),
        ("GET", "/user/404"),
        ("GET", "/user/503"),
        ("POST", "/user/me"),
        ("GET", "/%75ser/me"),
    ];
    send(&metrics, &requests).await;
    assert_eq!(
        counted(&metrics),
        [
            r#"{route="/user/me",method="GET",status="2xx"} 3"#,
            r#"{route="/user/me",method="HEAD",status="2xx"} 1"#,
            r#"{route="/user/me",method="other",status="4xx"} 1"#,
            r#"{route="/user/{id}",method="GET",status="3xx"} 1"#,
            r#"{route="/user/{id}",method="GET",status="4xx"} 1"#,
            r#"{route="/user/{id}",method="GET",status="5xx"} 1"#,
        ]
    );
    let count = r#"signet_http_request_duration_seconds_count{route="/user/me",method="GET"} 3"#;
    assert!(text(&metrics).lines().any(|line| line == count), "{}", text(&metrics));
}

#[actix_web::test]
async fn unknown_paths_and_methods_make_no_series_of_their_own() {
    let metrics = metrics();
    let paths: Vec<String> = (0..100).map(|n| format!("/stranger/{n}")).collect();
    let mut requests: Vec<_> = paths.iter().map(|path| ("GET", path.as_str())).collect();
    requests.extend([("BREW", "/user/me"), ("TRACE", "/user/me"), ("get", "/x"), ("other", "/x")]);
    send(&metrics, &requests).await;
    assert_eq!(
        counted(&metrics),
        [
            r#"{route="/user/me",method="other",status="4xx"} 2"#,
            r#"{route="unmatched",method="GET",status="4xx"} 100"#,
            r#"{route="unmatched",method="other",status="4xx"} 2"#,
        ]
    );
}

#[actix_web::test]
async fn panic_counts_as_5xx_without_a_route() {
    let metrics = metrics();
    send(&metrics, &[("GET", "/user/panic")]).await;
    assert_eq!(counted(&metrics), [r#"{route="unmatched",method="GET",status="5xx"} 1"#]);
    assert!(text(&metrics).contains("signet_http_requests_in_progress 0\n"));
}

#[actix_web::test]
async fn long_poll_is_counted_without_its_duration() {
    let metrics = metrics();
    send(&metrics, &[("GET", "/feed")]).await;
    assert_eq!(counted(&metrics), [r#"{route="/feed",method="GET",status="2xx"} 1"#]);
    assert!(!text(&metrics).contains(r#"duration_seconds_count{route="/feed""#));
}

#[actix_web::test]
async fn described_series_exist_before_the_first_request() {
    let text = text(&metrics());
    for line in [
        r#"signet_http_requests_total{route="/user/me",method="GET",status="2xx"} 0"#,
        r#"signet_http_requests_total{route="/user/{id}",method="GET",status="5xx"} 0"#,
        r#"signet_http_requests_total{route="/openapi.json",method="GET",status="4xx"} 0"#,
        r#"signet_http_requests_total{route="unmatched",method="GET",status="4xx"} 0"#,
        r#"signet_http_request_duration_seconds_bucket{route="/user/me",method="GET",le="0.0005"} 0"#,
        r#"signet_http_request_duration_seconds_bucket{route="/user/me",method="GET",le="+Inf"} 0"#,
        "signet_http_requests_in_progress 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

#[actix_web::test]
async fn request_is_in_progress_until_it_is_answered_or_given_up() {
    let metrics = metrics();
    let counting = metrics.clone();
    let app = App::new()
        .wrap_fn(move |request, next| counting.measure(request, next))
        .route("/wait", web::get().to(std::future::pending::<HttpResponse>));
    let app = init_service(app).await;
    let progress = |count: u8| format!("signet_http_requests_in_progress {count}\n");
    let mut waiting = Box::pin(call_service(&app, TestRequest::with_uri("/wait").to_request()));
    assert!(waiting.as_mut().now_or_never().is_none());
    assert!(text(&metrics).contains(&progress(1)));
    drop(waiting);
    assert!(text(&metrics).contains(&progress(0)));
    assert!(counted(&metrics).is_empty());
}

#[test]
fn time_falls_into_the_bucket_that_it_is_not_above() {
    let counts = Counts::default();
    for micros in [0, 500, 501, 10_000_000, 10_000_001, u64::MAX] {
        counts.add(StatusCode::OK, Duration::from_micros(micros));
    }
    let filled: Vec<_> = counts.buckets().into_iter().filter(|(_, count)| *count > 0).collect();
    assert_eq!(filled, [(0.0005, 2), (0.001, 1), (10.0, 1), (f64::INFINITY, 2)]);
}
