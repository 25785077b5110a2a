//! `serve`, and commands beside a running server.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

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
fn taken_port_is_refused_and_leaves_an_empty_folder() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("bound");
    let address = taken.local_addr().expect("an address").to_string();
    for name in ["AUTH_BIND", "AUTH_MANAGEMENT_BIND"] {
        let folder = Folder::new();
        let told = outcome(folder.program("serve").env(name, &address), "").failed(1);
        assert!(told.contains(name) && told.contains("listens there already"), "{told}");
        assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 0);
    }
}

/// Makes a faulty start.
type Fault = fn(&Folder, key: &Path, taken: &str) -> Command;

#[test]
fn refused_start_leaves_database_and_folders_as_they_were() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("bound");
    let taken = taken.local_addr().expect("an address").to_string();
    let faults: [(&str, Fault); 7] = [
        ("chmod 600", |folder, key, _| {
            fs::set_permissions(key, PermissionsExt::from_mode(0o644)).expect("changed");
            folder.program("serve")
        }),
        ("chmod 600", |folder, key, _| {
            let other = key.with_file_name("other.pem");
            fs::copy(key, &other).expect("copied");
            fs::set_permissions(other, PermissionsExt::from_mode(0o640)).expect("changed");
            folder.program("serve")
        }),
        ("is missing", |folder, key, _| {
            fs::remove_file(key).expect("removed");
            folder.program("serve")
        }),
        ("another key", |folder, key, _| {
            let other = Folder::new();
            other.run("init").done();
            fs::copy(key_file(&other), key).expect("copied");
            folder.program("serve")
        }),
        (".pem", |folder, key, _| {
            fs::write(key, "no key").expect("written");
            folder.program("serve")
        }),
        ("AUTH_BIND", |folder, _, taken| {
            let mut command = folder.program("serve");
            command.env("AUTH_BIND", taken);
            command
        }),
        ("AUTH_MANAGEMENT_BIND", |folder, _, taken| {
            let mut command = folder.program("serve");
            command.env("AUTH_MANAGEMENT_BIND", taken);
            command
        }),
    ];
    for (word, fault) in faults {
        let folder = Folder::new();
        folder.run("init").done();
        // With a note of another database, a start begins the feed anew and ends every session.
        fs::write(folder.path().join("data/auth.db.served"), "another database 1\n")
            .expect("written");
        let mut command = fault(&folder, &key_file(&folder), &taken);
        let state = || {
            let read = |command: &str| folder.run(command).json();
            (read("audit list --json"), read("keys list --json"), read("clients list --json"))
        };
        let (before, files) = (state(), folder.files());
        let refused = outcome(&mut command, "");
        assert_eq!(refused.status, 1, "{word}: {refused:?}");
        assert!(refused.errors.contains(word), "{word}: {refused:?}");
        let note = fs::read(folder.path().join("data/auth.db.served")).expect("a note");
        assert_eq!(note, b"another database 1\n", "{word}");
        assert_eq!(state(), before, "{word}");
        assert_eq!(lasting(folder.files()), lasting(files), "{word}");
    }
}

/// Returns the files without those that SQLite makes while a file is open.
fn lasting(mut files: Vec<(PathBuf, u32)>) -> Vec<(PathBuf, u32)> {
    let of_sqlite = |path: &Path| {
        let extension = path.extension().unwrap_or_default();
        extension == "db-wal" || extension == "db-shm"
    };
    files.retain(|(path, _)| !of_sqlite(path));
    files
}

/// Returns the file of the signing key.
fn key_file(folder: &Folder) -> PathBuf {
    let keys = folder.run("keys list --json").json();
    let kid = keys["keys"][0]["kid"].as_str().expect("a kid").to_owned();
    folder.path().join(format!("keys/signing/{kid}.pem"))
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
