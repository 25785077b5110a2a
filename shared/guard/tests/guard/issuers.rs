//! Tests of guards of several issuers, of several audiences, and of optional callers.

use actix_web::http::header::{HeaderMap, HeaderValue};
use actix_web::{App, test, web};
use signet_contract::bearer::ACCESS_TOKEN_HEADER;
use signet_contract::events::Change;
use signet_guard::actix::{Guarded, Optional};
use signet_guard::testing::TestIssuer;
use signet_guard::{Admin, Caller, GuardConfig, Guards, Rules};
use signet_verifier::Reason;
use signet_verifier::Refusal::{self, Invalid};

use super::setup::{ANN, LAPTOP, PHONE, Setup, until};
use super::tokens::{AUDIENCE, keys};

const ISSUER: &str = "https://login.example.org";

/// Two issuers with different keys, and the guards of both.
struct Two {
    a: Setup,
    b: Setup,
    guards: Guards,
}

impl Two {
    async fn start() -> Self {
        let (a, b) = (Setup::new(), Setup::new());
        b.issuer.with(|state| state.jwks = vec![keys()[1].jwk.clone()]);
        let guards = Guards::new(a.serving().await, [b.serving().await]).expect("two issuers");
        Self { a, b, guards }
    }

    fn of_b(&self) -> String {
        self.b.token(&keys()[1], self.b.position()).user(ANN, PHONE, &["user"])
    }

    async fn refusal(&self, token: &str) -> Option<Refusal> {
        self.guards.admit(token).await.err()
    }
}

fn with_token(token: &str) -> HeaderMap {
    let value = HeaderValue::from_str(token).expect("ASCII");
    HeaderMap::from_iter([(ACCESS_TOKEN_HEADER.parse().expect("a name"), value)])
}

#[actix_web::test]
async fn token_is_judged_by_the_guard_of_its_issuer_only() {
    let two = Two::start().await;
    let of_a = two.a.user(ANN, PHONE, &["user", "admin"]);
    for (token, issuer) in [(&of_a, &two.a.issuer.url), (&two.of_b(), &two.b.issuer.url)] {
        let caller = two.guards.admit_request(&with_token(token)).await.expect("a good token");
        assert_eq!(caller.token().issuer, *issuer);
    }
    // The key of one issuer signs for the other one.
    let forged = two.a.token(&keys()[1], two.a.position()).user(ANN, PHONE, &["user"]);
    assert_eq!(two.refusal(&forged).await, Some(Invalid(Reason::Key)));
    let forged = two.b.token(&keys()[0], two.b.position()).user(ANN, PHONE, &["user"]);
    assert_eq!(two.refusal(&forged).await, Some(Invalid(Reason::Key)));
}

#[actix_web::test]
async fn revocation_of_one_issuer_keeps_the_other_ones_tokens() {
    let two = Two::start().await;
    let (of_a, of_b) = (two.a.user(ANN, PHONE, &["user"]), two.of_b());
    let change = Change::SessionRevoked { sid: PHONE, public_id: ANN };
    let position = two.a.issuer.tell(change);
    until("revoked", || {
        two.a.issuer.with(|state| state.calls.last().is_some_and(|(after, _)| *after == position))
    })
    .await;
    assert_eq!(two.refusal(&of_a).await, Some(Invalid(Reason::Revoked)));
    assert_eq!(two.refusal(&of_b).await, None);
}

#[actix_web::test]
async fn token_of_no_guard_is_refused() {
    let two = Two::start().await;
    let stranger = TestIssuer::new(ISSUER).user().audience(AUDIENCE).token();
    assert_eq!(two.refusal(&stranger).await, Some(Invalid(Reason::Issuer)));
    for bad in ["", "a.b.c", "bad"] {
        assert_eq!(two.refusal(bad).await, Some(Invalid(Reason::Malformed)), "{bad}");
    }
    let none = HeaderMap::new();
    assert_eq!(two.guards.admit_request(&none).await.err(), Some(Refusal::Missing));
    assert_eq!(two.guards.admit_optional(&none).await.err(), Some(Refusal::Missing));
}

#[actix_web::test]
async fn rules_hold_for_the_tokens_of_each_issuer() {
    let two = Two::start().await;
    let operators = two.guards.requiring(Rules::new().role("admin"));
    let forbidden = Some(Refusal::Forbidden { scope: None });
    let good = [
        two.a.user(ANN, PHONE, &["user", "admin"]),
        two.b.token(&keys()[1], two.b.position()).user(ANN, LAPTOP, &["user", "admin"]),
    ];
    for token in &good {
        assert_eq!(operators.admit(token).await.err(), None);
    }
    for token in [two.a.user(ANN, PHONE, &["user"]), two.of_b()] {
        assert_eq!(operators.admit(&token).await.err(), forbidden);
    }
}

