//! `GET /feed`.

use std::time::Duration;

use serde_json::{Value, json};

use super::server::{Answer, Server};

fn types(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["events"].as_array().unwrap().iter().map(|event| event["type"].clone()).collect()
}

async fn reader(scopes: &[&str]) -> (Server, String, u64) {
    let server = Server::start();
    server.add_client("guard", scopes);
    let token = server.service_token("guard", &[]).await;
    let position = server.database.position().unwrap();
    (server, token, position)
}

#[actix_web::test]
async fn changes_are_sent_at_once_in_order() {
    let (server, token, start) = reader(&["events:read", "directory:read"]).await;
    let ann = server.sign_up("ann").await;
    server.sign_up("bob").await;
    let first = server.get_with(&format!("/feed?after={start}&limit=1&wait=25"), &token).await;
    assert_eq!(types(&first), ["user.created"]);
    assert_eq!(first.header("cache-control"), "no-store");
    let audiences = "api-service, billing, https%3A%2F%2Flogin.example.org";
    assert_eq!(first.header("signet-audience"), audiences);
    let body = first.json();
    let members: Vec<_> = body.as_object().unwrap().keys().collect();
    assert_eq!(members, ["events", "next", "oldest"]);
    let event = &first.json()["events"][0];
    assert_eq!((&event["public_id"], &event["name"]), (&json!(ann), &json!("ann")));
    assert_eq!(
        (event["seq"].as_u64(), first.json()["next"].as_u64()),
        (Some(start + 1), Some(start + 1))
    );

    let next = first.json()["next"].as_u64().unwrap();
    let kid = "A".repeat(43);
    let instance = "8c5f9f3e-7f5c-4d39-9a55-0f6a7f2b9a11";
    let path = format!("/feed?after={next}&instance={instance}&kids={kid},{kid}");
    let second = server.get_with(&path, &token).await;
    assert_eq!(types(&second), ["user.created"]);
    let end = server.get_with(&format!("/feed?after={}", start + 2), &token).await.json();
    assert_eq!((&end["events"], &end["next"]), (&json!([]), &json!(start + 2)));
}

#[actix_web::test]
async fn change_ends_the_wait() {
    let (server, token, start) = reader(&["events:read", "directory:read"]).await;
    let path = format!("/feed?after={start}&wait=25");
    let reading = server.get_with(&path, &token);
    let (answer, _) = tokio::join!(reading, server.sign_up("ann"));
    assert_eq!(types(&answer), ["user.created"]);
}

#[actix_web::test]
async fn wait_without_a_change_ends_with_an_empty_page() {
    let (server, token, start) = reader(&["events:read"]).await;
    let before = std::time::Instant::now();
    let answer = server.get_with(&format!("/feed?after={start}&wait=1"), &token).await;
    assert!(types(&answer).is_empty());
    assert!(before.elapsed() >= Duration::from_secs(1));
}

#[actix_web::test]
async fn shutdown_ends_the_wait() {
    let (server, token, start) = reader(&["events:read"]).await;
    let path = format!("/feed?after={start}&wait=25");
    let reading = server.get_with(&path, &token);
    let ending = async { server.ending.fire() };
    let both = futures_util::future::join(reading, ending);
    let (answer, ()) = tokio::time::timeout(Duration::from_secs(10), both).await.unwrap();
    assert!(types(&answer).is_empty());
}

#[actix_web::test]
async fn long_poll_waits_a_second_after_the_begin_of_the_shutdown() {
    let (server, token, start) = reader(&["events:read"]).await;
    server.ending.fire();
    // A guard that gets an empty page at once would ask again at once.
    let before = std::time::Instant::now();
    let waiting = async { server.get_with(&format!("/feed?after={start}&wait=25"), &token).await };
    let answer = tokio::time::timeout(Duration::from_secs(10), waiting).await.unwrap();
    assert!(types(&answer).is_empty() && before.elapsed() >= Duration::from_secs(1));
    assert!(types(&server.get_with(&format!("/feed?after={start}"), &token).await).is_empty());
}

#[actix_web::test]
async fn changes_are_sent_after_the_begin_of_the_shutdown() {
    let (server, token, start) = reader(&["events:read"]).await;
    server.ending.fire();
    server.sign_up("ann").await;
    for wait in [0, 25] {
        let answer = server.get_with(&format!("/feed?after={start}&wait={wait}"), &token).await;
        assert_eq!(types(&answer), ["user.created"], "{wait}");
    }
}

#[actix_web::test]
async fn positions_that_are_not_kept_are_410() {
    let (server, token, start) = reader(&["events:read"]).await;
    for after in [0, 17, start + 1, u64::MAX] {
        let answer = server.get_with(&format!("/feed?after={after}&wait=25"), &token).await;
        assert_eq!(answer.status, 410, "{after}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
}

#[actix_web::test]
async fn users_without_directory_read_have_only_id_and_state() {
    let (server, token, start) = reader(&["events:read"]).await;
    let ann = server.sign_up("ann").await;
    let answer = server.get_with(&format!("/feed?after={start}"), &token).await;
    let body = answer.json();
    let mut event = body["events"][0].as_object().unwrap().clone();
    event.remove("at");
    assert_eq!(
        Value::Object(event),
        json!({"seq": start + 1, "type": "user.created", "public_id": ann, "state": "active"})
    );
    assert!(!answer.body.contains("ann@"));
}

#[actix_web::test]
async fn wrong_parameter_is_422_and_repeated_one_400() {
    let (server, token, start) = reader(&["events:read"]).await;
    for query in [
        "after=x",
        "after=-1",
        "after=+1",
        "after=18446744073709551616",
        "wait=26",
        "wait=1.5",
        "limit=0",
        "limit=1001",
        "instance=1",
        "kids=short",
        "kids=%27%20OR%201=1",
    ] {
        assert_eq!(server.get_with(&format!("/feed?{query}"), &token).await.status, 422, "{query}");
    }
    for query in [format!("after={start}&after={start}"), "after=%zz".into()] {
        assert_eq!(server.get_with(&format!("/feed?{query}"), &token).await.status, 400, "{query}");
    }
    let empty = format!("after={start}&wait=&limit=&instance=&kids=&other=1&other=2");
    assert_eq!(server.get_with(&format!("/feed?{empty}"), &token).await.status, 200);
}

#[actix_web::test]
async fn removal_of_a_client_ends_its_tokens() {
    let (server, token, start) = reader(&["events:read"]).await;
    let path = format!("/feed?after={start}");
    assert_eq!(server.get_with(&path, &token).await.status, 200);
    assert!(server.database.remove_client("guard", &server.act()).unwrap());
    let removed = server.get_with(&path, &token).await;
    assert_eq!(removed.status, 401);
    assert!(removed.header("www-authenticate").contains("revoked"));

    server.add_client("guard", &["events:read"]);
    assert_eq!(server.get_with(&path, &token).await.status, 401);
    let fresh = server.service_token("guard", &[]).await;
    assert_eq!(types(&server.get_with(&path, &fresh).await), ["client.removed"]);
}
