//! The change feed and the directory snapshot, as a guard of one's own would read them.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use end_to_end::client::Client;
use end_to_end::http::Answer;
use end_to_end::pair::Pair;
use end_to_end::poll;
use end_to_end::token;
use end_to_end::user::User;
use serde_json::{Value, json};
use shared::clock::{Clock, SystemClock};

/// A waiting reader is answered within a second of a change; five times, on a busy machine. It is
/// far from the 25 s after which it is answered anyway.
const SOON: Duration = Duration::from_secs(5);

/// A reader of the feed.
struct Reader {
    pair: Pair,
    token: String,
}

impl Reader {
    fn start() -> Self {
        let mut pair = Pair::prepare();
        pair.auth.start();
        let token = Client::of_the_guard(&pair.auth).token(&pair.auth);
        Self { pair, token }
    }

    fn get(&self, path: &str) -> Answer {
        self.pair.auth.get(path).bearer(&self.token).send()
    }

    fn position(&self) -> u64 {
        let page = self.get("/directory/users").expect(200).json();
        page["position"].as_u64().expect("a position")
    }

    fn page(&self, after: u64, wait: u64) -> Value {
        self.get(&format!("/feed?after={after}&wait={wait}")).expect(200).json()
    }

    /// Every event after a position, read in pages of `limit`.
    fn events(&self, mut after: u64, limit: u64) -> Vec<Value> {
        let mut all = Vec::new();
        loop {
            let page =
                self.get(&format!("/feed?after={after}&wait=0&limit={limit}")).expect(200).json();
            let events = page["events"].as_array().expect("events");
            assert!(events.len() as u64 <= limit);
            let next = page["next"].as_u64().expect("a position");
            if events.is_empty() {
                assert_eq!(next, after);
                return all;
            }
            all.extend(events.iter().cloned());
            assert_eq!(Some(next), all.last().and_then(|last| last["seq"].as_u64()));
            after = next;
        }
    }

    fn command(&self, arguments: &[&str]) {
        self.pair.auth.command(arguments).done();
    }
}

/// Everything that is told of one user.
fn told_of(events: &[Value], id: &str) -> String {
    let own = events.iter().filter(|event| event["public_id"] == id);
    own.map(Value::to_string).collect::<Vec<_>>().join("\n")
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().expect("a type")).collect()
}

#[test]
fn every_change_is_told_once_in_order_and_without_gaps() {
    let reader = Reader::start();
    let start = reader.position();
    let ada = User::signed_up(&reader.pair.auth, "Ada");
    let id = ada.public_id(&reader.pair.auth);
    reader.command(&["users", "set-role", &id, "--role", "admin"]);
    let second = User::signed_up(&reader.pair.auth, "Grace");
    reader.command(&["users", "set-role", &second.public_id(&reader.pair.auth), "--role", "admin"]);
    reader.command(&["users", "disable", &id]);
    reader.command(&["users", "enable", &id]);
    reader.command(&["users", "delete", &id]);
    Client::registered(&reader.pair.auth, "reports", &["events:read"]);
    reader.command(&["clients", "remove", "reports"]);
    reader.command(&["keys", "generate"]);

    let events = reader.events(start, 1_000);
    let expected = [
        "user.created",
        "user.updated",
        "user.created",
        "user.updated",
        "user.disabled",
        "user.sessions_revoked",
        "user.enabled",
        "user.deleted",
        "user.sessions_revoked",
        "client.removed",
        "key.published",
    ];
    let mut told = types(&events);
    assert_eq!(told.len(), expected.len(), "{told:?}");
    // The two events of one transaction may stand in either order.
    told.sort_unstable();
    let mut sorted = expected;
    sorted.sort_unstable();
    assert_eq!(told, sorted);
    for (at, event) in events.iter().enumerate() {
        assert_eq!(event["seq"].as_u64(), Some(start + 1 + at as u64), "{events:?}");
        let written = event["at"].as_str().expect("a time");
        assert!(written.ends_with('Z'), "UTC: {written}");
    }
    assert_eq!(events[0]["public_id"], id);
    assert_eq!(events[0]["state"], "active");
    assert!(!told_of(&events, &id).contains(&ada.email), "a deleted user's address is forgotten");
    assert_eq!(events[2]["email"], second.email);
    let revoked =
        events.iter().find(|event| event["type"] == "user.sessions_revoked").expect("one");
    assert_eq!((&revoked["public_id"], &revoked["except"]), (&json!(id), &Value::Null));
    assert_eq!(reader.events(start, 2), events, "the same in small pages");
    assert_eq!(reader.events(start + 3, 1_000), events[3..], "the same from the middle");
}

