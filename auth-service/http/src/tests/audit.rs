//! `GET /admin/audit`, and the rows that the routes write.

use std::net::SocketAddr;

use actix_web::test::TestRequest;
use serde_json::{Value, json};
use signet_contract::clock::Clock as _;
use time::Duration;
use uuid::Uuid;

use super::actors::{PASSWORD, claims};
use super::server::{Server, Setup, proxies};
use crate::Options;
use auth_domain::audit::{Action, AuditQuery, AuditRow, Reason};

impl Server {
    /// Every row so far, the latest first.
    fn audit(&self) -> Vec<AuditRow> {
        let query = AuditQuery { limit: 1_000, ..AuditQuery::default() };
        self.database.list_audit(&query).unwrap()
    }

    /// Returns the latest row's action, refusal reason, actor, subject and user.
    fn latest(&self) -> (String, Option<String>, String, String, Option<String>) {
        let row = self.audit().remove(0);
        assert_eq!(row.origin.as_deref(), Some("192.0.2.1"));
        assert_eq!(row.at, self.clock.now());
        let id = |id: Option<String>| id.map(|id| format!(" {id}")).unwrap_or_default();
        let who = format!("{}{}", row.actor_type, id(row.actor));
        let subject = format!("{}{}", row.subject_type, id(row.subject));
        (row.action, row.refused, who, subject, row.public_id)
    }
}

/// Returns an expected row, in the form of `Server::latest`.
fn row(
    action: &str,
    refused: Option<&str>,
    who: impl Into<String>,
    subject: impl Into<String>,
    user: Option<Uuid>,
) -> (String, Option<String>, String, String, Option<String>) {
    let user = user.map(|user| user.to_string());
    (action.into(), refused.map(str::to_owned), who.into(), subject.into(), user)
}

#[actix_web::test]
async fn log_ins_are_recorded_with_any_outcome() {
    let server = Server::with(Setup { per_account: Some(2), ..Setup::default() });
    let ann = server.sign_up("ann").await;
    let user = format!("user {ann}");
    assert_eq!(server.latest(), row("signup", None, "nobody", &user, Some(ann)));
    let (token, _) = server.session("ann").await;
    let session = format!("session {}", claims(&token)["sid"].as_str().unwrap());
    assert_eq!(server.latest(), row("login", None, &user, session, Some(ann)));

    server.log_in("nobody", "what is this").await;
    let unknown = row("login", Some("unknown_account"), "nobody", "unknown", None);
    assert_eq!(server.latest(), unknown);
    let wrong = row("login", Some("wrong_password"), "nobody", &user, Some(ann));
    for _ in 0..2 {
        server.log_in("ann", "what is this").await;
        assert_eq!(server.latest(), wrong);
    }
    server.log_in("ann", PASSWORD).await;
    let throttled = row("login", Some("too_many_failures"), "nobody", &user, Some(ann));
    assert_eq!(server.latest(), throttled);
    let form = [("name", "Ann"), ("email", "ann@example.org"), ("password", PASSWORD)];
    server.post_form("/signup", &form).await;
    assert_eq!(server.latest(), row("signup", Some("address_taken"), "nobody", &user, Some(ann)));
    let all = format!("{:?}", server.audit());
    for typed in ["example.org", "what is this", PASSWORD, "$argon2id", &token] {
        assert!(!all.contains(typed), "{typed}");
    }
}

