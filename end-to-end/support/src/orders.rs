//! The examples of a third service, guarded by the shared crate alone.

use std::path::Path;
use std::time::Duration;

use crate::client::Client;
use crate::forge::write_private;
use crate::http::{self, Request};
use crate::process::{Launch, Process};
use crate::service::Service;
use crate::{binaries, poll, port};

/// The running example, with a client of its own at the issuer.
#[derive(Debug)]
pub struct Orders {
    launch: Launch,
    arguments: Vec<String>,
    process: Option<Process>,
    url: String,
}

impl Orders {
    /// Registers its client and starts it.
    pub fn start(auth: &Service, folder: &Path) -> Self {
        let orders = Self::start_unready(auth, folder);
        orders.wait_ready();
        orders
    }

    /// Registers its client and starts it, and does not wait.
    pub fn start_unready(auth: &Service, folder: &Path) -> Self {
        Self::example(auth, folder, "actix")
    }

    /// Does the same with the example of another framework: actix, axum or tonic. Only the example of
    /// actix has `/ready`.
    pub fn example(auth: &Service, folder: &Path, framework: &str) -> Self {
        let id = if framework == "actix" { "orders" } else { framework };
        let client = Client::registered(auth, id, &["directory:read", "events:read"]);
        let folder = folder.join(id);
        std::fs::create_dir_all(&folder).expect("a folder");
        write_private(&folder.join("secret"), &client.secret);
        let address = format!("127.0.0.1:{}", port::free());
        let arguments = [
            ["--bind", &address],
            ["--issuer", &auth.url],
            ["--client-id", id],
            ["--client-secret-file", "secret"],
        ];
        let arguments = arguments.concat().into_iter().map(str::to_owned).collect();
        let program = binaries::example(framework);
        let launch = Launch { program, folder, environment: Vec::new() };
        let mut orders =
            Self { launch, arguments, process: None, url: format!("http://{address}") };
        orders.spawn();
        orders
    }

    /// Ends the service, if it runs, and starts it (again).
    pub fn restart(&mut self) {
        self.process = None;
        self.spawn();
        self.wait_ready();
    }

    fn spawn(&mut self) {
        let arguments: Vec<_> = self.arguments.iter().map(String::as_str).collect();
        let log = self.launch.folder.join("log");
        self.process = Some(self.launch.spawn(&arguments, &log));
    }

    fn wait_ready(&self) {
        poll::until("the third service is ready", Duration::from_secs(20), || {
            self.get("/ready").try_send().is_ok_and(|answer| answer.status == 200)
        });
    }

    /// Deletes the guard's replica; the next start takes a snapshot.
    pub fn forget(&mut self) {
        self.process = None;
        let state = self.launch.folder.join("orders-guard.json");
        std::fs::remove_file(state).expect("a state file");
    }

    /// The address, without a path.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A `GET`.
    pub fn get(&self, path: &str) -> Request {
        http::request("GET", &format!("{}{path}", self.url))
    }
}
