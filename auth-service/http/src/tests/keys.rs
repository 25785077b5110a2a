//! `/admin/keys`.

use serde_json::{Value, json};
use signet_contract::clock::Clock as _;
use signet_contract::jwks::MAX_KEYS;
use time::{Duration, OffsetDateTime};

use super::operators::Operator;
use super::server::{ISSUER, Server};
use auth_app::keys::follow;
use auth_crypto::signing::{KeyBits, generate};
use auth_domain::audit::Act;
use auth_domain::keys::{Addition, Key};

const INSTANCE: &str = "8c5f9f3e-7f5c-4d39-9a55-0f6a7f2b9a11";

/// Makes Ann an operator. Keys are listed in order of creation, so later ones get a later time.
async fn operator(server: &Server) -> Operator<'_> {
    let operator = server.operator("ann").await;
    server.clock.advance(Duration::seconds(1));
    operator
}

async fn rotate(operator: &Operator<'_>, immediate: bool) -> Value {
    let body = json!({"immediate": immediate});
    let answer = operator.call("POST", "/admin/keys/rotate", Some(&body)).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    answer.json()
}

/// Makes the standby key, as a server does. Returns its thumbprint.
fn make_standby(server: &Server) -> String {
    let now = server.clock.now();
    let app = &server.app;
    let made = app.rotator.make_standby(&server.database, &Act::by_server(now)).unwrap();
    follow(&app.keys, &server.database, now).unwrap();
    made.unwrap().kid
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
async fn rotation_waits_until_the_standby_key_is_ripe() {
    let server = Server::start();
    let operator = operator(&server).await;
    let (served_at, standby) = (server.clock.now(), make_standby(&server));
    assert_eq!(published(&server).await[1], standby);
    server.clock.advance(Duration::seconds(5));
    let rotation = rotate(&operator, false).await;
    assert_eq!((&rotation["kid"], &rotation["state"]), (&json!(standby), &json!("pending")));
    assert_eq!(time_of(&rotation["signs_at"]), served_at + Duration::minutes(2));
    server.clock.advance(Duration::seconds(5));
    assert_eq!(rotate(&operator, false).await, rotation);
    // An empty body asks for the same.
    let answer = operator.call("POST", "/admin/keys/rotate", None).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (202, rotation.clone()));
    let listed = &operator.get("/admin/keys").await.json()["keys"][1];
    for time in ["next", "signs_at"] {
        assert_eq!(listed[time], rotation["signs_at"], "{listed}");
    }
    // With `immediate`, the same key signs at once.
    let at_once = rotate(&operator, true).await;
    assert_eq!((&at_once["kid"], &at_once["state"]), (&rotation["kid"], &json!("active")));
    assert_eq!(time_of(&at_once["signs_at"]), server.clock.now());
    assert_eq!(server.app.keys.signer().kid(), at_once["kid"]);
}

#[actix_web::test]
async fn ripe_standby_key_signs_before_the_answer() {
    let server = Server::start();
    let operator = operator(&server).await;
    let standby = make_standby(&server);
    server.clock.advance(Duration::minutes(2));
    let list = operator.get("/admin/keys").await.json();
    assert_eq!(
        (&list["keys"][1]["next"], &list["keys"][1]["signs_at"]),
        (&json!(null), &json!(null))
    );
    let before = server.database.position().unwrap();
    let rotation = rotate(&operator, false).await;
    assert_eq!((&rotation["kid"], &rotation["state"]), (&json!(standby), &json!("active")));
    assert_eq!(time_of(&rotation["signs_at"]), server.clock.now());
    assert_eq!(server.app.keys.signer().kid(), standby);
    assert_eq!(server.database.position().unwrap(), before + 1, "one event: `key.activated`");
    // The next rotation makes its standby key itself.
    let next = rotate(&operator, false).await;
    assert_eq!(next["state"], "pending");
    assert_eq!(time_of(&next["signs_at"]), server.clock.now() + Duration::minutes(2));
}

#[actix_web::test]
async fn rotation_form_with_invalid_value_is_422() {
    let server = Server::start();
    let operator = operator(&server).await;
    for body in [json!({"immediate": 1}), json!({"immediate": "yes"}), json!({"immediate": ""})] {
        let answer = operator.call("POST", "/admin/keys/rotate", Some(&body)).await;
        assert_eq!(answer.status, 422, "{body}");
        assert!(answer.json()["errors"]["immediate"].is_array());
    }
    assert_eq!(published(&server).await.len(), 1);
}