#[test]
fn a_reader_without_the_directory_scope_learns_no_names() {
    let mut reader = Reader::start();
    let start = reader.position();
    let ada = User::signed_up(&reader.pair.auth, "Ada");
    let client = Client::of_the_guard(&reader.pair.auth);
    reader.token = client.token_with(&reader.pair.auth, &[("scope", "events:read")]);
    let events = reader.events(start, 10);
    let members: BTreeSet<_> =
        events[0].as_object().expect("an event").keys().map(String::as_str).collect();
    assert_eq!(members, BTreeSet::from(["seq", "at", "type", "public_id", "state"]));
    assert!(!events[0].to_string().contains(&ada.email));
}

#[test]
fn a_waiting_reader_is_woken_by_a_change_of_the_server_and_of_a_command() {
    let reader = Reader::start();
    let woken = |change: &(dyn Fn() + Sync)| {
        let after = reader.position();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                let page = reader.page(after, 25);
                (page, Instant::now())
            });
            poll::throughout(
                "nothing happens, nothing is answered",
                Duration::from_millis(300),
                || !waiting.is_finished(),
            );
            change();
            let changed = Instant::now();
            let (page, answered) = waiting.join().expect("an answer");
            assert!(!page["events"].as_array().expect("events").is_empty());
            answered.saturating_duration_since(changed)
        })
    };
    let by_server = woken(&|| drop(User::signed_up(&reader.pair.auth, "Ada")));
    assert!(by_server < SOON, "{by_server:?}");
    let by_command = woken(&|| reader.command(&["keys", "generate"]));
    assert!(by_command < SOON, "{by_command:?}");
}

#[test]
fn without_a_change_the_answer_is_empty_after_the_wait() {
    let reader = Reader::start();
    let after = reader.position();
    let began = Instant::now();
    let page = reader.page(after, 1);
    let (waited, asked) = (began.elapsed(), Duration::from_secs(1));
    assert!((asked..asked + SOON).contains(&waited), "{waited:?}");
    assert_eq!((&page["events"], &page["next"]), (&json!([]), &json!(after)));
    assert!(page["oldest"].as_u64().expect("a position") <= after + 1);
}

#[test]
fn a_position_that_is_not_of_this_feed_is_gone() {
    let reader = Reader::start();
    let end = reader.position();
    let oldest = reader.page(end, 0)["oldest"].as_u64().expect("a position");
    let get = |after: &str| reader.get(&format!("/feed?after={after}&wait=0"));
    for gone in [0, 1, oldest - 2, end + 1, end + 1_000_000, u64::MAX / 2] {
        get(&gone.to_string()).problem(410);
    }
    get(&(oldest - 1).to_string()).expect(200);
    for wrong in ["-1", "x", "", "1.5", "18446744073709551616", "%00"] {
        let status = get(wrong).status;
        assert!(matches!(status, 400 | 410 | 422), "{wrong}: {status}");
    }
    for wrong in ["wait=x", "wait=-1", "limit=0", "limit=x", "instance=x"] {
        let status = reader.get(&format!("/feed?after={end}&{wrong}")).status;
        assert!(matches!(status, 400 | 422), "{wrong}: {status}");
    }
    let kid = "x".repeat(43);
    let instance = "8c5f9f3e-7f5c-4d39-9a55-0f6a7f2b9a11";
    let more = format!("unknown=1&kids={kid},{kid}&instance={instance}");
    reader.get(&format!("/feed?after={end}&wait=0&{more}")).expect(200);
}

