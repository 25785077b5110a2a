//! Ids, traces and origins of requests.

use std::net::SocketAddr;

use actix_web::http::{Method, StatusCode};
use actix_web::test::{TestRequest, call_service, init_service, try_call_service};
use actix_web::{App, HttpResponse, middleware, web};

use super::super::problem_response::ProblemError;
use super::super::protection::protect;
use super::*;

const PROXY: &str = "10.0.0.1";
const STRANGER: &str = "192.0.2.1";

fn proxies() -> Proxies {
    Proxies::new(vec!["10.0.0.0/8".parse().expect("a network")], "AUTH_TRUSTED_PROXIES")
}

fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        let value = HeaderValue::from_str(value).expect("a value");
        headers.append(HeaderName::from_static(name), value);
    }
    headers
}

fn context(peer: &str, lines: &[(&'static str, &str)]) -> RequestContext {
    proxies().context(Some(peer.parse().expect("an address")), &headers(lines))
}

fn is_made_here(id: &str) -> bool {
    Uuid::try_parse(id).is_ok_and(|id| id.get_version_num() == 4)
}

#[test]
fn id_of_a_trusted_proxy_is_recorded() {
    for id in ["a", "A-b_c.9", &"x".repeat(64)] {
        assert_eq!(&*context(PROXY, &[("x-request-id", id)]).id, id);
        assert_eq!(&*context("::ffff:10.0.0.1", &[("x-request-id", id)]).id, id);
    }
}

#[test]
fn id_of_a_stranger_is_echoed_and_not_recorded() {
    let context = context(STRANGER, &[("x-request-id", "abc")]);
    assert!(is_made_here(&context.id), "{context:?}");
    assert_eq!(context.echoed.as_deref(), Some("abc"));
}

#[test]
fn invalid_id_is_ignored() {
    let long = "x".repeat(65);
    for peer in [PROXY, STRANGER] {
        for id in ["", " ", "a b", "a,b", "ä", "a\t", "a/b", "a:b", "{}", &long] {
            let context = context(peer, &[("x-request-id", id)]);
            assert!(is_made_here(&context.id) && context.echoed.is_none(), "{id}: {context:?}");
        }
        let two = context(peer, &[("x-request-id", "a"), ("x-request-id", "a")]);
        assert!(is_made_here(&two.id) && two.echoed.is_none(), "{two:?}");
    }
}

#[test]
fn address_has_no_port_and_comes_from_a_trusted_proxy_only() {
    let forwarded = [("x-forwarded-for", "203.0.113.9:4711")];
    let address = |peer| context(peer, &forwarded).address.map(|address| address.to_string());
    assert_eq!(address(PROXY).as_deref(), Some("203.0.113.9"));
    assert_eq!(address(STRANGER).as_deref(), Some(STRANGER));
    assert_eq!(address("::ffff:192.0.2.1").as_deref(), Some(STRANGER));
}

#[test]
fn trace_id_is_that_of_a_valid_header() {
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    for good in [
        format!("00-{TRACE}-00f067aa0ba902b7-01"),
        format!("00-{TRACE}-00f067aa0ba902b7-00"),
        format!("01-{TRACE}-00f067aa0ba902b7-01"),
        format!("cc-{TRACE}-00f067aa0ba902b7-01-what-the-future-brings"),
        format!("cc-{TRACE}-00f067aa0ba902b7-01-"),
    ] {
        assert_eq!(trace_id(&good), Some(TRACE), "{good}");
    }
    for bad in [
        String::new(),
        TRACE.to_owned(),
        format!("ff-{TRACE}-00f067aa0ba902b7-01"),
        format!("00-{TRACE}-00f067aa0ba902b7-01-more"),
        format!("00-{TRACE}-00f067aa0ba902b7-01-"),
        format!("00-{TRACE}-00f067aa0ba902b7"),
        format!("00-{TRACE}-00f067aa0ba902b7-1"),
        format!("0-{TRACE}-00f067aa0ba902b7-01"),
        format!("00-{}-00f067aa0ba902b7-01", TRACE.to_uppercase()),
        format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
        format!("00-{TRACE}-{}-01", "0".repeat(16)),
        format!("00-{}x-00f067aa0ba902b7-01", &TRACE[..31]),
        format!("cc-{TRACE}-00f067aa0ba902b7-01.future"),
        format!("0x-{TRACE}-00f067aa0ba902b7-01"),
        format!("00_{TRACE}_00f067aa0ba902b7_01"),
    ] {
        assert_eq!(trace_id(&bad), None, "{bad}");
    }
}

#[test]
fn each_forwarding_header_of_an_untrusted_peer_counts() {
    let counted = |peer: &str, lines: &[(&'static str, &str)]| {
        let proxies = proxies();
        proxies.warn_of_untrusted(peer.parse().expect("an address"), &headers(lines));
        // The first event is due for a line.
        proxies.0.warnings.count().is_none()
    };
    for line in [("x-forwarded-for", "a"), ("forwarded", "for=a"), ("x-real-ip", "")] {
        assert!(counted(STRANGER, &[line]), "{line:?}");
        assert!(!counted(PROXY, &[line]), "{line:?}");
    }
    assert!(!counted(STRANGER, &[("x-forwarded-proto", "https"), ("via", "1.1 x")]));
}

async fn shown(request: TestRequest) -> (StatusCode, Vec<String>) {
    let proxies = proxies();
    let context = move |request, next| with_context(proxies.clone(), request, next);
    let fail = async || Err::<HttpResponse, _>(ProblemError::internal());
    let early = async |_: ServiceRequest, _: Next<actix_web::body::BoxBody>| {
        let refused = ProblemError::new(StatusCode::PAYLOAD_TOO_LARGE, "too large");
        Err::<ServiceResponse, _>(actix_web::Error::from(refused))
    };
    let app = App::new()
        .wrap(middleware::from_fn(protect))
        .wrap(middleware::from_fn(context))
        .route("/fine", web::get().to(HttpResponse::Ok))
        .route("/failing", web::get().to(fail))
        .route("/panic", web::get().to(async || -> HttpResponse { panic!("a test") }))
        .service(web::scope("/early").wrap(middleware::from_fn(early)));
    let app = init_service(app).await;
    let mut request = request.to_request();
    request.head_mut().peer_addr = Some(SocketAddr::from(([192, 0, 2, 1], 4_711)));
    let response = match try_call_service(&app, request).await {
        Ok(response) => response.into_parts().1.map_into_boxed_body(),
        Err(error) => error.error_response(),
    };
    let ids = response.headers().get_all(REQUEST_ID);
    (response.status(), ids.map(|id| id.to_str().expect("ASCII").to_owned()).collect())
}

#[actix_web::test]
async fn every_answer_has_one_id() {
    for (method, path, status) in [
        (Method::GET, "/fine", 200),
        (Method::GET, "/nowhere", 404),
        (Method::POST, "/fine", 404),
        (Method::GET, "/failing", 500),
        (Method::GET, "/panic", 500),
        (Method::POST, "/early/x", 413),
    ] {
        let (answered, ids) = shown(TestRequest::with_uri(path).method(method)).await;
        assert_eq!(answered, status, "{path}");
        assert!(ids.len() == 1 && is_made_here(&ids[0]), "{path}: {ids:?}");
    }
    let request = TestRequest::with_uri("/failing").insert_header(("x-request-id", "mine"));
    assert_eq!(shown(request).await.1, ["mine"]);
}

#[actix_web::test]
async fn handler_reads_the_recorded_context() {
    let proxies = proxies();
    let context = move |request, next| with_context(proxies.clone(), request, next);
    let told = async |request: HttpRequest| {
        let context = RequestContext::of(&request).expect("a context");
        format!("{} {:?}", context.id, context.address)
    };
    let app = App::new().wrap(middleware::from_fn(context)).route("/", web::get().to(told));
    let app = init_service(app).await;
    let request = TestRequest::with_uri("/")
        .peer_addr(SocketAddr::from(([10, 0, 0, 1], 4_711)))
        .insert_header(("x-request-id", "abc"))
        .insert_header(("x-forwarded-for", "203.0.113.9"));
    let response = call_service(&app, request.to_request()).await;
    let body = actix_web::test::read_body(response).await;
    assert_eq!(body, "abc Some(203.0.113.9)");
}
