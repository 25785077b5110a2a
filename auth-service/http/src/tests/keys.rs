//! `/admin/keys`.

use actix_web::test::TestRequest;
use serde_json::{Value, json};
use signet_contract::clock::Clock as _;
use signet_contract::jwks::MAX_KEYS;
use time::{Duration, OffsetDateTime};

use super::server::{Answer, ISSUER, Server};
use auth_domain::audit::Act;
use auth_domain::keys::{Entry, Key};

const INSTANCE: &str = "8c5f9f3e-7f5c-4d39-9a55-0f6a7f2b9a11";

/// A server, and an operator's token.
async fn operator() -> (Server, String) {
    let server = Server::start();
    let ann = server.sign_up("ann").await;
    server.database.set_user_admin(ann, true, &server.act()).unwrap();
    let token = server.token_for("ann", ISSUER).await;
    // Keys are listed in order of creation.
    server.clock.advance(Duration::seconds(1));
    (server, token)
}

async fn post(server: &Server, path: &str, token: &str, body: Option<&Value>) -> Answer {
    let request =
        TestRequest::post().uri(path).insert_header(("authorization", format!("Bearer {token}")));
    server
        .call(match body {
            Some(body) => request.set_json(body),
            None => request,
        })
        .await
}

async fn rotate(server: &Server, token: &str, immediate: bool) -> Value {
    let body = json!({"immediate": immediate});
    let answer = post(server, "/admin/keys/rotate", token, Some(&body)).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    answer.json()
}

/// Makes the next key pair, as a server does in advance: no revocation waits for one.
fn make_spare(server: &Server) {
    server.app.rotator.ensure_spare(&server.app.keys.keys()).unwrap();
}

fn time_of(value: &Value) -> OffsetDateTime {
    let format = &time::format_description::well_known::Rfc3339;
    OffsetDateTime::parse(value.as_str().unwrap(), format).unwrap()
}

async fn published(server: &Server) -> Vec<Value> {
    let set = server.get("/.well-known/jwks.json").await.json();
    set["keys"].as_array().unwrap().iter().map(|key| key["kid"].clone()).collect()
}

#[actix_web::test]
async fn planned_rotation_publishes_one_key_until_it_signs() {
    let (server, token) = operator().await;
    let rotation = rotate(&server, &token, false).await;
    assert_eq!(rotation["state"], "pending");
    assert_eq!(time_of(&rotation["signs_at"]), server.clock.now() + Duration::minutes(2));
    assert_eq!(published(&server).await[1], rotation["kid"]);
    server.clock.advance(Duration::seconds(5));
    assert_eq!(rotate(&server, &token, false).await, rotation);
    // An empty body asks for the same.
    let answer = post(&server, "/admin/keys/rotate", &token, None).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (202, rotation.clone()));
    // With `immediate`, the same key signs at once.
    let at_once = rotate(&server, &token, true).await;
    assert_eq!((&at_once["kid"], &at_once["state"]), (&rotation["kid"], &json!("active")));
    assert_eq!(time_of(&at_once["signs_at"]), server.clock.now());
    assert_eq!(server.app.keys.signer().kid(), at_once["kid"]);
}

#[actix_web::test]
async fn rotation_form_with_invalid_value_is_422() {
    let (server, token) = operator().await;
    for body in [json!({"immediate": 1}), json!({"immediate": "yes"}), json!({"immediate": ""})] {
        let answer = post(&server, "/admin/keys/rotate", &token, Some(&body)).await;
        assert_eq!(answer.status, 422, "{body}");
        assert!(answer.json()["errors"]["immediate"].is_array());
    }
    assert_eq!(published(&server).await.len(), 1);
}

#[actix_web::test]
async fn key_list_has_states_and_holders() {
    let (server, token) = operator().await;
    server.add_client("guard", &["events:read"]);
    let first = published(&server).await[0].clone();
    let service = server.service_token("guard", &[]).await;
    let position = server.database.position().unwrap();
    let kid = first.as_str().unwrap();
    let feed = format!("/feed?after={position}&instance={INSTANCE}&kids={kid}");
    assert_eq!(server.get_with(&feed, &service).await.status, 200);
    rotate(&server, &token, true).await;

    let list = server.get_with("/admin/keys", &token).await;
    assert_eq!((list.status.as_u16(), list.header("cache-control")), (200, "no-store"));
    let list = list.json();
    assert_eq!(list["next"], Value::Null);
    let [old, new] = &list["keys"].as_array().unwrap()[..] else { panic!("{list}") };
    assert_eq!(
        (&old["kid"], &old["state"], &new["state"]),
        (&first, &json!("retiring"), &json!("active"))
    );
    let leaves = server.clock.now() + Duration::minutes(30) + Duration::minutes(2);
    assert_eq!((time_of(&old["next"]), &new["next"]), (leaves, &Value::Null));
    let holder =
        |holds: bool| json!([{"client_id": "guard", "instance": INSTANCE, "holds": holds}]);
    assert_eq!((&old["guards"], &new["guards"]), (&holder(true), &holder(false)));
}

