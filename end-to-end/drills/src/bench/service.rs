//! The running program `bench-service`: the same answers with and without a guard.

use std::time::Duration;

use support::client::Client;
use support::forge::write_private;
use support::http;
use support::pair::Pair;
use support::process::{Launch, Process};
use support::user::User;
use support::{binaries, poll, port};

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
        let launch = Launch {
            program: binaries::bench_service(),
            folder: folder.clone(),
            environment: Vec::new(),
        };
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
