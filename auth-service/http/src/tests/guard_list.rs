//! `GET /admin/guards`.

use serde_json::{Value, json};
use time::Duration;

use super::server::Server;

const INSTANCE: &str = "0b0e8a3e-6cbe-4a1b-9d4f-7c3d1f8e2a10";

#[actix_web::test]
async fn guard_entry_has_its_keys_and_its_lag() {
    let server = Server::start();
    let root = server.operator("root").await;
    assert_eq!(root.get("/admin/guards").await.json(), json!({"guards": [], "next": null}));
    server.add_client("guard", &["events:read"]);
    let service = server.service_token("guard", &[]).await;
    let position = server.database.position().unwrap();
    let kids = ["k", "l"].map(|letter| letter.repeat(43));
    let feed = format!("/feed?after={position}&instance={INSTANCE}&kids={},{}", kids[0], kids[1]);
    assert_eq!(server.get_with(&feed, &service).await.status, 200);
    let answer = root.get("/admin/guards").await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, "no-store"));
    let seen = "2026-01-02T03:04:05Z";
    assert_eq!(
        answer.json()["guards"],
        json!([{
            "client_id": "guard", "instance": INSTANCE, "live": true, "position": position,
            "lag": 0, "lag_seconds": 0.0, "kids": kids, "first_seen": seen,
            "last_seen": seen,
        }])
    );

    server.sign_up("ann").await;
    server.clock.advance(Duration::seconds(7));
    server.sign_up("bob").await;
    server.clock.advance(Duration::seconds(60));
    let guard = root.get("/admin/guards").await.json()["guards"][0].clone();
    assert_eq!((&guard["lag"], &guard["lag_seconds"]), (&json!(2), &json!(67.0)));
    assert_eq!((&guard["live"], &guard["last_seen"]), (&json!(false), &json!(seen)));

    server.database.prune_feed(server.app.clock.now()).unwrap();
    let guard = root.get("/admin/guards").await.json()["guards"][0].clone();
    assert_eq!((&guard["lag"], &guard["lag_seconds"]), (&json!(2), &Value::Null));
}
