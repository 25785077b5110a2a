//! `serve`, and commands beside a running server.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Stdio};

use support::port;

use crate::folder::{Folder, outcome};

/// A server that ends with the test.
struct Server {
    child: Child,
    management: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(folder: &Folder) -> Server {
    let (port, management) = (port::free(), port::free());
    let mut child = folder
        .program("serve")
        .env("AUTH_BIND", format!("127.0.0.1:{port}"))
        .env("AUTH_MANAGEMENT_BIND", format!("127.0.0.1:{management}"))
        .env("AUTH_JWKS_MAX_AGE", "1s")
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    let log = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut lines = log.lines().map(|line| line.expect("a line"));
    let line = lines.find(|line| line.contains("serving"));
    assert!(line.is_some(), "it ended before it served");
    // The rest of the log is read, so that the pipe never fills.
    std::thread::spawn(move || lines.for_each(drop));
    Server { child, management }
}

#[test]
fn an_empty_folder_is_served_and_health_says_so() {
    let folder = Folder::new();
    let server = serve(&folder);
    let mut health = folder.program("health");
    let health = health.env("AUTH_MANAGEMENT_BIND", format!("127.0.0.1:{}", server.management));
    let report: serde_json::Value = outcome(health, "").json();
    assert_eq!(report["parts"]["database"]["ok"], true);
    assert_eq!(report["parts"]["signing_key"]["ok"], true);
    assert!(folder.path().join("keys/clients/api-service.secret").exists());

    let management = server.management;
    drop(server);
    let mut health = folder.program("health");
    let health = health.env("AUTH_MANAGEMENT_BIND", format!("127.0.0.1:{management}"));
    outcome(health, "").failed(1);
}

#[test]
fn a_taken_port_is_1() {
    let folder = Folder::new();
    let taken = TcpListener::bind("127.0.0.1:0").expect("bound");
    let address = taken.local_addr().expect("an address");
    let mut command = folder.program("serve");
    let told = outcome(command.env("AUTH_BIND", address.to_string()), "").failed(1);
    assert!(told.contains("AUTH_BIND") && told.contains("listens there already"), "{told}");
}

#[test]
fn a_key_that_others_can_read_stops_the_start() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    folder.run("init").done();
    let kid =
        folder.run("keys list --json").json()["keys"][0]["kid"].as_str().expect("a kid").to_owned();
    let file = folder.path().join(format!("keys/signing/{kid}.pem"));
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).expect("changed");
    let refused = folder.run("serve");
    assert_eq!(refused.status, 1);
    assert!(refused.errors.contains("chmod 600"), "{refused:?}");
}

/// A client that was removed on purpose stays removed; only `init` adds it again.
#[test]
fn a_later_start_revives_no_removed_client() {
    let folder = Folder::new();
    drop(serve(&folder));
    folder.run("clients remove api-service").done();
    drop(serve(&folder));
    let clients = || folder.run("clients list --json").json()["clients"].clone();
    assert_eq!(clients(), serde_json::json!([]));
    folder.run("init").done();
    assert_eq!(clients()[0]["client_id"], "api-service");
}
