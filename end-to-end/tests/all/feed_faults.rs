//! The guard's feed reader behind a proxy that answers wrongly: such an answer is rejected whole,
//! the position does not move, and nothing is missed afterwards.

use std::time::Duration;

use end_to_end::client::Client;
use end_to_end::pair::Pair;
use end_to_end::poll;
use end_to_end::proxy::{Proxy, ProxyAnswer, Subject};
use end_to_end::user::User;
use serde_json::{Value, json};

fn behind_proxy() -> (Pair, Proxy) {
    let mut pair = Pair::prepare();
    let proxy = pair.put_a_proxy_between();
    pair.run();
    (pair, proxy)
}

/// The feed's own answer behind a position.
fn page(pair: &Pair, after: u64) -> Value {
    let token = Client::of_the_guard(&pair.auth).token(&pair.auth);
    let path = format!("/feed?after={after}&wait=0");
    pair.auth.get(&path).bearer(&token).send().expect(200).json()
}

fn position(pair: &Pair) -> u64 {
    let token = Client::of_the_guard(&pair.auth).token(&pair.auth);
    let page = pair.auth.get("/directory/users").bearer(&token).send().expect(200).json();
    page["position"].as_u64().expect("a position")
}

#[test]
fn a_wrong_answer_is_rejected_whole_and_nothing_is_missed_afterwards() {
    let (pair, proxy) = behind_proxy();
    let first = User::signed_up(&pair.auth, "First");
    let token = first.log_in(&pair.auth);
    pair.accepts("before", &token);
    let id = first.public_id(&pair.auth);

    // What the feed would say next, told wrongly in many ways. Each holds a lie that would show:
    // the first user is deleted.
    let start = position(&pair);
    let lie = |seq: u64| json!({"seq": seq, "at": "2026-01-02T03:04:05Z", "type": "user.deleted", "public_id": id});
    let answer = |events: Value, next: u64| {
        let body = json!({"events": events, "next": next, "oldest": start - 2}).to_string();
        ProxyAnswer::whole("200 OK", "application/json", body)
    };
    let mut wrong_type = lie(start + 1);
    wrong_type["public_id"] = json!(7);
    let whole = json!({"events": [lie(start + 1)], "next": start + 1, "oldest": 1}).to_string();
    let cut = &whole[..whole.len() - 3];
    let answers = [
        ("500", ProxyAnswer::whole("500 Internal Server Error", "application/json", &whole)),
        ("302", ProxyAnswer::Bytes(b"HTTP/1.1 302 Found\r\nlocation: /feed\r\n\r\n".to_vec())),
        ("HTML", ProxyAnswer::whole("200 OK", "text/html", "<html></html>")),
        ("cut", ProxyAnswer::whole("200 OK", "application/json", cut)),
        ("empty", ProxyAnswer::whole("200 OK", "application/json", "")),
        ("a gap", answer(json!([lie(start + 2)]), start + 2)),
        ("an old one", answer(json!([lie(start)]), start)),
        ("twice", answer(json!([lie(start + 1), lie(start + 1)]), start + 1)),
        ("backwards", answer(json!([lie(start + 2), lie(start + 1)]), start + 2)),
        ("another next", answer(json!([lie(start + 1)]), start + 5)),
        ("next goes back", answer(json!([]), start - 1)),
        ("one of them broken", answer(json!([lie(start + 1), wrong_type]), start + 2)),
        ("huge", ProxyAnswer::whole("200 OK", "application/json", vec![b' '; 50_000_000])),
        ("silence", ProxyAnswer::Bytes(Vec::new())),
    ];
    for (what, answer) in answers {
        proxy.answer(Subject::Feed, answer);
        // Ends the long poll under way.
        let mark = User::signed_up(&pair.auth, what);
        let before = proxy.requests(Subject::Feed);
        poll::until(what, Duration::from_secs(20), || proxy.requests(Subject::Feed) >= before + 2);
        pair.accepts(what, &token);
        proxy.answer(Subject::Feed, ProxyAnswer::True);
        let marked = mark.log_in(&pair.auth);
        poll::until("it goes on where it was", Duration::from_secs(20), || {
            pair.me(&marked).status == 200
        });
        pair.accepts(what, &token);
    }
    let told = page(&pair, start);
    let made = told["events"].as_array().expect("events").len();
    let listed = pair.api.get("/user").bearer(&token).send().expect(200).json();
    assert_eq!(listed["users"].as_array().map(Vec::len), Some(made + 1), "no user is missing");
}