#[actix_web::test]
async fn refused_refreshes_and_ends_of_sessions_are_recorded() {
    let server = Server::start();
    let ann = server.sign_up("ann").await;
    server.add_client("reports", &["directory:read"]);
    let user = format!("user {ann}");
    let sid = |token: &str| format!("session {}", claims(token)["sid"].as_str().unwrap());
    let refused = |why, subject: &str, user| {
        row("session.refresh", Some(why), "client first-party", subject, user)
    };

    let (token, refresh) = server.session("ann").await;
    let rows = server.audit().len();
    server.refresh(&refresh, &[]).await;
    assert_eq!(server.audit().len(), rows, "a good refresh is told by the session");
    server.refresh(&refresh, &[]).await;
    assert_eq!(server.latest(), refused("reused", &sid(&token), Some(ann)));
    assert_eq!(server.audit().len(), rows + 1);
    server.refresh(&refresh, &[]).await;
    assert_eq!(server.latest(), refused("session_over", &sid(&token), Some(ann)));
    server.refresh("no token", &[]).await;
    assert_eq!(server.latest(), refused("unknown_token", "unknown", None));

    let (token, refresh) = server.session("ann").await;
    let client = [("client_id", "reports"), ("client_secret", "secret")];
    server.refresh(&refresh, &client).await;
    let other =
        row("session.refresh", Some("other_client"), "client reports", sid(&token), Some(ann));
    assert_eq!(server.latest(), other);
    server.post_form("/oauth2/revoke", &[("token", &refresh)]).await;
    let revoked = row("session.revoke", None, "client first-party", sid(&token), Some(ann));
    assert_eq!(server.latest(), revoked);

    let (token, _) = server.session("ann").await;
    server.post_with("/logout", &token, &[]).await;
    assert_eq!(server.latest(), row("logout", None, &user, sid(&token), Some(ann)));
    let (token, _) = server.session("ann").await;
    server.post_with("/logout/all", &token, &[]).await;
    assert_eq!(server.latest(), row("logout.all", None, &user, &user, Some(ann)));
}

#[actix_web::test]
async fn password_changes_and_refused_clients_are_recorded() {
    let server = Server::start();
    let ann = server.sign_up("ann").await;
    let user = format!("user {ann}");
    let (token, _) = server.session("ann").await;
    let change = |current| [("current_password", current), ("new_password", "another horse")];
    server.post_with("/password", &token, &change("wrong")).await;
    let wrong = row("password.change", Some("wrong_password"), &user, &user, Some(ann));
    assert_eq!(server.latest(), wrong);
    server.post_with("/password", &token, &change(PASSWORD)).await;
    assert_eq!(server.latest(), row("password.change", None, &user, &user, Some(ann)));

    server.add_client("reports", &["directory:read"]);
    let grant = ("grant_type", "client_credentials");
    let ask = |more: &[(&'static str, &'static str)]| [&[grant], more].concat();
    for (form, action, why, who, subject) in [
        (
            ask(&[("client_id", "reports"), ("client_secret", "guess")]),
            "client.authenticate",
            "wrong_secret",
            "nobody",
            "client reports",
        ),
        (
            ask(&[("client_id", "a secret, perhaps"), ("client_secret", "guess")]),
            "client.authenticate",
            "unknown_client",
            "nobody",
            "unknown",
        ),
        (
            ask(&[("client_id", "reports"), ("client_secret", "secret"), ("scope", "admin")]),
            "client.token",
            "invalid_scope",
            "client reports",
            "client reports",
        ),
        (
            ask(&[("client_id", "reports"), ("client_secret", "secret"), ("audience", "x")]),
            "client.token",
            "invalid_target",
            "client reports",
            "client reports",
        ),
    ] {
        server.post_form("/oauth2/token", &form).await;
        assert_eq!(server.latest(), row(action, Some(why), who, subject, None));
    }
    assert!(!format!("{:?}", server.audit()).contains("guess"));
}

#[actix_web::test]
async fn rows_have_the_id_and_the_address_of_their_request() {
    let options = Options { trusted_proxies: proxies(&["192.0.2.0/24"]), ..Options::default() };
    let server = Server::with(Setup { options, ..Setup::default() });
    server.sign_up("ann").await;
    let log_in = |password| {
        let form = [("email", "ann@example.org"), ("password", password)];
        let request = TestRequest::post().uri("/login").set_form(form);
        request
            .insert_header(("x-request-id", "proxy-1.a_B"))
            .insert_header(("x-forwarded-for", "203.0.113.9:4711"))
    };
    for password in ["wrong", PASSWORD] {
        let answer = server.call(log_in(password)).await;
        assert_eq!(answer.header("x-request-id"), "proxy-1.a_B");
        let row = &server.audit()[0];
        assert_eq!(row.request_id.as_deref(), Some("proxy-1.a_B"));
        assert_eq!(row.origin.as_deref(), Some("203.0.113.9"));
    }
    let stranger = SocketAddr::from(([198, 51, 100, 7], 4_711));
    let answer = server.call(log_in("wrong").peer_addr(stranger)).await;
    assert_eq!(answer.header("x-request-id"), "proxy-1.a_B");
    let row = &server.audit()[0];
    assert_eq!(row.origin.as_deref(), Some("198.51.100.7"));
    let made = row.request_id.as_deref().unwrap();
    assert!(Uuid::try_parse(made).is_ok(), "{made}");

    let answer = server.refresh("no token", &[]).await;
    let row = &server.audit()[0];
    assert_eq!(row.request_id.as_deref(), Some(answer.header("x-request-id")));
}

