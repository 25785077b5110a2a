//! `POST /login`: the table of the contract, row by row.

use actix_web::test::TestRequest;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use serde_json::json;
use signet_contract::directory::UserState;

use super::actors::{PASSWORD, claims};
use super::server::{Answer, ISSUER, Server, Setup};

fn refused(answer: &Answer) -> (u16, &str, &str) {
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(answer.header("cache-control"), "no-store");
    (answer.status.as_u16(), answer.header("www-authenticate"), &answer.body)
}

#[actix_web::test]
async fn right_password_opens_a_new_session() {
    let server = Server::start();
    let ann = server.sign_up("ann").await;
    let answer = server.log_in("ann", PASSWORD).await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (201, "no-store"));
    let body = answer.json();
    assert_eq!(body.as_object().unwrap().len(), 5);
    assert_eq!(body["refresh_token"].as_str().unwrap().len(), 86);
    assert_eq!(body["refresh_expires_in"], json!(30 * 24 * 3_600));
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(1_800)));

    let token = body["token"].as_str().unwrap();
    assert!(token.len() < 2_048, "{} bytes", token.len());
    let one = claims(token);
    let members: Vec<_> = one.as_object().unwrap().keys().map(String::as_str).collect();
    let (ids, times) = (["iss", "sub", "public_id", "aud"], ["iat", "exp"]);
    let session = ["jti", "sid", "client_id", "roles", "pos"];
    assert_eq!(members, [&ids[..], &times, &session].concat());
    let other = claims(server.log_in("ann", PASSWORD).await.json()["token"].as_str().unwrap());
    assert_eq!((&one["sub"], &one["public_id"]), (&json!(ann), &json!(ann)));
    assert_eq!((&one["iss"], &one["aud"]), (&json!(ISSUER), &json!("api-service")));
    assert_eq!(one["roles"], json!(["user"]));
    assert_eq!(one["exp"].as_i64().unwrap() - one["iat"].as_i64().unwrap(), 1_800);
    assert!(one["sid"] != other["sid"] && one["jti"] != other["jti"]);
    assert_eq!(one["client_id"], json!("first-party"));
}

#[actix_web::test]
async fn multipart_and_json_bodies_log_in() {
    let server = Server::start();
    server.sign_up("ann").await;
    let json = json!({"email": "ann@example.org", "password": PASSWORD, "x": [1]});
    assert_eq!(server.post_json("/login", &json).await.status, 201);
    let part = |name: &str, value: &str| {
        format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let body = part("email", "Ann@example.org") + &part("password", PASSWORD) + "--B--\r\n";
    let request = TestRequest::post()
        .uri("/login")
        .insert_header(("content-type", "multipart/form-data; boundary=B"))
        .set_payload(body);
    assert_eq!(server.call(request).await.status, 201);
}

#[actix_web::test]
async fn missing_or_empty_member_is_401_login_required() {
    let server = Server::start();
    server.sign_up("ann").await;
    let expected = (401, "Basic realm=\"Login required !!\"", "Could not verify");
    for form in [
        &[("email", "ann@example.org")][..],
        &[("password", PASSWORD)],
        &[("email", ""), ("password", PASSWORD)],
        &[("email", "ann@example.org"), ("password", "")],
        &[],
    ] {
        assert_eq!(refused(&server.post_form("/login", form).await), expected, "{form:?}");
    }
    assert_eq!(refused(&server.call(TestRequest::post().uri("/login")).await), expected);
    assert_eq!(refused(&server.post_json("/login", &json!({})).await), expected);
}

#[actix_web::test]
async fn unknown_user_wrong_password_and_disabled_account_have_different_answers() {
    let server = Server::start();
    let ann = server.sign_up("ann").await;
    for unknown in ["nobody", "' OR 1=1 --", "'; DROP TABLE users--", "%", "\u{1f512}"] {
        let answer = server.log_in(unknown, PASSWORD).await;
        let expected = (401, "Basic realm=\"User does not exist !!\"", "Could not verify");
        assert_eq!(refused(&answer), expected, "{unknown}");
    }
    for wrong in ["correct horse ", "Correct horse", "' OR '1'='1", "x\0"] {
        let answer = server.log_in("ann", wrong).await;
        let expected = (403, "Basic realm=\"Wrong Password !!\"", "Could not verify");
        assert_eq!(refused(&answer), expected, "{wrong}");
    }
    server.database.set_user_state(ann, UserState::Disabled, &server.act()).unwrap();
    let expected = (403, "Basic realm=\"Account disabled !!\"", "Could not verify");
    assert_eq!(refused(&server.log_in("ann", PASSWORD).await), expected);
    let expected = (403, "Basic realm=\"Wrong Password !!\"", "Could not verify");
    assert_eq!(refused(&server.log_in("ann", "wrong").await), expected);
}

#[actix_web::test]
async fn invalid_address_or_wrong_type_is_422() {
    let server = Server::start();
    for email in ["a\0@example.org", "a@example.org\r\nx", &format!("{}@x.org", "a".repeat(255))] {
        let form = [("email", email), ("password", PASSWORD)];
        assert_eq!(server.post_form("/login", &form).await.status, 422, "{email:?}");
    }
    for body in [
        json!({"email": 1, "password": PASSWORD}),
        json!({"email": null, "password": PASSWORD}),
        json!({"email": "a@example.org", "password": ["x"]}),
        json!({"email": "a@example.org", "password": "x", "audience": {}}),
    ] {
        assert_eq!(server.post_json("/login", &body).await.status, 422, "{body}");
    }
}

#[actix_web::test]
async fn token_has_the_requested_audience_and_unknown_audience_is_422() {
    let server = Server::start();
    server.sign_up("ann").await;
    let log_in = |audience: &'static str| {
        let server = &server;
        let form = [("email", "ann@example.org"), ("password", PASSWORD), ("audience", audience)];
        async move { server.post_form("/login", &form).await }
    };
    for (asked, granted) in [("", "api-service"), ("billing", "billing"), (ISSUER, ISSUER)] {
        let token = log_in(asked).await.json()["token"].as_str().unwrap().to_owned();
        assert_eq!(claims(&token)["aud"], json!(granted), "{asked}");
    }
    for unknown in ["elsewhere", "' OR '1'='1"] {
        let answer = log_in(unknown).await;
        assert_eq!(answer.status, 422, "{unknown}");
        assert!(answer.json()["errors"]["audience"].is_array());
    }
}

