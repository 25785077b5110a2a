//! A custom service, guarded by the shared crate: it knows users by their tokens alone.

use std::time::Duration;

use serde_json::json;
use support::orders::Orders;
use support::pair::{Pair, refused};
use support::poll;
use support::token;
use support::user::User;
use tokio::runtime::Builder;
use tonic::Code;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

#[test]
fn third_service_accepts_own_audience_and_refuses_disabled_user() {
    let mut pair = Pair::prepare();
    pair.set("AUTH_AUDIENCE", "api-service,orders");
    pair.auth.start();
    let mut orders = Orders::start(&pair.auth, pair.folder());
    let user = User::signed_up(&pair.auth, "Ada");
    let token = user.log_in_for(&pair.auth, "orders");
    let id = token::claims(&token)["sub"].as_str().expect("a sub").to_owned();
    let get = |orders: &Orders, token: &str| orders.get("/orders").bearer(token).send();

    assert_eq!(get(&orders, &token).expect(200).json()["user"], id);
    let older = orders.get("/orders").header("x-access-token", &token).send();
    assert_eq!(older.expect(200).json()["user"], id);
    let anonymous = orders.get("/orders").send().expect(401);
    assert_eq!(anonymous.header("www-authenticate"), "Bearer");
    assert_eq!(anonymous.json(), json!({"message": "Token is missing !!"}));
    let elsewhere = user.log_in(&pair.auth);
    let description = refused("for api-service", &elsewhere, &get(&orders, &elsewhere));
    assert!(description.contains("audience"), "{description}");
    let changed = format!("{token}A");
    refused("changed", &changed, &get(&orders, &changed));

    pair.auth.pause();
    get(&orders, &token).expect(200);
    orders.restart();
    get(&orders, &token).expect(200);
    pair.auth.resume();

    pair.auth.command(&["users", "disable", &id]).done();
    poll::until("it hears of it", Duration::from_secs(10), || get(&orders, &token).status == 401);
    let description = refused("disabled", &token, &get(&orders, &token));
    assert!(description.contains("revoked"), "{description}");
    orders.restart();
    refused("after a restart", &token, &get(&orders, &token));
    pair.auth.command(&["users", "enable", &id]).done();
    let fresh = user.log_in_for(&pair.auth, "orders");
    get(&orders, &fresh).expect(200);
    refused("enabling revives no session", &token, &get(&orders, &token));
}

/// Returns the status of an answer by HTTP; of no answer, 0.
fn http_status(example: &Orders, token: Option<&str>) -> u16 {
    let request = example.get("/orders");
    let request = match token {
        Some(token) => request.bearer(token),
        None => request,
    };
    request.try_send().map_or(0, |answer| answer.status)
}

/// Returns the same of an answer by gRPC, as the HTTP status of the same refusal.
fn grpc_status(example: &Orders, token: Option<&str>) -> u16 {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let answer = runtime.block_on(async {
        let endpoint = Endpoint::from_shared(example.url().to_owned()).expect("an address");
        let channel = endpoint.timeout(Duration::from_secs(30)).connect().await;
        let mut request = tonic::Request::new(HealthCheckRequest::default());
        if let Some(token) = token {
            let field = format!("Bearer {token}").parse().expect("a field");
            request.metadata_mut().insert("authorization", field);
        }
        let Ok(channel) = channel else { return Err(Code::Unavailable) };
        HealthClient::new(channel).check(request).await.map_err(|status| status.code())
    });
    match answer {
        Ok(_) => 200,
        Err(Code::Unauthenticated) => 401,
        Err(Code::PermissionDenied) => 403,
        Err(Code::Unavailable) => 0,
        Err(other) => panic!("an unexpected code: {other}"),
    }
}

type Status = fn(&Orders, Option<&str>) -> u16;

#[test]
fn log_out_ends_tokens_at_the_example_of_every_framework() {
    let mut pair = Pair::prepare();
    pair.set("AUTH_AUDIENCE", "api-service,orders");
    pair.auth.start();
    let start = |framework| Orders::example(&pair.auth, pair.folder(), framework);
    let examples: [(&str, Orders, Status); 3] = [
        ("actix", start("actix"), http_status),
        ("axum", start("axum"), http_status),
        ("tonic", start("tonic"), grpc_status),
    ];
    let user = User::signed_up(&pair.auth, "Ada");
    let token = user.log_in_for(&pair.auth, "orders");
    let elsewhere = user.log_in(&pair.auth);
    for (framework, example, status) in &examples {
        let started = format!("{framework} admits the user");
        poll::until(&started, Duration::from_secs(20), || status(example, Some(&token)) == 200);
        assert_eq!(status(example, None), 401, "{framework}");
        assert_eq!(status(example, Some("bad")), 401, "{framework}");
        assert_eq!(status(example, Some(&elsewhere)), 401, "{framework}");
    }
    for (framework, example, _) in &examples[..2] {
        let reports = example.get("/reports").bearer(&token).send();
        assert_eq!(reports.status, 403, "{framework}");
    }
    pair.auth.post("/logout").bearer(&token).send().expect(204);
    let heard = Duration::from_millis(250 * 5);
    poll::until("all examples refuse the token", heard, || {
        examples.iter().all(|(_, example, status)| status(example, Some(&token)) == 401)
    });
}