#[actix_web::test]
async fn floods_are_recorded_within_bounds_and_password_guesses_always() {
    let server = Server::with(Setup { per_account: None, ..Setup::default() });
    server.sign_up("ann").await;
    for _ in 0..210 {
        assert_eq!(server.refresh("no token", &[]).await.status, 400);
    }
    let rows = server.audit();
    assert_eq!(rows.iter().filter(|row| row.action == "session.refresh").count(), 200);
    server.log_in("ann", "wrong").await;
    assert_eq!(server.latest().1.as_deref(), Some("wrong_password"));
    server.clock.advance(Duration::seconds(10));
    server.refresh("no token", &[]).await;
    let detail = server.audit()[0].detail.clone();
    assert_eq!(detail.as_deref(), Some("10 refusals before this one were left out"));
}

#[actix_web::test]
async fn operators_read_pages_and_filter_them() {
    let server = Server::start();
    let root = server.operator("root").await;
    let ann = server.sign_up("ann").await;
    server.clock.advance(Duration::seconds(5));
    let changed = server.clock.now();
    assert_eq!(root.act("POST", &format!("/admin/users/{ann}/disable")).await, 204);
    server.clock.advance(Duration::seconds(5));
    server.log_in("ann", PASSWORD).await;

    let answer = root.get("/admin/audit?limit=2").await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, "no-store"));
    let page = answer.json();
    let words = |page: &Value| {
        let rows = page["audit"].as_array().unwrap().iter();
        rows.map(|row| row["action"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(words(&page), ["login", "user.disable"]);
    let id = page["audit"][1]["id"].clone();
    assert_eq!(
        page["audit"][1],
        json!({
            "id": id, "at": "2026-01-02T03:04:10Z", "actor_type": "user",
            "actor": root.public_id, "action": "user.disable", "outcome": "done", "reason": null,
            "subject_type": "user", "subject": ann, "user": ann, "from": "192.0.2.1",
            "request_id": page["audit"][1]["request_id"],
            "detail": null,
        })
    );
    let login = &page["audit"][0];
    assert_eq!(
        (&login["outcome"], &login["reason"]),
        (&json!("refused"), &json!("account_disabled"))
    );
    let rest = format!("/admin/audit?after={}", page["next"].as_str().unwrap());
    let rest = root.get(&rest).await.json();
    assert_eq!(
        words(&rest),
        ["signup", "login", "user.set_roles", "signup", "key.activate", "key.generate"]
    );
    assert_eq!(rest["next"], Value::Null);

    let query = format!("user={ann}&since=2026-01-02T03:04:10Z&until=2026-01-02T03:04:11Z");
    let page = root.get(&format!("/admin/audit?{query}")).await.json();
    assert_eq!(words(&page), ["user.disable"]);
    assert_eq!(changed, server.audit()[1].at);
    for wrong in [
        "limit=0",
        "limit=1001",
        "after=1",
        "action=Login",
        "user=ann",
        "since=yesterday",
        "until=1",
    ] {
        let answer = root.get(&format!("/admin/audit?{wrong}")).await;
        assert_eq!(answer.status, 422, "{wrong}");
    }
}

#[test]
fn contract_names_every_action_and_every_reason() {
    let contract = include_str!("../../../../docs/contract.md");
    let actions = Action::ALL.iter().map(|action| action.word());
    let words = actions.chain(Reason::ALL.iter().map(|reason| reason.word()));
    let missing: Vec<_> = words.filter(|word| !contract.contains(&format!("`{word}`"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
