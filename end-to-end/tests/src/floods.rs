//! Floods from one network: users in every other network can still log in.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZero;
use std::thread::available_parallelism;

use serde_json::{Value, json};
use support::flood::Flood;
use support::http::{Request, post_from};
use support::metrics::Metrics;
use support::pair::Pair;
use support::user::User;
use uuid::Uuid;

const VICTIMS_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

/// The places in the hashing queue for each core.
const PLACES_PER_CORE: usize = 64;

/// Sixteen more than the queue has places, so that a free place is taken at once.
fn connections() -> usize {
    available_parallelism().map_or(1, NonZero::get) * PLACES_PER_CORE + 16
}

fn issuer(settings: &[(&str, &str)]) -> Pair {
    let mut pair = Pair::prepare();
    // Only the queue may refuse here.
    for name in ["LOGIN_FAILURES_PER_ACCOUNT", "LOGIN_FAILURES_PER_ADDRESS"] {
        pair.set(&format!("AUTH_{name}"), "off");
    }
    for (name, value) in settings {
        pair.set(name, value);
    }
    pair.auth.start();
    pair
}

/// A request as bytes, on a persistent connection.
fn request(path: &str, fields: &str, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\n{fields}content-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

fn log_in(user: &User) -> Value {
    json!({"email": user.email, "password": user.password})
}

/// Sends log-ins of the victim during the flood, which has filled the queue.
fn victim_logs_in(
    flood: &Flood,
    served: u16,
    count: usize,
    post: impl Fn() -> Request,
    user: &User,
) {
    flood.wait_for(503, 20);
    let before = flood.answers(served);
    for n in 1..=count {
        let answer = post().json(&log_in(user)).send();
        assert_eq!(answer.status, 201, "log-in {n} of {count}: {}", answer.text());
    }
    flood.wait_for(served, before + 1);
}

/// Floods with the requests of `make`, which are answered `served`, while a victim logs in from
/// another address.
fn victim_logs_in_during(
    served: u16,
    make: impl FnOnce(&Pair, User) -> Box<dyn Fn() -> Vec<u8> + Send + Sync>,
) {
    let pair = issuer(&[]);
    let (victim, flooder) =
        (User::signed_up(&pair.auth, "Ada"), User::signed_up(&pair.auth, "Eve"));
    let make = make(&pair, flooder);
    let flood = Flood::start(pair.auth.address(), connections(), move |_| make());
    let post = || post_from(VICTIMS_ADDRESS, &format!("{}/login", pair.auth.url));
    victim_logs_in(&flood, served, 20, post, &victim);
    let metrics = Metrics::of(&pair.auth.management);
    for reason in ["evicted", "full"] {
        let name = format!("signet_hashing_refusals_total{{reason=\"{reason}\"}}");
        assert!(metrics.sample::<u64>(&name) > Some(0), "{metrics:?}");
    }
}

#[test]
fn sign_up_flood_keeps_no_other_address_from_logging_in() {
    victim_logs_in_during(201, |_, _| {
        Box::new(|| {
            let email = format!("{}@example.org", Uuid::new_v4());
            let body = json!({"name": "Eve", "email": email, "password": "correct horse battery"});
            request("/signup", "", &body)
        })
    });
}

#[test]
fn log_in_flood_keeps_no_other_address_from_logging_in() {
    victim_logs_in_during(201, |_, own| Box::new(move || request("/login", "", &log_in(&own))));
}

#[test]
fn failed_log_in_flood_keeps_no_other_address_from_logging_in() {
    victim_logs_in_during(403, |_, own| {
        let wrong = User { password: "a wrong password".into(), ..own };
        Box::new(move || request("/login", "", &log_in(&wrong)))
    });
}

#[test]
fn password_change_flood_keeps_no_other_address_from_logging_in() {
    victim_logs_in_during(403, |pair, own| {
        let bearer = format!("authorization: Bearer {}\r\n", own.log_in(&pair.auth));
        let change = json!({"current_password": "a wrong one", "new_password": "a better horse"});
        Box::new(move || request("/password", &bearer, &change))
    });
}

#[test]
fn flood_from_one_ipv6_network_keeps_no_other_network_from_logging_in() {
    let pair = issuer(&[("AUTH_TRUSTED_PROXIES", "127.0.0.1")]);
    let (victim, flooder) =
        (User::signed_up(&pair.auth, "Ada"), User::signed_up(&pair.auth, "Eve"));
    let post = |from| pair.auth.post("/login").header("x-forwarded-for", from);
    let own = log_in(&flooder);
    let from_many = move |n: usize| {
        request(
            "/login",
            &format!("x-forwarded-for: 2001:db8::{:x}:{:x}\r\n", n >> 16, n & 0xffff),
            &own,
        )
    };
    let flood = Flood::start(pair.auth.address(), connections(), from_many);
    victim_logs_in(&flood, 201, 10, || post("2001:db8:0:1::1"), &victim);
    victim_logs_in(&flood, 201, 10, || post("203.0.113.9"), &victim);
    drop(flood);
    let own = log_in(&flooder);
    let two_spellings = move |n: usize| {
        let address = ["192.0.2.1", "::ffff:192.0.2.1"][n % 2];
        request("/login", &format!("x-forwarded-for: {address}\r\n"), &own)
    };
    let flood = Flood::start(pair.auth.address(), connections(), two_spellings);
    victim_logs_in(&flood, 201, 10, || post("192.0.2.2"), &victim);
}
