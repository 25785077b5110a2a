//! Tests of the HTTP answers of the extractors and the middleware.

use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{App, test, web};
use serde::Deserialize;
use signet_contract::bearer::ACCESS_TOKEN_HEADER;
use signet_guard::actix::{Guarded, Then};
use signet_guard::{Admin, Caller, Guard, Guards, Rules, Scope, Scoped, User};

use super::setup::{ANN, BOB, PHONE, Setup};
use super::tokens::keys;

async fn name(caller: Caller) -> String {
    caller.user().map_or_else(|| caller.token().client_id.clone(), |user| user.to_string())
}

async fn user_id(user: User) -> String {
    user.public_id().to_string()
}

async fn admin_id(Admin(user): Admin) -> String {
    user.public_id().to_string()
}

struct ReadReports;

impl Scope for ReadReports {
    const NAME: &'static str = "reports:read";
}

async fn report(client: Scoped<ReadReports>) -> String {
    client.token().client_id.clone()
}

#[derive(Deserialize)]
struct Page {
    limit: u8,
}

async fn page(Then(user, page): Then<User, web::Query<Page>>) -> String {
    format!("{} of {}", page.limit, user.public_id())
}

/// Returns the answer of `path` to these headers: status, challenge, body.
async fn answer(guard: &Guard, path: &str, headers: &[(&str, &str)]) -> (u16, String, String) {
    let app = App::new()
        .app_data(web::Data::new(guard.clone()))
        .route("/anyone", web::get().to(name))
        .route("/user", web::get().to(user_id))
        .route("/operator", web::get().to(admin_id))
        .route("/page", web::get().to(page))
        .route("/report", web::get().to(report))
        .service(web::scope("/scope").wrap(Guarded::by(guard)).route("", web::get().to(name)))
        .service(
            web::scope("/reports")
                .wrap(Guarded::by(guard.requiring(Rules::new().scope("reports:read"))))
                .route("", web::get().to(report)),
        )
        .service(
            web::scope("/admin")
                .wrap(Guarded::by(guard.requiring(Rules::new().role("admin"))))
                .route("", web::get().to(name)),
        );
    let app = test::init_service(app).await;
    let mut request = test::TestRequest::get().uri(path);
    for header in headers {
        request = request.append_header(*header);
    }
    let response = test::call_service(&app, request.to_request()).await;
    let status = response.status();
    assert_eq!(
        status == StatusCode::SERVICE_UNAVAILABLE,
        response.headers().contains_key(RETRY_AFTER)
    );
    let challenge = response.headers().get(WWW_AUTHENTICATE);
    let challenge = challenge.map_or("", |value| value.to_str().expect("ASCII")).to_owned();
    let body = test::read_body(response).await;
    (status.as_u16(), challenge, String::from_utf8(body.to_vec()).expect("text"))
}

#[actix_web::test]
async fn handler_and_scope_receive_the_caller() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let ann = setup.user(ANN, PHONE, &["user", "admin"]);
    let service = setup.token(&keys()[0], setup.position()).service("reporting");
    for path in ["/anyone", "/user", "/operator", "/scope", "/admin"] {
        let got = answer(&guard, path, &[(ACCESS_TOKEN_HEADER, &ann)]).await;
        assert_eq!(got, (200, String::new(), ANN.to_string()), "{path}");
    }
    let bearer = format!("bearer {service}");
    let got = answer(&guard, "/scope", &[(AUTHORIZATION.as_str(), &bearer)]).await;
    assert_eq!(got, (200, String::new(), "reporting".into()));
}

#[actix_web::test]
async fn scope_is_required_in_the_token() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let tokens = setup.token(&keys()[0], setup.position());
    let scoped = tokens.service_with_scope("reporting", "events:read reports:read");
    let refused = [
        tokens.service("reporting"),
        tokens.service_with_scope("reporting", "events:read reports:read-all"),
        setup.user(ANN, PHONE, &["user", "admin"]),
    ];
    for path in ["/report", "/reports"] {
        let got = answer(&guard, path, &[(ACCESS_TOKEN_HEADER, &scoped)]).await;
        assert_eq!(got, (200, String::new(), "reporting".into()), "{path}");
        for token in &refused {
            let (status, challenge, _) =
                answer(&guard, path, &[(ACCESS_TOKEN_HEADER, token)]).await;
            let named = r#"Bearer error="insufficient_scope", scope="reports:read""#;
            assert_eq!((status, challenge.as_str()), (403, named), "{path}");
        }
    }
}

