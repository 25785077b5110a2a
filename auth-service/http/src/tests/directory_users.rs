//! `GET /directory/users`.

use serde_json::json;
use signet_contract::directory::UserState;

use super::server::Server;

async fn reader() -> (Server, String) {
    let server = Server::start();
    server.add_client("guard", &["directory:read"]);
    let token = server.service_token("guard", &[]).await;
    (server, token)
}

#[actix_web::test]
async fn first_page_has_revocations_and_no_record_a_part_of_the_password() {
    let (server, token) = reader().await;
    let ann = server.sign_up("ann").await;
    server.sign_up("bob").await;
    server.database.set_user_state(ann, UserState::Disabled, &server.act()).unwrap();
    let first = server.get_with("/directory/users?limit=1", &token).await;
    assert_eq!(first.header("cache-control"), "no-store");
    assert!(!first.body.contains("argon2"));
    let first = first.json();
    assert_eq!(
        first["users"],
        json!([{"public_id": ann, "name": "ann", "email": "ann@example.org",
            "state": "disabled", "roles": ["user"]}])
    );
    let revocation = &first["revocations"][0];
    assert_eq!(revocation["type"], json!("user.sessions_revoked"));
    assert_eq!((&revocation["public_id"], &revocation["except"]), (&json!(ann), &json!(null)));
    let next = first["next"].as_str().unwrap();
    let second = server.get_with(&format!("/directory/users?after={next}"), &token).await.json();
    assert_eq!((&second["revocations"], &second["next"]), (&json!([]), &json!(null)));
}

#[actix_web::test]
async fn wrong_parameters_are_422_and_another_scope_403() {
    let (server, token) = reader().await;
    let empty = server.get_with("/directory/users?limit=&after=", &token).await;
    assert_eq!(empty.status, 200);
    for query in ["limit=0", "limit=1001", "limit=x", "after=x", "after=0", "after=%27"] {
        let answer = server.get_with(&format!("/directory/users?{query}"), &token).await;
        assert_eq!(answer.status, 422, "{query}");
    }
    server.add_client("events", &["events:read"]);
    let events = server.service_token("events", &[]).await;
    assert_eq!(server.get_with("/directory/users", &events).await.status, 403);
}
