//! Programs of other authors that do the same work, side by side: the login tutorial on Flask,
//! services on Fastify and Express with jose, and an issuer on oidc-provider.
//!
//! `scripts/bench` installs them in the target directory.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use support::client::Client;
use support::forge::{Forge, write_private};
use support::http::{self, Answer};
use support::pair::Pair;
use support::process::{Launch, Process};
use support::user::User;
use support::{binaries, poll, port};

use super::comparison::{Goal, Row};
use super::requests::Request;
use super::wrk::Load;
use super::{Plan, login, pair_with_keys, tokens};
use crate::figures::grouped;

/// The connections that send requests at the same time.
const CONNECTIONS: usize = 16;

/// The connections that log in at the same time: two for each process of the peer.
const LOG_INS: usize = 4;

/// The users of each side.
const USERS: usize = 10;

/// A running program of another author.
struct Peer {
    _process: Process,
    url: String,
}

impl Peer {
    /// Starts a program below the folder of the installed packages, and waits until it answers.
    fn start(program: &str, arguments: &[&str], environment: &[(&str, String)], port: u16) -> Self {
        let folder = installed();
        let environment = environment.iter().map(|(name, value)| ((*name).into(), value.clone()));
        let below = folder.join(program);
        let launch = Launch {
            program: if below.is_file() { below } else { program.into() },
            folder: folder.clone(),
            environment: environment.collect(),
        };
        let process = launch.spawn(arguments, &folder.join("peer.log"));
        let url = format!("http://127.0.0.1:{port}");
        poll::until(&format!("{program} answers"), Duration::from_secs(30), || {
            http::request("GET", &url).try_send().is_ok()
        });
        Self { _process: process, url }
    }

    /// The login tutorial, with a key of its own.
    fn flask_tutorial(folder: &Path, bits: usize) -> Self {
        let forge = Forge::generate(bits);
        let file = |name: &str| folder.join(format!("{name}-{bits}"));
        write_private(&file("key"), &forge.private_pem());
        write_private(&file("public"), &forge.public_pem());
        let path = |name| file(name).to_string_lossy().into_owned();
        let environment = [
            ("PEER_DATABASE", path("tutorial.db")),
            ("PEER_KEY", path("key")),
            ("PEER_PUBLIC_KEY", path("public")),
        ];
        let port = port::free();
        let bind = format!("127.0.0.1:{port}");
        let arguments = [
            "--preload",
            "-w",
            "2",
            "-b",
            &bind,
            "--log-level",
            "warning",
            "--no-control-socket",
            "flask_tutorial:app",
        ];
        Self::start("venv/bin/gunicorn", &arguments, &environment, port)
    }

    /// A service on Node.js that verifies the tokens of `pair`.
    fn with_jose(module: &str, pair: &Pair, user: &Value) -> Self {
        let port = port::free();
        let jwks = format!("{}/.well-known/jwks.json", pair.auth.url);
        let settings = json!({"port": port, "jwks": jwks, "issuer": pair.auth.url,
            "audience": "api-service", "user": user});
        Self::node(module, &settings, port)
    }

    fn oidc_provider(folder: &Path, client: &Client, bits: usize) -> Self {
        let (key, secret) = (folder.join("provider.pem"), folder.join("provider.secret"));
        write_private(&key, &Forge::generate(bits).private_pem());
        write_private(&secret, &client.secret);
        let port = port::free();
        let settings = json!({"port": port, "key": key, "client": client.id, "secret": secret,
            "resource": "https://orders.example.org"});
        Self::node("oidc_provider.mjs", &settings, port)
    }

    fn node(module: &str, settings: &Value, port: u16) -> Self {
        let production = [("NODE_ENV", "production".to_owned())];
        Self::start("node", &[module, &settings.to_string()], &production, port)
    }

    fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        http::request("POST", &format!("{}{path}", self.url)).form(fields).send()
    }
}

