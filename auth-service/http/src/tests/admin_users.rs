//! `/admin/users` and the routes below it.

use actix_web::test::TestRequest;
use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use super::actors::PASSWORD;
use super::operators::Operator;
use super::server::{Server, Setup};

fn names(page: &Value) -> Vec<&str> {
    page["users"].as_array().unwrap().iter().map(|user| user["name"].as_str().unwrap()).collect()
}

async fn list(operator: &Operator<'_>, query: &str) -> Value {
    let answer = operator.get(&format!("/admin/users{query}")).await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, "no-store"));
    answer.json()
}

async fn set_roles(operator: &Operator<'_>, who: Uuid, body: &Value) -> u16 {
    let path = format!("/admin/users/{who}/roles");
    operator.call("PUT", &path, Some(body)).await.status.as_u16()
}

#[actix_web::test]
async fn a_user_is_listed_with_all_but_the_password() {
    let server = Server::start();
    let operator = server.operator("ann").await;
    let id = operator.public_id;
    let page = list(&operator, "").await;
    assert_eq!(
        page,
        json!({"next": null, "users": [{
            "public_id": id, "name": "ann", "email": "ann@example.org", "state": "active",
            "roles": ["user", "admin"], "created_at": "2026-01-02T03:04:05Z",
            "changed_at": "2026-01-02T03:04:05Z",
        }]})
    );
    let bob = server.sign_up("bob").await;
    server.clock.advance(Duration::minutes(1));
    assert_eq!(operator.act("POST", &format!("/admin/users/{bob}/disable")).await, 204);
    let of_bob = &list(&operator, "?q=bob").await["users"][0];
    assert_eq!(
        (&of_bob["state"], &of_bob["created_at"], &of_bob["changed_at"]),
        (&json!("disabled"), &json!("2026-01-02T03:04:05Z"), &json!("2026-01-02T03:05:05Z"))
    );
}

#[actix_web::test]
async fn operator_creates_a_user_by_the_rules_of_a_sign_up() {
    // Operators make accounts also where no visitor may.
    let server = Server::with(Setup { registration_open: false, ..Setup::default() });
    let operator = server.first_operator("ann").await;
    let create = async |body: Value| operator.call("POST", "/admin/users", Some(&body)).await;
    let bob = json!({"name": "Bob", "email": " Bob@Example.org ", "password": PASSWORD});
    let created = create(bob.clone()).await;
    assert_eq!((created.status.as_u16(), created.header("cache-control")), (201, "no-store"));
    let created = created.json();
    assert_eq!(created, list(&operator, "?q=bob").await["users"][0]);
    assert_eq!(
        (&created["email"], &created["roles"]),
        (&json!("Bob@Example.org"), &json!(["user"]))
    );
    assert_eq!(server.log_in("bob", PASSWORD).await.status, 201);
    assert_eq!(create(bob).await.status, 409);

    let with = |name: &str, roles: Value| {
        let email = format!("{name}@example.org");
        json!({"name": name, "email": email, "password": PASSWORD, "roles": roles})
    };
    let eve = create(with("eve", json!(["user", "admin"]))).await;
    assert_eq!((eve.status.as_u16(), &eve.json()["roles"]), (201, &json!(["user", "admin"])));
    assert_eq!(create(with("joe", Value::Null)).await.status, 201);
    let faults = json!({"name": "", "email": "x", "password": "short", "roles": ["root"]});
    let refused = create(faults).await;
    assert_eq!(refused.status, 422);
    for field in ["name", "email", "password", "roles"] {
        assert!(refused.json()["errors"][field].is_array(), "{field}: {refused:?}");
    }
    assert_eq!(create(with("tim", json!("user"))).await.status, 422);
}

#[actix_web::test]
async fn operator_sets_a_password_and_ends_every_session() {
    let server = Server::start();
    let operator = server.operator("ann").await;
    let bob = server.sign_up("bob").await;
    let (access, refresh) = server.session("bob").await;
    let path = format!("/admin/users/{bob}/password");
    let set = async |path: &str, body: Value| {
        operator.call("PUT", path, Some(&body)).await.status.as_u16()
    };
    for refused in [
        json!({}),
        json!({"password": null}),
        json!({"password": ""}),
        json!({"password": "short"}),
        json!({"password": "bob@example.org"}),
        json!({"password": "password"}),
    ] {
        assert_eq!(set(&path, refused.clone()).await, 422, "{refused}");
    }
    assert_eq!(server.post_with("/logout", &access, &[]).await.status, 204, "nothing has ended");

    let (access, _) = server.session("bob").await;
    assert_eq!(set(&path, json!({"password": "another long sentence"})).await, 204);
    assert_eq!(server.post_with("/logout", &access, &[]).await.status, 401);
    assert_eq!(server.refresh(&refresh, &[]).await.status, 400);
    assert_eq!(server.log_in("bob", PASSWORD).await.status, 403);
    assert_eq!(server.log_in("bob", "another long sentence").await.status, 201);
    let unknown = format!("/admin/users/{}/password", Uuid::new_v4());
    assert_eq!(set(&unknown, json!({"password": "another long sentence"})).await, 404);
}

#[actix_web::test]
async fn search_is_decoded_and_an_empty_one_finds_all() {
    let server = Server::start();
    let operator = server.operator("ann").await;
    server.sign_up("bob").await;
    for (q, found) in [
        ("bob%40Example", vec!["bob"]),
        ("b%25b", vec![]),
        ("%00", vec![]),
        ("", vec!["ann", "bob"]),
    ] {
        assert_eq!(names(&list(&operator, &format!("?q={q}")).await), found, "{q}");
    }
    let form = [("name", "ZOË"), ("email", "carla@example.org"), ("password", PASSWORD)];
    assert_eq!(server.post_form("/signup", &form).await.status, 201);
    assert_eq!(names(&list(&operator, "?q=zo%C3%AB").await), ["ZOË"], "capitals of any script");
}