#[actix_web::test]
async fn revocation_ends_the_callers_own_token() {
    let (server, own) = operator().await;
    make_spare(&server);
    let old = published(&server).await[0].as_str().unwrap().to_owned();
    let answer = post(&server, &format!("/admin/keys/{old}/revoke"), &own, None).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let receipt = answer.json();
    assert_eq!((&receipt["kid"], &receipt["guards"]), (&json!(old), &json!([])));
    assert_eq!(published(&server).await, [receipt["active"].clone()]);
    let refused = server.get_with("/admin/keys", &own).await;
    assert_eq!(refused.status, 401);
    assert!(refused.header("www-authenticate").contains("revoked"));

    let fresh = server.token_for("ann", ISSUER).await;
    let list = server.get_with("/admin/keys", &fresh).await.json();
    assert_eq!(list["keys"][0]["state"], "revoked");
    assert!(server.app.keys.files().read(&old).is_err(), "its file is gone");
    // A second revocation is no error. An unknown key is `404`.
    let again = post(&server, &format!("/admin/keys/{old}/revoke"), &fresh, None).await;
    assert_eq!(
        (again.status.as_u16(), again.json()["active"].clone()),
        (200, receipt["active"].clone())
    );
    let unknown = post(&server, "/admin/keys/nobody/revoke", &fresh, None).await;
    assert_eq!(unknown.status, 404);
}

#[actix_web::test]
async fn revocation_waits_for_the_receipts_of_guards() {
    let (server, own) = operator().await;
    server.add_client("guard", &["events:read"]);
    rotate(&server, &own, true).await;
    let service = server.service_token("guard", &[]).await;
    let position = server.database.position().unwrap();
    let feed = |after: u64| format!("/feed?after={after}&wait=25&instance={INSTANCE}");
    let old = published(&server).await[0].as_str().unwrap().to_owned();
    let path = format!("/admin/keys/{old}/revoke");
    let known = format!("/feed?after={position}&instance={INSTANCE}");
    assert_eq!(server.get_with(&known, &service).await.status, 200);
    let following = async {
        let page = server.get_with(&feed(position), &service).await.json();
        assert_eq!(page["events"][0]["type"], "key.revoked");
        server
            .get_with(&format!("/feed?after={}&instance={INSTANCE}", page["next"]), &service)
            .await
    };
    let (answer, followed) =
        futures_util::future::join(post(&server, &path, &own, None), following).await;
    assert_eq!(followed.status, 200);
    let guards = &answer.json()["guards"];
    assert_eq!(guards[0]["instance"], INSTANCE);
    assert_eq!(time_of(&guards[0]["confirmed_at"]), server.clock.now());
}

#[actix_web::test]
async fn rotation_of_a_full_key_set_is_409() {
    let (server, token) = operator().await;
    let now = server.clock.now();
    for n in 2..MAX_KEYS {
        let key = Key::fresh(format!("k{n}"), "n".into(), "AQAB".into(), now);
        server.database.add_key(&key, Entry::AtOnce, &Act::by_operator(now)).unwrap();
    }
    rotate(&server, &token, true).await;
    assert_eq!(published(&server).await.len(), MAX_KEYS);
    for immediate in [true, false] {
        let body = json!({"immediate": immediate});
        let answer = post(&server, "/admin/keys/rotate", &token, Some(&body)).await;
        assert_eq!(answer.status, 409);
        assert!(answer.json()["detail"].as_str().unwrap().contains("leaves at 2026-01-02T03:3"));
    }
    make_spare(&server);
    let active = server.app.keys.signer().kid().to_owned();
    let revoked = post(&server, &format!("/admin/keys/{active}/revoke"), &token, None).await;
    assert_eq!(revoked.status, 200, "a revocation is never refused");
}
