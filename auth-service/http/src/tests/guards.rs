//! The records that `/feed` makes of the guards that call it.

use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::test::TestRequest;
use actix_web::{FromRequest as _, web};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use signet_contract::clock::Clock as _;
use time::Duration;

use super::server::Server;
use crate::guards::feed::Arrival;
use auth_domain::guards::Guard;

const INSTANCE: &str = "8c5f9f3e-7f5c-4d39-9a55-0f6a7f2b9a11";

fn path(after: u64, wait: u64, kid: char) -> String {
    let kid = kid.to_string().repeat(43);
    format!("/feed?after={after}&wait={wait}&instance={INSTANCE}&kids={kid}")
}

async fn guard() -> (Server, String, u64) {
    let server = Server::start();
    server.add_client("guard", &["events:read", "directory:read"]);
    let token = server.service_token("guard", &[]).await;
    let position = server.database.position().unwrap();
    (server, token, position)
}

fn guards(server: &Server) -> Vec<Guard> {
    server.app.guards.list(server.clock.now())
}

#[actix_web::test]
async fn calls_without_instance_or_with_gone_position_are_not_recorded() {
    let (server, token, start) = guard().await;
    server.get_with(&format!("/feed?after={start}"), &token).await;
    assert_eq!(server.get_with(&path(start + 1, 0, 'A'), &token).await.status, 410);
    assert_eq!(server.get_with(&path(0, 0, 'A'), &token).await.status, 410);
    assert!(guards(&server).is_empty());
}

#[actix_web::test]
async fn calls_are_numbered_before_their_callers_are_judged() {
    let server = Server::start();
    let request = TestRequest::get()
        .app_data(web::Data::from(Arc::clone(&server.app)))
        .app_data(web::Data::from(Arc::clone(&server.edge)))
        .to_http_request();
    let [first, second] = [(), ()].map(|()| Arrival::from_request(&request, &mut Payload::None));
    let (second, first) = (second.await.unwrap(), first.await.unwrap());
    assert!(first.number < second.number);
}

#[actix_web::test]
async fn confirmation_ends_the_wait_for_it() {
    let (server, token, start) = guard().await;
    server.get_with(&path(start, 0, 'A'), &token).await;
    server.sign_up("ann").await;
    let wanted = start + 1;
    let clock = Arc::clone(&server.clock);
    let none = server.app.guards.confirmed(wanted, std::time::Duration::ZERO, &*clock).await;
    assert_eq!(none[0].confirmed_at, None);

    let long = std::time::Duration::from_mins(1);
    let path = path(wanted, 0, 'A');
    let (receipts, answer) = tokio::time::timeout(
        long / 2,
        futures_util::future::join(
            server.app.guards.confirmed(wanted, long, &*clock),
            server.get_with(&path, &token),
        ),
    )
    .await
    .unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(receipts[0].confirmed_at, Some(server.clock.now()));
}

#[actix_web::test]
async fn metrics_have_the_time_from_revocation_to_confirmation() {
    let (server, token, start) = guard().await;
    let mut registry = Registry::default();
    server.app.guards.register(&mut registry);
    server.database.remove_client("another", &server.act()).unwrap();
    server.add_client("other", &[]);
    server.database.remove_client("other", &server.act()).unwrap();
    server.get_with(&path(start, 0, 'A'), &token).await;
    server.clock.advance(Duration::milliseconds(40));
    server.get_with(&path(start + 1, 0, 'A'), &token).await;
    // Only revocations are timed, not a sign-up.
    server.sign_up("ann").await;
    server.get_with(&path(start + 1, 0, 'A'), &token).await;
    server.get_with(&path(start + 2, 0, 'A'), &token).await;
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    let line =
        |name: &str, value: &str| format!("signet_revocation_propagation_seconds_{name} {value}\n");
    assert!(text.contains(&line("count", "1")) && text.contains(&line("sum", "0.04")), "{text}");
}
