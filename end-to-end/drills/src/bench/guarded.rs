//! Guarded routes: a service of others with signet-guard, the routes of api-service, and the cost
//! of a token that the guard sees for the first time.

use std::cell::RefCell;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use aws_lc_rs::signature::{
    KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
};
use serde_json::{Value, json};
use signet_guard::forward_auth::FIELDS;
use signet_guard::testing::TestIssuer;
use support::client::Client;
use support::forge::{Forge, write_private};
use support::http;
use support::pair::Pair;
use support::process::{Launch, Process};
use support::user::User;
use support::{binaries, poll, port, token};
use uuid::Uuid;

use super::Plan;
use super::comparison::{Goal, Row};
use super::limits::Signer;
use super::requests::Request;
use super::wrk::Load;

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

    let unguarded = "the same answer unguarded";
    let ratio = |work: &str, goal, url: &str, path: &str, body: &str, tokens: &[String]| {
        let load = |url: &str, path: &str| {
            let of = |token: &String| Request::get(path).bearer(token);
            Load::of(url, CONNECTIONS, &tokens.iter().map(of).collect::<Vec<_>>())
        };
        let (ours, theirs) = (load(url, path), load(&service.url, &format!("/unguarded/{body}")));
        plan.compare(
            work,
            unguarded,
            Goal::Ratio(goal),
            || ours.run(plan.time),
            || theirs.run(plan.time),
        )
    };
    let many = format!("Guarded route, {} tokens in turn", tokens.len());
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

/// The program `bench-service`, guarded by the issuer of a pair.
#[derive(Debug)]
pub struct BenchService {
    _process: Process,
    /// Its address.
    pub url: String,
}

impl BenchService {
    /// Starts it with these bodies and header fields, and waits until it admits callers.
    pub fn start(pair: &Pair, bodies: &[&[u8]], fields: &[String]) -> Self {
        let client = Client::registered(&pair.auth, "bench", &["directory:read", "events:read"]);
        let folder = pair.folder().join("bench");
        std::fs::create_dir_all(&folder).expect("a folder");
        write_private(&folder.join("secret"), &client.secret);
        let address = format!("127.0.0.1:{}", port::free());
        let mut arguments: Vec<_> = [
            ("--bind", address.as_str()),
            ("--issuer", &pair.auth.url),
            ("--audience", "api-service"),
            ("--client-id", &client.id),
            ("--client-secret-file", "secret"),
            ("--state-file", "state.json"),
        ]
        .iter()
        .flat_map(|(flag, value)| [flag.to_string(), value.to_string()])
        .collect();
        for (number, body) in bodies.iter().enumerate() {
            let file = format!("body-{number}");
            std::fs::write(folder.join(&file), body).expect("a body");
            arguments.extend(["--body".into(), file]);
        }
        for field in fields {
            arguments.extend(["--field".into(), field.clone()]);
        }
        let launch = Launch { program: program(), folder: folder.clone(), environment: Vec::new() };
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let process = launch.spawn(&arguments, &folder.join("log"));
        let url = format!("http://{address}");
        let user = User::signed_up(&pair.auth, "Bench").log_in(&pair.auth);
        poll::until("bench-service admits a caller", Duration::from_secs(30), || {
            let answer = http::request("GET", &format!("{url}/guarded")).bearer(&user).try_send();
            answer.is_ok_and(|answer| answer.status == 200)
        });
        Self { _process: process, url }
    }
}

fn program() -> PathBuf {
    binaries::auth_service().with_file_name("bench-service")
}

/// The row of tokens that a guard sees for the first time, on one core.
pub fn new_tokens(plan: &Plan<'_>, count: usize) -> Row {
    let issuer = TestIssuer::new("https://login.example.org");
    let guard = issuer.guard(&["orders"]);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let rounds = plan.rounds.max(1) + 1;
    // The guard keeps verdicts, so each round has tokens of its own.
    let tokens = |_| (0..count).map(|_| issuer.user().token()).collect::<Vec<_>>();
    let fresh = RefCell::new((0..rounds).map(tokens).collect::<Vec<_>>());

    let signer = Signer::new(2_048);
    let numbers = signer.pair().public_key();
    let key = RsaPublicKeyComponents {
        n: numbers.modulus().big_endian_without_leading_zero(),
        e: numbers.exponent().big_endian_without_leading_zero(),
    };
    let key = key.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).expect("a key");
    let texts = signed_texts(&issuer, count, &signer);

    plan.compare(
        "A token that is new to the guard, one core",
        "aws-lc-rs with a parsed key",
        Goal::Ratio(0.85),
        || {
            let tokens = fresh.borrow_mut().pop().expect("tokens for every round");
            let began = Instant::now();
            runtime.block_on(async {
                for token in &tokens {
                    black_box(guard.admit(token).await).expect("a good token");
                }
            });
            tokens.len() as f64 / began.elapsed().as_secs_f64()
        },
        || verifications(&key, &texts),
    )
}

/// Signed parts of tokens with signatures.
fn signed_texts(issuer: &TestIssuer, count: usize, signer: &Signer) -> Vec<(String, Vec<u8>)> {
    let sign = |_| {
        let token = issuer.user().token();
        let (text, _) = token.rsplit_once('.').expect("a token");
        (text.to_owned(), signer.sign(text.as_bytes()))
    };
    (0..count).map(sign).collect()
}

/// The verifications per second on one core.
fn verifications(key: &ParsedPublicKey, signed: &[(String, Vec<u8>)]) -> f64 {
    let began = Instant::now();
    for (text, signature) in signed {
        key.verify_sig(text.as_bytes(), signature).expect("a good signature");
    }
    signed.len() as f64 / began.elapsed().as_secs_f64()
}
