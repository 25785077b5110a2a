//! A custom service, guarded by the shared crate: it knows users by their tokens alone.

use std::time::Duration;

use serde_json::json;
use support::orders::Orders;
use support::pair::{Pair, refused};
use support::poll;
use support::token;
use support::user::User;

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
