//! Who may read what stands between the services, and what is never in an answer.

use end_to_end::client::Client;
use end_to_end::forge::Forge;
use end_to_end::pair::{Pair, refused};
use end_to_end::token::with;
use end_to_end::user::User;
use serde_json::json;

const ROUTES: [(&str, &str); 2] =
    [("/feed?after=0&wait=0", "events:read"), ("/directory/users", "directory:read")];

#[test]
fn feed_and_directory_are_for_services_with_the_scope_alone() {
    let mut pair = Pair::prepare();
    pair.set("AUTH_AUDIENCE", "api-service,orders");
    pair.import(Forge::known());
    pair.auth.start();
    let root = User::new("Root");
    let create = ["users", "create", "--name", "Root", "--email", &root.email, "--role", "admin"];
    pair.auth.launch.run_with(&create, &format!("{}\n", root.password)).done();
    let everything = Client::registered(&pair.auth, "all", &["events:read", "directory:read"]);

    for (route, scope) in ROUTES {
        let get = |token: &str| pair.auth.get(route).bearer(token).send();
        let anonymous = pair.auth.get(route).send().expect(401);
        assert_eq!(anonymous.header("www-authenticate"), "Bearer");
        assert_eq!(anonymous.json(), json!({"message": "Token is missing !!"}));
        pair.auth.get(route).basic(&everything.id, &everything.secret).send().expect(401);

        let user = root.log_in_for(&pair.auth, &pair.auth.url);
        let forbidden = get(&user).expect(403);
        let challenge = forbidden.header("www-authenticate");
        assert!(challenge.contains(r#"error="insufficient_scope""#), "{challenge}");
        let elsewhere = root.log_in(&pair.auth);
        let description = refused("a user's, for another", &elsewhere, &get(&elsewhere));
        assert!(description.contains("audience"), "{description}");
        let elsewhere = everything.token_with(&pair.auth, &[("audience", "orders")]);
        refused("a service's, for another", &elsewhere, &get(&elsewhere));

        let other = if scope == "events:read" { "directory:read" } else { "events:read" };
        let narrow = everything.token_with(&pair.auth, &[("scope", other)]);
        let forbidden = get(&narrow).expect(403);
        let challenge = forbidden.header("www-authenticate");
        assert!(challenge.contains(r#"error="insufficient_scope""#), "{challenge}");
        let right = everything.token_with(&pair.auth, &[("scope", scope)]);
        assert!(matches!(get(&right).status, 200 | 410), "{route}");
        refused("changed", &right, &get(&format!("{right}AAAA")));

        // A token of a client that was never registered, and of another key.
        let claims = end_to_end::token::claims(&right);
        let ghost = with(&with(&claims, "sub", "ghost"), "client_id", "ghost");
        let ghost = Forge::known().mint(&ghost);
        refused("nobody's", &ghost, &get(&ghost));
        let stranger =
            Forge::generate(2_048).sign(Forge::known().header().to_string(), claims.to_string());
        refused("of another key", &stranger, &get(&stranger));
        assert!(matches!(get(&Forge::known().mint(&claims)).status, 200 | 410), "the control");
    }
}

#[test]
fn nothing_secret_is_in_feed_or_directory() {
    let mut pair = Pair::prepare();
    pair.auth.start();
    let user = User::signed_up(&pair.auth, "Ada");
    user.log_in(&pair.auth);
    let client = Client::of_the_guard(&pair.auth);
    let token = client.token(&pair.auth);
    let directory = pair.auth.get("/directory/users").bearer(&token).send().expect(200);
    let position = directory.json()["position"].as_u64().expect("a position");
    let after = position - 1;
    let feed =
        pair.auth.get(&format!("/feed?after={after}&wait=0")).bearer(&token).send().expect(200);
    for answer in [directory, feed] {
        assert!(answer.text().contains(&user.email), "the control: {}", answer.text());
        for secret in ["argon2", "$", "password", "hash", "secret", &user.password] {
            assert!(!answer.text().contains(secret), "{secret} in {}", answer.text());
        }
        assert!(answer.header("cache-control").contains("no-store"), "{:?}", answer.header_lines());
    }
}
