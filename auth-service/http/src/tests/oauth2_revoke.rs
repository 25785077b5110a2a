//! `POST /oauth2/revoke`.

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