#[test]
fn a_new_database_starts_its_feed_at_the_time() {
    let reader = Reader::start();
    let now = SystemClock.now().unix_timestamp_nanos() / 1_000;
    let since = now - i128::from(reader.position());
    assert!((0..600_000_000).contains(&since), "{since} microseconds ago");
}

#[test]
fn the_directory_is_read_page_by_page_with_all_revocations_first() {
    let reader = Reader::start();
    let auth = &reader.pair.auth;
    let users: Vec<_> = (0..7).map(|n| User::signed_up(auth, &format!("User {n}"))).collect();
    let ids: Vec<_> = users.iter().map(|user| user.public_id(auth)).collect();
    reader.command(&["users", "disable", &ids[1]]);
    reader.command(&["users", "delete", &ids[2]]);

    let mut seen = Vec::new();
    let mut path = "/directory/users?limit=3".to_owned();
    let mut first = true;
    loop {
        let page = reader.get(&path).expect(200).json();
        let revocations = page["revocations"].as_array().expect("revocations");
        if first {
            assert!(!revocations.is_empty(), "{page}");
            assert!(revocations.iter().any(|event| event["public_id"] == ids[1]), "{page}");
        } else {
            assert!(revocations.is_empty(), "{page}");
        }
        assert!(page["position"].as_u64().is_some());
        seen.extend(page["users"].as_array().expect("users").iter().cloned());
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/directory/users?limit=3&after={next}");
        first = false;
    }
    let expected: Vec<_> = [0, 1, 3, 4, 5, 6]
        .into_iter()
        .map(|n: usize| {
            json!({"public_id": ids[n], "name": users[n].name, "email": users[n].email,
                "state": if n == 1 { "disabled" } else { "active" }, "roles": ["user"]})
        })
        .collect();
    assert_eq!(seen, expected);
}

#[test]
fn eight_writers_at_once_leave_no_gap() {
    let reader = Reader::start();
    let start = reader.position();
    let (seen, made) = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..8)
            .map(|n| {
                let auth = &reader.pair.auth;
                scope.spawn(move || {
                    for round in 0..4 {
                        User::signed_up(auth, &format!("User {n} {round}"));
                    }
                })
            })
            .collect();
        let mut seen = Vec::new();
        let mut after = start;
        poll::until("every change is told", Duration::from_mins(1), || {
            let page = reader.page(after, 1);
            seen.extend(page["events"].as_array().expect("events").iter().cloned());
            after = page["next"].as_u64().expect("a position");
            seen.len() >= 32
        });
        for writer in writers {
            writer.join().expect("it wrote");
        }
        (seen, 32)
    });
    let positions: Vec<_> = seen.iter().map(|event| event["seq"].as_u64().expect("seq")).collect();
    assert_eq!(positions, (start + 1..=start + made).collect::<Vec<_>>());
}

#[test]
fn feed_names_the_audiences_in_a_header_and_keeps_its_body() {
    let pair = Pair::start_with(&[("AUTH_AUDIENCE", "api-service,größe")]);
    let token = Client::of_the_guard(&pair.auth).token(&pair.auth);
    let position = token::claims(&token)["pos"].as_u64().expect("a position");
    let path = format!("/feed?after={position}");
    let answer = pair.auth.get(&path).bearer(&token).send().expect(200);
    let issuer = pair.auth.url.replace(':', "%3A").replace('/', "%2F");
    let named = format!("api-service, gr%C3%B6%C3%9Fe, {issuer}");
    assert_eq!(answer.header("signet-audience"), named);
    let members: Vec<_> = answer.json().as_object().expect("an object").keys().cloned().collect();
    assert_eq!(members, ["events", "next", "oldest"]);
}
