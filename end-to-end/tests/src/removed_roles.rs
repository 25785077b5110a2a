//! A removed role ends at every guard.

use std::time::Duration;

use serde_json::{Value, json};
use support::http::Answer;
use support::orders::Orders;
use support::pair::{Pair, refused};
use support::service::Service;
use support::user::{Session, User};
use support::{poll, token};

/// Five times the promised second.
const SOON: Duration = Duration::from_secs(5);

/// A new admin, with the public id.
fn admin(auth: &Service, name: &str) -> (User, String) {
    let user = User::admin(auth, name);
    let id = user.public_id(auth);
    (user, id)
}

fn set_roles(auth: &Service, root: &User, id: &str, roles: &Value) -> Answer {
    let token = root.log_in_for(auth, &auth.url);
    let path = format!("/admin/users/{id}/roles");
    auth.request("PUT", &path).bearer(&token).json(&json!({"roles": roles})).send()
}

fn pair_with_orders() -> (Pair, Orders) {
    let mut pair = Pair::prepare();
    pair.set("AUTH_AUDIENCE", "api-service,orders");
    pair.run();
    let orders = Orders::start(&pair.auth, pair.folder());
    (pair, orders)
}

fn reports(orders: &Orders, token: &str) -> Answer {
    orders.get("/reports").bearer(token).send()
}

#[track_caller]
fn is_revoked(why: &str, token: &str, answer: &Answer) {
    let description = refused(why, token, answer);
    assert!(description.contains("revoked"), "{why}: {description}");
}

#[test]
fn removed_role_ends_tokens_at_guards_without_directory() {
    let (pair, mut orders) = pair_with_orders();
    let auth = &pair.auth;
    let (root, _) = admin(auth, "Root");
    let by_route = |id: &str| drop(set_roles(auth, &root, id, &json!(["user"])).expect(204));
    let by_command =
        |id: &str| drop(auth.command(&["users", "set-role", id, "--role", "user"]).done());
    let mut ended = Vec::new();
    for way in ["route", "command"] {
        let (user, id) = admin(auth, way);
        let session = Session::opened(auth, &user, "orders");
        reports(&orders, &session.access).expect(200);
        if way == "route" {
            by_route(&id);
        } else {
            by_command(&id);
        }
        poll::until(way, SOON, || reports(&orders, &session.access).status == 401);
        is_revoked(way, &session.access, &reports(&orders, &session.access));

        // The next refresh carries the new roles and is good at once.
        let refreshed = session.refreshed(auth);
        assert_eq!(token::claims(&refreshed.access)["roles"], json!(["user"]), "{way}");
        reports(&orders, &refreshed.access).expect(403);
        orders.get("/orders").bearer(&refreshed.access).send().expect(200);
        ended.push((way, session.access, refreshed.access));
    }
    for (state, forget) in [("restart", false), ("fresh snapshot", true)] {
        if forget {
            orders.forget();
        }
        orders.restart();
        for (way, old, refreshed) in &ended {
            is_revoked(&format!("{way}, {state}"), old, &reports(&orders, old));
            orders.get("/orders").bearer(refreshed).send().expect(200);
        }
    }
}