#[actix_web::test]
async fn log_in_replaces_a_weak_or_imported_hash() {
    use auth_domain::import::ImportRecord;
    // Made by werkzeug, Django and Python's bcrypt.
    let imported = [
        "pbkdf2:sha1:1000$3nr0JdqNnzKDCPVw$f61680e11ff5243f9d2c1c0b4e8655d8e56aee20",
        "sha256$ducqUGyE$eacfb760655b1bab0eea74ddfe633073465c69e4b10be3afa8834a0eeacb5aad",
        "pbkdf2_sha256$1000$saltsalt$qQDPSZa3Ormyy9oK1Pu0ZLLwP2Svzmx3yu8OvDdq/J0=",
        "$2b$04$SJ5VIFaFopM9az8R2Q9hWu6wmnw9JvFJCc1HEgLsVqQMTO0lRuQGC",
    ];
    for stored in imported.map(str::to_owned).into_iter().chain([weak_hash(PASSWORD)]) {
        let server = Server::start();
        let public_id = "0b0e8a3e-6cbe-4a1b-9d4f-7c3d1f8e2a10".to_owned();
        let (name, email) = ("Ann".into(), "ann@example.org".into());
        let record = ImportRecord { public_id, name, email, password_hash: stored.clone() };
        let user = record.check().unwrap_or_else(|wrong| panic!("{wrong:?}"));
        server.database.import_users(std::slice::from_ref(&user), &server.act()).unwrap();
        let hash = || {
            let found = server.database.find_credentials("ann@example.org").unwrap();
            found.unwrap().password_hash
        };
        assert_eq!(server.log_in("ann", "another horse").await.status, 403);
        assert_eq!(hash(), stored);
        let answer = server.log_in("ann", PASSWORD).await;
        assert_eq!(answer.status, 201);
        assert_eq!(claims(answer.json()["token"].as_str().unwrap())["sub"], json!(user.public_id));
        assert!(hash().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_eq!(server.log_in("ann", PASSWORD).await.status, 201);
        assert_eq!(server.log_in("ann", "another horse").await.status, 403);
    }
}

fn weak_hash(password: &str) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD_NO_PAD;
    let params = argon2::Params::new(64, 1, 1, Some(32)).unwrap();
    let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let (salt, mut output) = (b"0123456789abcdef", [0; 32]);
    argon2.hash_password_into(password.as_bytes(), salt, &mut output).unwrap();
    let (salt, output) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(output));
    format!("$argon2id$v=19$m=64,t=1,p=1${salt}${output}")
}

#[actix_web::test]
async fn parallel_log_ins_succeed_and_a_full_queue_is_503() {
    let server = Server::start();
    server.sign_up("ann").await;
    let all = (0..64).map(|_| server.log_in("ann", PASSWORD));
    let answers = futures_util::future::join_all(all).await;
    assert!(answers.iter().all(|answer| answer.status == 201));

    let server = Server::with(Setup { queue: 4, ..Setup::default() });
    server.sign_up("ann").await;
    let all = (0..64).map(|_| server.log_in("ann", PASSWORD));
    let answers = futures_util::future::join_all(all).await;
    let (good, busy): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    assert_eq!((good.len(), busy.len()), (4, 60));
    for answer in busy {
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "2"));
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    assert_eq!(server.log_in("ann", PASSWORD).await.status, 201);
}

#[actix_web::test]
async fn metrics_count_log_ins_and_sign_ups_by_outcome() {
    let limits = Setup { per_account: Some(1), sign_ups_per_address: Some(3), ..Setup::default() };
    let server = Server::with(limits);
    server.sign_up("ann").await;
    let bob = server.sign_up("bob").await;
    server.database.set_user_state(bob, UserState::Disabled, &server.act()).unwrap();
    for (name, password, status) in [
        ("ann", PASSWORD, 201),
        ("ann", "wrong", 403),
        ("ann", PASSWORD, 429),
        ("bob", PASSWORD, 403),
        ("nobody", PASSWORD, 401),
    ] {
        assert_eq!(server.log_in(name, password).await.status, status, "{name} {password}");
    }
    let form = [("name", "Ann"), ("email", "ann@example.org"), ("password", PASSWORD)];
    for status in [202, 429] {
        assert_eq!(server.post_form("/signup", &form).await.status, status);
    }
    let (mut registry, mut text) = (Registry::default(), String::new());
    server.app.metrics.register(&mut registry);
    encode(&mut text, &registry).unwrap();
    for line in [
        "signet_log_ins_total{outcome=\"ok\"} 1",
        "signet_log_ins_total{outcome=\"wrong_password\"} 1",
        "signet_log_ins_total{outcome=\"throttled\"} 1",
        "signet_log_ins_total{outcome=\"disabled\"} 1",
        "signet_log_ins_total{outcome=\"unknown_user\"} 1",
        "signet_sign_ups_total{outcome=\"created\"} 2",
        "signet_sign_ups_total{outcome=\"taken\"} 1",
        "signet_sign_ups_total{outcome=\"throttled\"} 1",
        "signet_tokens_total{holder=\"user\"} 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}