#[actix_web::test]
async fn disabled_or_logged_out_user_has_no_session_until_the_next_log_in() {
    let server = Server::start();
    let operator = server.operator("ann").await;
    let bob = server.sign_up("bob").await;
    for (ways, log_in) in [(&["disable", "disable"][..], 403), (&["logout"], 201)] {
        let (token, refresh) = server.session("bob").await;
        for way in ways {
            let path = format!("/admin/users/{bob}/{way}");
            assert_eq!(operator.act("POST", &path).await, 204, "twice is no error");
        }
        assert_eq!(server.post_with("/logout", &token, &[]).await.status, 401);
        assert_eq!(server.log_in("bob", PASSWORD).await.status, log_in);
        assert_eq!(operator.act("POST", &format!("/admin/users/{bob}/enable")).await, 204);
        assert_eq!(server.refresh(&refresh, &[]).await.status, 400);
        let (fresh, _) = server.session("bob").await;
        assert_eq!(server.post_with("/logout", &fresh, &[]).await.status, 204);
    }
}

#[actix_web::test]
async fn a_parameter_that_can_not_be_is_422_by_its_name() {
    let server = Server::start();
    let operator = server.operator("ann").await;
    for (query, name) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("after=0", "after"),
        ("after=nothing", "after"),
    ] {
        let answer = operator.get(&format!("/admin/users?{query}")).await;
        assert_eq!(answer.status, 422, "{query}");
        assert!(answer.json()["errors"][name].is_array(), "{query}");
    }
    for query in ["q=a&q=b", "limit=&limit=5", "after=&after=", "q=%zz", "q=%ff", "other=%"] {
        assert_eq!(operator.get(&format!("/admin/users?{query}")).await.status, 400, "{query}");
    }
    for query in ["limit=&after=&q=", "limit&after", "other=1&other=2", "other="] {
        assert_eq!(operator.get(&format!("/admin/users?{query}")).await.status, 200, "{query}");
    }
    assert_eq!(list(&operator, "?limit=1000").await["next"], Value::Null);
}

#[actix_web::test]
async fn roles_that_can_not_be_are_refused_and_change_nothing() {
    let server = Server::start();
    let operator = server.operator("ann").await;
    let bob = server.sign_up("bob").await;
    for body in [
        json!({}),
        json!({"roles": []}),
        json!({"roles": ["admin"]}),
        json!({"roles": ["user", "root"]}),
        json!({"roles": "user"}),
        json!({"roles": ["user", 1]}),
        json!({"roles": null}),
        json!(["user", "admin"]),
    ] {
        assert_eq!(set_roles(&operator, bob, &body).await, 422, "{body}");
    }
    let path = format!("/admin/users/{bob}/roles");
    let bearer = ("authorization", format!("Bearer {}", operator.token));
    let form = TestRequest::put().uri(&path).insert_header(bearer).set_form([("roles", "user")]);
    assert_eq!(server.call(form).await.status, 415);
    assert_eq!(list(&operator, "?q=bob").await["users"][0]["roles"], json!(["user"]));
}

#[actix_web::test]
async fn unknown_id_is_404_at_every_route() {
    let server = Server::start();
    let operator = server.operator("ann").await;
    let roles = json!({"roles": ["user"]});
    for id in [&*Uuid::new_v4().to_string(), "nobody", "%00", "8c5f9f3e"] {
        for (method, path, body) in [
            ("POST", format!("users/{id}/disable"), None),
            ("POST", format!("users/{id}/enable"), None),
            ("POST", format!("users/{id}/logout"), None),
            ("DELETE", format!("users/{id}"), None),
            ("PUT", format!("users/{id}/roles"), Some(&roles)),
            ("GET", format!("users/{id}/sessions"), None),
            ("DELETE", format!("sessions/{id}"), None),
            ("DELETE", format!("clients/{id}"), None),
            ("POST", format!("clients/{id}/rotate-secret"), None),
            ("POST", format!("keys/{id}/revoke"), None),
        ] {
            let answer = operator.call(method, &format!("/admin/{path}"), body).await;
            assert_eq!(answer.status, 404, "{path}");
            assert_eq!(answer.header("content-type"), "application/problem+json");
        }
    }
}

#[actix_web::test]
async fn body_is_judged_before_the_id_in_the_path() {
    let server = Server::start();
    let operator = server.operator("ann").await;
    let wrong = json!({"roles": 7});
    let answer = operator.call("PUT", "/admin/users/no-uuid/roles", Some(&wrong)).await;
    assert_eq!(answer.status, 422, "{answer:?}");
}

#[actix_web::test]
async fn ending_the_last_admin_is_409_in_every_way() {
    let server = Server::start();
    let operator = server.operator("ann").await;
    let own = operator.public_id;
    let ways = async || {
        let roles = set_roles(&operator, own, &json!({"roles": ["user"]})).await;
        let disabled = operator.act("POST", &format!("/admin/users/{own}/disable")).await;
        (roles, disabled, operator.act("DELETE", &format!("/admin/users/{own}")).await)
    };
    assert_eq!(ways().await, (409, 409, 409));
    // None of the changes was made. With another admin each one would be.
    assert_eq!(operator.get("/admin/users").await.status, 200);
    server.operator("bob").await;
    assert_eq!(operator.act("DELETE", &format!("/admin/users/{own}")).await, 204);
}