#[actix_web::test]
async fn refusals_match_the_contract() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let bob = setup.user(BOB, PHONE, &["user"]);
    let bob_again = format!("Bearer {}", setup.user(BOB, PHONE, &["user"]));
    for path in ["/anyone", "/scope", "/admin"] {
        let (status, challenge, body) = answer(&guard, path, &[]).await;
        assert_eq!((status, challenge.as_str()), (401, "Bearer"), "{path}");
        assert_eq!(body, r#"{"message":"Token is missing !!"}"#);

        let bad = [(ACCESS_TOKEN_HEADER, "bad")];
        let (status, challenge, body) = answer(&guard, path, &bad).await;
        assert_eq!(status, 401, "{path}");
        assert!(challenge.starts_with(r#"Bearer error="invalid_token""#), "{challenge}");
        assert_eq!(body, r#"{"message":"Token is invalid !!"}"#);

        let two = [(ACCESS_TOKEN_HEADER, bob.as_str()), (AUTHORIZATION.as_str(), &bob_again)];
        assert_eq!(answer(&guard, path, &two).await.0, 400, "{path}");
    }
    let service = setup.token(&keys()[0], setup.position()).service("reporting");
    for (path, token) in [("/admin", &bob), ("/operator", &bob), ("/user", &service)] {
        let got = answer(&guard, path, &[(ACCESS_TOKEN_HEADER, token)]).await;
        assert_eq!((got.0, got.1.as_str()), (403, r#"Bearer error="insufficient_scope""#));
    }
    let refused = guard.status().refused;
    assert_eq!((refused["missing"], refused["ambiguous"], refused["malformed"]), (3, 3, 3));
    assert_eq!((refused["forbidden"], guard.status().admitted), (3, 0));
}

#[actix_web::test]
async fn undecided_request_gets_retry_after() {
    let setup = Setup::new();
    setup.issuer.go_down().await;
    let guard = setup.guard().await;
    let ann = setup.user(ANN, PHONE, &["user"]);
    for path in ["/anyone", "/scope", "/admin"] {
        let got = answer(&guard, path, &[(ACCESS_TOKEN_HEADER, &ann)]).await;
        assert_eq!((got.0, got.1.as_str()), (503, ""), "{path}");
        assert_eq!(answer(&guard, path, &[]).await.0, 401, "{path}");
    }
}

#[actix_web::test]
async fn caller_is_judged_before_the_rest_of_the_request_is_read() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let ann = setup.user(ANN, PHONE, &["user"]);
    for (path, without_token, with_token) in [("/page?limit=7", 401, 200), ("/page", 401, 400)] {
        assert_eq!(answer(&guard, path, &[]).await.0, without_token, "{path}");
        let got = answer(&guard, path, &[(ACCESS_TOKEN_HEADER, &ann)]).await;
        assert_eq!(got.0, with_token, "{path}");
    }
}

#[actix_web::test]
async fn extractor_without_a_guard_answers_503() {
    let app = App::new().route("/user", web::get().to(user_id));
    let app = test::init_service(app).await;
    let request = test::TestRequest::get().uri("/user").to_request();
    assert_eq!(test::call_service(&app, request).await.status(), 503);
}

/// A scope of the app has a stricter guard than the app, or than the middleware around it.
#[actix_web::test]
async fn scope_with_a_stricter_guard_judges_again() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let strict = guard.requiring(Rules::new().role("admin"));
    let scope = |guard: &Guard| {
        web::scope("/inner").app_data(web::Data::new(guard.clone())).route("", web::get().to(name))
    };
    let app = App::new()
        .app_data(web::Data::new(guard.clone()))
        .wrap(Guarded::by(&guard))
        .service(scope(&strict))
        .default_service(web::to(name));
    let app = test::init_service(app).await;
    for (user, roles, status) in [(ANN, &["user", "admin"][..], 200), (BOB, &["user"], 403)] {
        let token = setup.user(user, PHONE, roles);
        for (path, status) in [("/inner", status), ("/", 200)] {
            let request = test::TestRequest::with_uri(path);
            let request = request.insert_header((ACCESS_TOKEN_HEADER, token.as_str()));
            let answer = test::call_service(&app, request.to_request()).await;
            assert_eq!(answer.status(), status, "{path}");
        }
    }
}

#[actix_web::test]
async fn app_with_two_kinds_of_guards_answers_503() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let app = App::new()
        .app_data(web::Data::new(guard.clone()))
        .app_data(web::Data::new(Guards::from(&guard)))
        .default_service(web::to(name));
    let app = test::init_service(app).await;
    let token = setup.user(ANN, PHONE, &["user"]);
    let request = test::TestRequest::with_uri("/").insert_header((ACCESS_TOKEN_HEADER, token));
    assert_eq!(test::call_service(&app, request.to_request()).await.status(), 503);
}
