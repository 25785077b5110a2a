//! `POST /oauth2/revoke`.

use actix_web::http::header::{AUTHORIZATION, HeaderValue};
use actix_web::test::TestRequest;
use serde_json::json;

use super::server::{Answer, Server};

async fn revoke(server: &Server, form: &[(&str, &str)]) -> Answer {
    server.post_form("/oauth2/revoke", form).await
}

#[actix_web::test]
async fn revocation_of_either_token_ends_its_session() {
    let server = Server::start();
    server.sign_up("ann").await;
    for by_access in [false, true] {
        let (access, refresh) = server.session("ann").await;
        let (other, _) = server.session("ann").await;
        let token = if by_access { &access } else { &refresh };
        let hint = ("token_type_hint", "wrong_hint");
        let answer = revoke(&server, &[("token", token), hint]).await;
        assert_eq!((answer.status.as_u16(), &*answer.body), (200, ""));
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(server.post_with("/logout", &access, &[]).await.status, 401);
        assert_eq!(server.refresh(&refresh, &[]).await.json()["error"], json!("invalid_grant"));
        assert_eq!(revoke(&server, &[("token", token)]).await.status, 200, "twice");
        assert_eq!(server.post_with("/logout", &other, &[]).await.status, 204);
    }
}

#[actix_web::test]
async fn unknown_token_is_200_and_a_missing_one_is_invalid_request() {
    let server = Server::start();
    for unknown in ["junk", "a.b.c", &"A".repeat(86)] {
        assert_eq!(revoke(&server, &[("token", unknown)]).await.status, 200, "{unknown}");
    }
    for form in [&[][..], &[("token", "")], &[("token", "a"), ("token", "b")]] {
        let answer = revoke(&server, form).await;
        assert_eq!(answer.json()["error"], json!("invalid_request"), "{form:?}");
    }
}

#[actix_web::test]
async fn tokens_of_services_and_of_other_clients_are_not_revoked() {
    let server = Server::start();
    server.sign_up("ann").await;
    server.add_client("reports", &["events:read"]);
    let service = server.service_token("reports", &[]).await;
    let answer = revoke(&server, &[("token", &service)]).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["error"], json!("unsupported_token_type"));

    let (access, refresh) = server.session("ann").await;
    let client = [("client_id", "reports"), ("client_secret", "secret")];
    for token in [&access, &refresh] {
        let answer = revoke(&server, &[("token", token), client[0], client[1]]).await;
        assert_eq!(answer.json()["error"], json!("invalid_grant"));
        let form = [("token", &**token), client[0], ("client_secret", "wrong")];
        assert_eq!(revoke(&server, &form).await.status, 401);
    }
    assert_eq!(server.refresh(&refresh, &[]).await.status, 200);
}

#[actix_web::test]
async fn authorization_of_another_scheme_changes_no_oauth_request() {
    let server = Server::start();
    server.sign_up("ann").await;
    server.add_client("reports", &[]);
    let token = ("client_secret", "secret");
    let client = [("grant_type", "client_credentials"), ("client_id", "reports"), token];
    let headers: [&[&[u8]]; 6] = [
        &[b"Bearer x"],
        &[b"Bearer "],
        &[b""],
        &[b"Negotiate YIIJ"],
        &[b"\xff\xe9"],
        &[b"Bearer x", b"Digest username=\"ann\"", b""],
    ];
    for lines in headers {
        let call = async |path, form: &[(&str, &str)]| {
            let mut request = TestRequest::post().uri(path).set_form(form);
            for line in lines {
                let line = HeaderValue::from_bytes(line).unwrap();
                request = request.append_header((AUTHORIZATION, line));
            }
            server.call(request).await
        };
        let (access, first) = server.session("ann").await;
        let form = [("grant_type", "refresh_token"), ("refresh_token", &*first)];
        let refreshed = call("/oauth2/token", &form).await;
        assert_eq!(refreshed.status, 200, "{lines:?} {refreshed:?}");
        let refresh = refreshed.json()["refresh_token"].as_str().unwrap().to_owned();
        assert_eq!(call("/oauth2/revoke", &[("token", &refresh)]).await.status, 200, "{lines:?}");
        assert_eq!(server.post_with("/logout", &access, &[]).await.status, 401, "{lines:?}");

        assert_eq!(call("/oauth2/token", &client).await.status, 200, "{lines:?}");
        assert_eq!(call("/oauth2/token", &client[..1]).await.status, 401, "{lines:?}");
        assert_eq!(call("/oauth2/introspect", &[("token", "x")]).await.status, 401, "{lines:?}");
    }
}

#[actix_web::test]
async fn malformed_basic_header_is_401_and_keeps_the_session() {
    let server = Server::start();
    server.sign_up("ann").await;
    let (access, refresh) = server.session("ann").await;
    for header in ["Basic", "Basic ", "basic !", "Basic bm8gY29sb24="] {
        let form = [("token", &*refresh)];
        let request = TestRequest::post().uri("/oauth2/revoke").set_form(form);
        let answer = server.call(request.insert_header((AUTHORIZATION, header))).await;
        assert_eq!(answer.status, 401, "{header}");
        assert_eq!(answer.json()["error"], json!("invalid_client"), "{header}");
    }
    assert_eq!(server.post_with("/logout", &access, &[]).await.status, 204);
}