#[actix_web::test]
async fn key_list_has_states_and_holders() {
    let server = Server::start();
    let operator = operator(&server).await;
    server.add_client("guard", &["events:read"]);
    let first = published(&server).await[0].clone();
    let service = server.service_token("guard", &[]).await;
    let position = server.database.position().unwrap();
    let kid = first.as_str().unwrap();
    let feed = format!("/feed?after={position}&instance={INSTANCE}&kids={kid}");
    assert_eq!(server.get_with(&feed, &service).await.status, 200);
    rotate(&operator, true).await;

    let list = operator.get("/admin/keys").await;
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
    let server = Server::start();
    let operator = operator(&server).await;
    let standby = make_standby(&server);
    let old = published(&server).await[0].as_str().unwrap().to_owned();
    let answer = operator.call("POST", &format!("/admin/keys/{old}/revoke"), None).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let receipt = answer.json();
    assert_eq!((&receipt["kid"], &receipt["guards"]), (&json!(old), &json!([])));
    assert_eq!(receipt["active"], standby);
    assert_eq!(published(&server).await, [receipt["active"].clone()]);
    let refused = operator.get("/admin/keys").await;
    assert_eq!(refused.status, 401);
    assert!(refused.header("www-authenticate").contains("revoked"));

    let operator = Operator { token: server.token_for("ann", ISSUER).await, ..operator };
    let list = operator.get("/admin/keys").await.json();
    assert_eq!(list["keys"][0]["state"], "revoked");
    assert!(server.app.keys.files().read(&old).is_err(), "its file is gone");
    // A second revocation is no error.
    let again = operator.call("POST", &format!("/admin/keys/{old}/revoke"), None).await;
    assert_eq!(
        (again.status.as_u16(), again.json()["active"].clone()),
        (200, receipt["active"].clone())
    );
}

#[actix_web::test]
async fn revocation_waits_for_the_receipts_of_guards() {
    let server = Server::start();
    let operator = operator(&server).await;
    server.add_client("guard", &["events:read"]);
    rotate(&operator, true).await;
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
        futures_util::future::join(operator.call("POST", &path, None), following).await;
    assert_eq!(followed.status, 200);
    let guards = &answer.json()["guards"];
    assert_eq!(guards[0]["instance"], INSTANCE);
    assert_eq!(time_of(&guards[0]["confirmed_at"]), server.clock.now());
}

#[actix_web::test]
async fn revocation_of_all_keys_voids_every_token() {
    let server = Server::start();
    let operator = operator(&server).await;
    rotate(&operator, true).await;
    make_standby(&server);
    let before = published(&server).await;
    assert_eq!(before.len(), 3);
    let unpublished = generate(KeyBits::B2048).unwrap();
    let files = server.app.keys.files();
    files.keep(&unpublished).unwrap();
    let answer = operator.call("POST", "/admin/keys/revoke-all", None).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let receipt = answer.json();
    assert_eq!((&receipt["kids"], &receipt["guards"]), (&json!(before), &json!([])));
    assert_eq!(published(&server).await, [receipt["active"].clone()]);
    assert!(!before.contains(&receipt["active"]));
    assert_ne!(receipt["active"], unpublished.kid());
    assert_eq!(files.list().unwrap(), [receipt["active"].as_str().unwrap()]);
    assert_eq!(operator.get("/admin/keys").await.status, 401);
    server.token_for("ann", ISSUER).await;
}

#[actix_web::test]
async fn rotation_of_a_full_key_set_is_409() {
    let server = Server::start();
    let operator = operator(&server).await;
    let now = server.clock.now();
    let add = |kid: String, n: String, e: String| {
        let (key, act) = (Key::fresh(kid, n, e, now), Act::by_operator(now));
        server.database.add_key(&key, Addition::Activated, &act).unwrap();
    };
    (4..=MAX_KEYS).for_each(|n| add(format!("k{n}"), "n".into(), "AQAB".into()));
    // The last one has a file, and signs.
    let pair = generate(KeyBits::B2048).unwrap();
    server.app.keys.files().keep(&pair).unwrap();
    let public = pair.public();
    add(public.kid, public.n, public.e);
    make_standby(&server);
    let operator = Operator { token: server.token_for("ann", ISSUER).await, ..operator };
    assert_eq!(published(&server).await.len(), MAX_KEYS);
    for immediate in [true, false] {
        let body = json!({"immediate": immediate});
        let answer = operator.call("POST", "/admin/keys/rotate", Some(&body)).await;
        assert_eq!(answer.status, 409);
        assert!(answer.json()["detail"].as_str().unwrap().contains("leaves at 2026-01-02T03:3"));
    }
    let active = server.app.keys.signer().kid().to_owned();
    let revoked = operator.call("POST", &format!("/admin/keys/{active}/revoke"), None).await;
    assert_eq!(revoked.status, 200, "a revocation is never refused");
}