fn installed() -> PathBuf {
    let folder = binaries::target().join("bench-peers");
    assert!(folder.join("installed").is_file(), "start scripts/bench, which installs the peers");
    folder
}

/// The rows of the tutorial. A peer for each size of key.
pub fn tutorial(plan: &Plan<'_>) -> Vec<Row> {
    let log_in = |bits: u32, goal| {
        let pair = pair_with_keys(bits);
        let peer = Peer::flask_tutorial(pair.folder(), bits as usize);
        let users: Vec<_> = (0..USERS).map(|n| User::new(&format!("User {n}"))).collect();
        for user in &users {
            user.sign_up(&pair.auth).expect(201);
            let (name, email, password) = (&*user.name, &*user.email, &*user.password);
            let fields = [("name", name), ("email", email), ("password", password)];
            peer.post("/signup", &fields).expect(201);
        }
        let requests: Vec<_> = users.iter().map(login::request).collect();
        let [ours, theirs] =
            [&pair.auth.url, &peer.url].map(|url| Load::of(url, LOG_INS, &requests));
        let row = plan.compare(
            &format!("`POST /login`, {} bits", grouped(bits.into())),
            "the Flask tutorial (gunicorn -w 2), RS256",
            Goal::Ratio(goal),
            || ours.run(plan.time),
            // It makes a few log-ins a second.
            || theirs.run(4 * plan.time),
        );
        (pair, peer, users, row)
    };
    let (_, _, _, large) = log_in(4_096, 16.0);
    let (pair, peer, users, small) = log_in(2_048, 8.0);

    let token = users[0].log_in(&pair.auth);
    pair.accepts_soon("a token", &token);
    let fields = [("email", &*users[0].email), ("password", &*users[0].password)];
    let theirs = peer.post("/login", &fields).expect(201).json();
    let theirs = theirs["token"].as_str().expect("a token").to_owned();
    let list = |token| Request::get("/user").header("x-access-token", token);
    let ours = Load::of(&pair.api.url, CONNECTIONS, &[list(token)]);
    let theirs = Load::of(&peer.url, CONNECTIONS, &[list(theirs)]);
    let users = plan.compare_loads(
        "`GET /user`, 10 users",
        "the Flask tutorial (gunicorn -w 2), RS256",
        Goal::Ratio(40.0),
        &ours,
        &theirs,
    );
    vec![small, large, users]
}

/// The rows of services on Node.js with the jose library, and of oidc-provider.
pub fn node(plan: &Plan<'_>) -> Vec<Row> {
    let pair = pair_with_keys(2_048);
    let user = User::signed_up(&pair.auth, "Ann");
    let token = user.log_in(&pair.auth);
    pair.accepts_soon("a token", &token);
    let record = pair.me(&token).expect(200).json();
    let me = [Request::get("/user/me").bearer(&token)];
    let ours = Load::of(&pair.api.url, CONNECTIONS, &me);
    let with_jose = |name: &str, module: &str| {
        let peer = Peer::with_jose(module, &pair, &record);
        let theirs = Load::of(&peer.url, CONNECTIONS, &me);
        plan.compare_loads(
            "`GET /user/me`",
            &format!("{name} with jose, two processes"),
            Goal::Ratio(5.0),
            &ours,
            &theirs,
        )
    };
    let mut rows =
        vec![with_jose("Fastify", "fastify_jose.mjs"), with_jose("Express", "express_jose.mjs")];

    let client = Client::registered(&pair.auth, "bench", &["directory:read"]);
    let peer = Peer::oidc_provider(pair.folder(), &client, 2_048);
    let grant = tokens::request(&client);
    let ours = Load::of(&pair.auth.url, CONNECTIONS, std::slice::from_ref(&grant));
    let theirs = Load::of(&peer.url, CONNECTIONS, &[grant.to("/token")]);
    rows.push(plan.compare_loads(
        "Client credentials, 2,048 bits",
        "oidc-provider, two processes",
        Goal::Ratio(2.0),
        &ours,
        &theirs,
    ));
    rows
}
