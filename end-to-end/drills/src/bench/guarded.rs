//! Guarded routes: of a service with signet-guard, and of api-service.

use serde_json::{Value, json};
use signet_guard::forward_auth::FIELDS;
use support::forge::Forge;
use support::pair::Pair;
use support::token;
use support::user::User;
use uuid::Uuid;

use super::Plan;
use super::comparison::{Goal, Row};
use super::requests::Request;
use super::service::BenchService;
use super::wrk::Load;
use crate::figures::grouped;

/// The connections that send requests at the same time.
const CONNECTIONS: usize = 32;

/// The rows of `signet-guard` in a service on actix, and of the routes of api-service.
pub fn rows(plan: &Plan<'_>, tokens: usize) -> Vec<Row> {
    let pair = Pair::start_forged(&[]);
    let users: Vec<_> =
        (0..10).map(|n| User::signed_up(&pair.auth, &format!("User {n}"))).collect();
    let claims: Vec<_> = users.iter().map(|user| token::claims(&user.log_in(&pair.auth))).collect();
    pair.accepts_soon("a token", &users[0].log_in(&pair.auth));
    let tokens = minted(&claims, tokens);
    let one = &tokens[..1];

    let me = pair.api.get("/user/me").bearer(&tokens[0]).send().expect(200).body;
    let list = pair.api.get("/user").bearer(&tokens[0]).send().expect(200).body;
    let verified = pair.api.get("/verify").bearer(&tokens[0]).send().expect(200);
    let fields = FIELDS.map(|name| format!("{name}:{}", verified.header(name)));
    let service = BenchService::start(&pair, &[b"{\"message\":\"hello\"}", &me, &list], &fields);

    let ratio = |work: &str, goal, url: &str, path: &str, body: &str, tokens: &[String]| {
        let load = |url: &str, path: &str| {
            let of = |token: &String| Request::get(path).bearer(token);
            Load::of(url, CONNECTIONS, &tokens.iter().map(of).collect::<Vec<_>>())
        };
        let (ours, theirs) = (load(url, path), load(&service.url, &format!("/unguarded/{body}")));
        plan.compare_loads(work, "the same answer unguarded", Goal::Ratio(goal), &ours, &theirs)
    };
    let many = format!("Guarded route, {} tokens in turn", grouped(tokens.len() as u64));
    vec![
        ratio("Guarded route, one token", 0.9, &service.url, "/guarded", "0", one),
        ratio(&many, 0.8, &service.url, "/guarded", "0", &tokens),
        ratio("`GET /user/me`", 0.7, &pair.api.url, "/user/me", "1", one),
        ratio("`GET /user`, 10 users", 0.6, &pair.api.url, "/user", "2", one),
        ratio("`GET /verify`", 0.8, &pair.api.url, "/verify", "fields", one),
    ]
}

/// Tokens of the forge's key: each of another session of one of these users.
fn minted(claims: &[Value], count: usize) -> Vec<String> {
    let mint = |number: usize| {
        let mut claims = claims[number % claims.len()].clone();
        claims["sid"] = json!(Uuid::new_v4());
        claims["jti"] = json!(Uuid::new_v4());
        Forge::known().mint(&claims)
    };
    let half = count / 2;
    std::thread::scope(|scope| {
        let first = scope.spawn(|| (0..half).map(mint).collect::<Vec<_>>());
        let second = (half..count).map(mint).collect();
        [first.join().expect("tokens"), second].concat()
    })
}
