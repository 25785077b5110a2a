//! The guard's feed reader behind a proxy that answers wrongly: such an answer is rejected whole,
//! the position does not move, and nothing is missed afterwards.

use std::sync::Arc;
use std::time::Duration;

use end_to_end::client::Client;
use end_to_end::pair::Pair;
use end_to_end::poll;
use end_to_end::proxy::{Proxy, ProxyAnswer, Subject};
use end_to_end::user::User;
use serde_json::{Value, json};

/// The guard pauses between two tries, longer each time.
const PATIENCE: Duration = Duration::from_secs(20);

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

/// What the feed is made to say to a reader at a position.
type Saying = fn(u64, &dyn Fn(u64) -> Value) -> ProxyAnswer;

fn events(events: &[Value], next: u64) -> String {
    json!({"events": events, "next": next, "oldest": 1}).to_string()
}

fn said(events: &[Value], next: u64) -> ProxyAnswer {
    json_answer("200 OK", &self::events(events, next))
}

fn json_answer(status: &str, body: &str) -> ProxyAnswer {
    ProxyAnswer::whole(status, "application/json", body)
}

/// Every one holds a lie that would show, were it believed, unless it says nothing at all.
const WRONG: [(&str, Saying); 14] = [
    ("500", |at, lie| json_answer("500 Internal Server Error", &events(&[lie(at + 1)], at + 1))),
    ("302", |_, _| ProxyAnswer::Bytes(b"HTTP/1.1 302 Found\r\nlocation: /feed\r\n\r\n".to_vec())),
    ("HTML", |_, _| ProxyAnswer::whole("200 OK", "text/html", "<html></html>")),
    ("cut", |at, lie| {
        let whole = events(&[lie(at + 1)], at + 1);
        json_answer("200 OK", &whole[..whole.len() - 3])
    }),
    ("empty", |_, _| json_answer("200 OK", "")),
    ("a gap", |at, lie| said(&[lie(at + 2)], at + 2)),
    ("an old one", |at, lie| said(&[lie(at)], at)),
    ("twice", |at, lie| said(&[lie(at + 1), lie(at + 1)], at + 1)),
    ("backwards", |at, lie| said(&[lie(at + 2), lie(at + 1)], at + 2)),
    ("another next", |at, lie| said(&[lie(at + 1)], at + 5)),
    ("next goes back", |at, _| said(&[], at - 1)),
    ("one of them broken", |at, lie| {
        let mut broken = lie(at + 2);
        broken["public_id"] = json!(7);
        said(&[lie(at + 1), broken], at + 2)
    }),
    ("huge", |_, _| ProxyAnswer::whole("200 OK", "application/json", vec![b' '; 50_000_000])),
    ("silence", |_, _| ProxyAnswer::Bytes(Vec::new())),
];

/// Says it to every reader, from the position that it asks for, that `deleted` is no more.
fn lying(saying: Saying, deleted: &str) -> ProxyAnswer {
    let deleted = deleted.to_owned();
    ProxyAnswer::To(Arc::new(move |target| {
        let after = target.split(['?', '&']).find_map(|part| part.strip_prefix("after="));
        let at = after.and_then(|after| after.parse().ok()).expect("a position");
        saying(
            at,
            &|seq| json!({"seq": seq, "at": "2026-01-02T03:04:05Z", "type": "user.deleted", "public_id": deleted}),
        )
    }))
}

#[test]
fn a_wrong_answer_is_rejected_whole_and_nothing_is_missed_afterwards() {
    let (pair, proxy) = behind_proxy();
    let first = User::signed_up(&pair.auth, "First");
    let token = first.log_in(&pair.auth);
    pair.accepts("before", &token);
    let id = first.public_id(&pair.auth);
    let start = position(&pair);
    let tell = |what: &str, saying| {
        proxy.answer(Subject::Feed, lying(saying, &id));
        // Ends the long poll under way.
        let mark = User::signed_up(&pair.auth, what);
        let before = proxy.requests(Subject::Feed);
        poll::until(what, PATIENCE, || proxy.requests(Subject::Feed) >= before + 2);
        mark
    };
    for (what, saying) in WRONG {
        let mark = tell(what, saying);
        pair.accepts(what, &token);
        proxy.answer(Subject::Feed, ProxyAnswer::True);
        let marked = mark.log_in(&pair.auth);
        poll::until("it goes on where it was", PATIENCE, || pair.me(&marked).status == 200);
        pair.accepts(what, &token);
    }
    let told = page(&pair, start);
    let made = told["events"].as_array().expect("events").len();
    let listed = pair.api.get("/user").bearer(&token).send().expect(200).json();
    assert_eq!(listed["users"].as_array().map(Vec::len), Some(made + 1), "no user is missing");

    tell("a lie as the feed would tell it", |at, lie| said(&[lie(at + 1)], at + 1));
    poll::until("it is believed", PATIENCE, || pair.me(&token).status == 401);
}