#[actix_web::test]
async fn one_issuer_twice_is_an_error() {
    let guard = |issuer: &str| TestIssuer::new(issuer).guard(&["orders"]);
    let other = "https://other.example.org";
    for (first, others) in [(ISSUER, vec![ISSUER]), (other, vec![ISSUER, ISSUER])] {
        let made = Guards::new(guard(first), others.into_iter().map(guard));
        let error = made.err().expect("an error").to_string();
        assert_eq!(error, format!("two guards have the issuer `{ISSUER}`"));
    }
    // `iss` is compared byte for byte, so another spelling is another issuer.
    assert!(Guards::new(guard(ISSUER), [guard("https://login.example.org/")]).is_ok());
}

#[actix_web::test]
async fn guard_admits_each_of_its_audiences_and_a_rule_narrows_them() {
    let setup = Setup::new();
    let audiences = vec!["bills".to_owned(), AUDIENCE.to_owned()];
    let guard = setup.guard_with(GuardConfig { audiences, ..setup.config() }).await;
    setup.caught_up(&guard).await;
    assert_eq!(guard.admit(&setup.user(ANN, PHONE, &["user"])).await.err(), None);

    let issuer = TestIssuer::new(ISSUER);
    let guard = issuer.guard(&["orders", "bills"]);
    let orders = guard.requiring(Rules::new().audience("orders"));
    let (of_orders, of_bills) = (issuer.user().audience("orders"), issuer.user().audience("bills"));
    for (guard, token, expected) in [
        (&guard, &of_orders, None),
        (&guard, &of_bills, None),
        (&guard, &issuer.user().audience("imports"), Some(Invalid(Reason::Audience))),
        (&orders, &of_orders, None),
        (&orders, &issuer.user(), None),
        (&orders, &of_bills, Some(Invalid(Reason::Audience))),
    ] {
        assert_eq!(guard.admit(&token.token()).await.err(), expected, "{token:?}");
    }
    // A rule can't add an audience that the guard does not have.
    let imports = guard.requiring(Rules::new().audience("imports"));
    let token = issuer.user().audience("imports").token();
    assert_eq!(imports.admit(&token).await.err(), Some(Invalid(Reason::Audience)));
}

#[actix_web::test]
async fn optional_rules_let_requests_without_a_token_pass() {
    let issuer = TestIssuer::new(ISSUER);
    let strict = issuer.guard(&["orders"]);
    let lax = strict.requiring(Rules::new().optional());
    let (none, user) = (HeaderMap::new(), with_token(&issuer.user().token()));
    assert_eq!(strict.admit_optional(&none).await, Err(Refusal::Missing));
    assert_eq!(lax.admit_optional(&none).await, Ok(None));
    assert_eq!(lax.admit_request(&none).await, Err(Refusal::Missing));
    for guard in [&strict, &lax] {
        assert!(guard.admit_optional(&user).await.expect("a good token").is_some());
        for bad in ["bad", &issuer.user().expired().token()] {
            assert!(guard.admit_optional(&with_token(bad)).await.is_err());
        }
    }
    assert!(Guards::from(&lax).admit_optional(&none).await.expect("optional").is_none());
}

async fn greeted(Optional(caller): Optional<Caller>) -> String {
    caller.map_or_else(|| "stranger".into(), |caller| caller.client_id().to_owned())
}

async fn operator(Optional(admin): Optional<Admin>) -> &'static str {
    if admin.is_some() { "operator" } else { "stranger" }
}

#[actix_web::test]
async fn optional_extractor_and_scope_tell_no_token_from_a_bad_one() {
    let issuer = TestIssuer::new(ISSUER);
    let guard = issuer.guard(&["orders"]);
    let lax = guard.requiring(Rules::new().optional());
    let app = App::new()
        .app_data(web::Data::new(guard.clone()))
        .route("/optional", web::get().to(greeted))
        .route("/operator", web::get().to(operator))
        .service(web::scope("/lax").wrap(Guarded::by(lax)).route("", web::get().to(greeted)))
        .service(web::scope("/strict").wrap(Guarded::by(guard)).route("", web::get().to(greeted)));
    let app = test::init_service(app).await;
    let (service, user) = (issuer.service("billing").token(), issuer.user().token());
    let (admin, old) = (issuer.user().role("admin").token(), issuer.user().expired().token());
    for (path, token, status, body) in [
        ("/optional", None, 200, "stranger"),
        ("/optional", Some(&service), 200, "billing"),
        ("/optional", Some(&old), 401, ""),
        ("/operator", None, 200, "stranger"),
        ("/operator", Some(&admin), 200, "operator"),
        ("/operator", Some(&user), 403, ""),
        ("/operator", Some(&service), 403, ""),
        ("/lax", None, 200, "stranger"),
        ("/lax", Some(&service), 200, "billing"),
        ("/lax", Some(&old), 401, ""),
        ("/strict", None, 401, ""),
        ("/strict", Some(&service), 200, "billing"),
    ] {
        let mut request = test::TestRequest::get().uri(path);
        if let Some(token) = token {
            request = request.append_header((ACCESS_TOKEN_HEADER, token.as_str()));
        }
        let response = test::call_service(&app, request.to_request()).await;
        assert_eq!(response.status().as_u16(), status, "{path} {token:?}");
        if status == 200 {
            assert_eq!(test::read_body(response).await, body, "{path} {token:?}");
        }
    }
}
