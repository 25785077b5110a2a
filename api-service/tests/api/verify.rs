//! `/verify`: forward authentication.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use api_service::domain::visibility::Visibility;
use serde_json::json;
use signet_contract::claims::Claims;
use signet_contract::directory::DirectoryUser;
use uuid::Uuid;

use crate::app::{Answer, App, claims_of, operator, service_token, signed, token_of, user};

const FIELDS: [&str; 7] = [
    "x-auth-subject",
    "x-auth-client",
    "x-auth-audience",
    "x-auth-scope",
    "x-auth-roles",
    "x-auth-name",
    "x-auth-email",
];

fn fields(answer: &Answer) -> [&str; 7] {
    FIELDS.map(|name| answer.header(name).unwrap_or_else(|| panic!("no {name}: {answer:?}")))
}

fn for_audience(user: &DirectoryUser, audience: &str) -> String {
    signed(&Claims { aud: audience.into(), ..claims_of(user) })
}

async fn app(users: &[DirectoryUser]) -> App {
    App::start_for(&["api-service", "orders"], users, Visibility::Everyone).await
}

#[actix_web::test]
async fn admitted_caller_is_named_in_every_field() {
    let ann = DirectoryUser { name: "Zoë 100%\u{1f600}".into(), ..operator("ann") };
    let app = app(std::slice::from_ref(&ann)).await;
    let id = ann.public_id.to_string();
    let name = "Zo%C3%AB 100%25%F0%9F%98%80";
    let answer = app.get("/verify", &token_of(&ann)).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    let roles = "user,admin";
    let known = [&*id, "first-party", "api-service", "", roles, name, "ann@example.org"];
    assert_eq!(fields(&answer), known);
    assert_eq!(answer.header("cache-control"), Some("no-store"));

    let service = app.get("/verify", &service_token()).await;
    assert_eq!(service.status, 200);
    assert_eq!(fields(&service), ["reports", "reports", "api-service", "", "", "", ""]);
    let claims = Claims { scope: Some("orders:read orders:write".into()), ..claims_of(&ann) };
    let scoped = app.get("/verify", &signed(&claims)).await;
    assert_eq!(scoped.header("x-auth-scope"), Some("orders:read orders:write"));
}

/// The token has a role that the directory lacks.
#[actix_web::test]
async fn roles_are_those_of_the_token_and_the_directory() {
    let bob = user("bob");
    let app = app(std::slice::from_ref(&bob)).await;
    let claims = Claims { roles: Some(vec!["admin".into(), "user".into()]), ..claims_of(&bob) };
    let answer = app.get("/verify", &signed(&claims)).await;
    assert_eq!(answer.header("x-auth-roles"), Some("user"));
    assert_eq!(app.get("/verify?role=admin", &signed(&claims)).await.status, 403);
}

#[actix_web::test]
async fn any_method_and_any_path_below_is_judged() {
    let ann = user("ann");
    let app = app(std::slice::from_ref(&ann)).await;
    let token = token_of(&ann);
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"]
    {
        for path in ["/verify", "/verify/", "/verify/a/b", "/verify/%2e%2e/x", "/verify//?role=x"] {
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            let request = || TestRequest::with_uri(path).method(method.clone());
            let admitted = app.send(request().insert_header(("x-access-token", &*token))).await;
            assert_eq!(admitted.status, 200, "{method} {path}");
            assert_eq!(app.send(request()).await.status, 401, "{method} {path}");
        }
    }
    for path in ["/verifying", "/%76erify?role=x", "/verif", "/Verify", "/x/verify"] {
        assert_eq!(app.get(path, &token).await.status, 404, "{path}");
    }
}

#[actix_web::test]
async fn refused_request_names_no_caller() {
    let (ann, gone) = (user("ann"), user("gone"));
    let app = app(std::slice::from_ref(&ann)).await;
    let token = token_of(&ann);
    let bearer = |token: &str| ("authorization", format!("Bearer {token}"));
    let verify = || TestRequest::with_uri("/verify");
    let two = verify().insert_header(bearer(&token_of(&ann)));
    let requests = [
        (verify(), 401, "Bearer resource_metadata="),
        (
            verify().insert_header(("x-original-uri", format!("/?access_token={token}"))),
            401,
            "Bearer resource",
        ),
        (verify().insert_header(bearer("junk")), 401, "malformed"),
        (two.insert_header(("x-access-token", &*token)), 401, "malformed"),
        (verify().insert_header(bearer(&for_audience(&ann, "bills"))), 401, "audience"),
        (verify().insert_header(bearer(&token_of(&gone))), 401, "revoked"),
        (
            TestRequest::with_uri("/verify?role=admin").insert_header(bearer(&token)),
            403,
            "insufficient_scope",
        ),
        (
            TestRequest::with_uri("/verify?roles=user").insert_header(bearer(&token)),
            403,
            "insufficient_scope",
        ),
    ];
    for (request, status, word) in requests {
        let answer = app.send(request).await;
        assert_eq!(answer.status, status, "{answer:?}");
        let challenge = answer.header("www-authenticate").expect("a challenge");
        assert!(challenge.starts_with("Bearer ") && challenge.contains(word), "{challenge}");
        assert!(FIELDS.iter().all(|name| answer.header(name).is_none()), "{answer:?}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}

#[actix_web::test]
async fn token_is_judged_before_the_rules() {
    let ann = user("ann");
    let app = app(std::slice::from_ref(&ann)).await;
    for query in ["role=admin", "role=", "nonsense=x", "audience=unknown"] {
        let path = format!("/verify?{query}");
        assert_eq!(app.get(&path, "junk").await.status, 401, "{query}");
        assert_eq!(app.get(&path, &token_of(&ann)).await.status, 403, "{query}");
    }
}

#[actix_web::test]
async fn rules_of_the_query_and_of_headers_hold_together() {
    let (ann, root) = (user("ann"), operator("root"));
    let app = app(&[ann.clone(), root.clone()]).await;
    let [ann_here, root_here] = [&ann, &root].map(token_of);
    let ann_orders = for_audience(&ann, "orders");
    let reader = signed(&Claims { scope: Some("read write".into()), ..claims_of(&ann) });
    let cases = [
        ("/verify?role=user", "", &ann_here, 200),
        ("/verify?role=user&role=admin", "", &ann_here, 403),
        ("/verify?role=user&role=admin", "", &root_here, 200),
        ("/verify?role=user", "x-require-role: admin", &ann_here, 403),
        ("/verify/x?role=admin", "", &ann_here, 200),
        ("/verify/x", "x-require-role: admin", &ann_here, 403),
        ("/verify/x", "x-require-role: admin", &root_here, 200),
        ("/verify/x", "x-require-role:", &root_here, 403),
        ("/verify?scope=read&scope=write", "", &reader, 200),
        ("/verify?scope=read%20admin", "", &reader, 403),
        ("/verify", "x-require-scope: write", &reader, 200),
        ("/verify", "x-require-scope: write", &ann_here, 403),
        ("/verify", "", &ann_orders, 200),
        ("/verify?audience=orders", "", &ann_orders, 200),
        ("/verify?audience=orders", "", &ann_here, 401),
        ("/verify?audience=orders&audience=api-service", "", &ann_here, 200),
        ("/verify", "x-require-audience: orders", &ann_here, 401),
        // A client's own header does not widen the proxy's rule.
        ("/verify?audience=orders", "x-require-audience: api-service", &ann_here, 401),
        ("/verify?audience=orders", "x-require-audience: bills", &ann_orders, 403),
    ];
    for (path, header, token, status) in cases {
        let mut request = TestRequest::with_uri(path).insert_header(("x-access-token", &**token));
        if let Some((name, value)) = header.split_once(':') {
            request = request.insert_header((name, value.trim()));
        }
        assert_eq!(app.send(request).await.status, status, "{path} {header}");
    }
    let lacking = app.get("/verify?scope=admin", &reader).await;
    let challenge = lacking.header("www-authenticate").expect("a challenge");
    assert_eq!(challenge, r#"Bearer error="insufficient_scope", scope="admin""#);
}

#[actix_web::test]
async fn directory_routes_take_the_first_audience_alone() {
    let ann = user("ann");
    let app = app(std::slice::from_ref(&ann)).await;
    for path in ["/user", "/user/me", &format!("/user/{}", ann.public_id)] {
        assert_eq!(app.get(path, &token_of(&ann)).await.status, 200, "{path}");
        let answer = app.get(path, &for_audience(&ann, "orders")).await;
        assert_eq!(answer.status, 401, "{path}");
        assert!(answer.header("www-authenticate").is_some_and(|it| it.contains("audience")));
    }
}

#[actix_web::test]
async fn request_with_content_ends_the_connection() {
    let ann = user("ann");
    let app = app(std::slice::from_ref(&ann)).await;
    let token = token_of(&ann);
    for (header, closes) in [
        (("content-length", "5"), true),
        (("transfer-encoding", "chunked"), true),
        (("content-length", "0"), false),
        (("x-other", "1"), false),
    ] {
        for token in [&*token, "junk"] {
            let request = TestRequest::with_uri("/verify").insert_header(("x-access-token", token));
            let answer = app.send(request.insert_header(header)).await;
            assert_eq!(answer.closes, closes, "{header:?}");
        }
    }
    let unknown = claims_of(&ann);
    let unknown = Claims { public_id: Some(Uuid::new_v4()), ..unknown };
    assert_eq!(
        app.get("/verify", &signed(&unknown)).await.json(),
        json!({"message": "Token is invalid !!"})
    );
}
