//! A real `PostgreSQL` server for tests, shared by all test processes of a user, and a fresh
//! database for each test.
//!
//! The first process that needs the server starts it; `postgres.sh` ends it soon after the last one
//! has ended. The processes coordinate by file locks, which the kernel releases even after a crash.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use uuid::Uuid;

use crate::{poll, port};

/// The server's user and its password. Only TCP asks for the password.
pub const USER: &str = "signet";
/// See [`USER`].
pub const PASSWORD: &str = "signet";

#[derive(Debug)]
struct Server {
    socket: String,
    port: String,
    /// The lock that this process holds for its whole life.
    _users: File,
    /// The shell outlives this process if other processes use the server.
    _shell: Option<Child>,
}

impl Server {
    fn shared() -> &'static Self {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(Self::join)
    }

    /// Joins the users of the running server; starts it if there is none.
    fn join() -> Self {
        let folder = std::env::temp_dir().join("signet-test-postgres");
        fs::create_dir_all(&folder).expect("a folder");
        let user = fs::metadata("/proc/self").expect("this process").uid();
        let folder = folder.join(user.to_string());
        fs::create_dir_all(&folder).expect("a folder");
        let open = |name: &str| {
            let mut options = OpenOptions::new();
            options.append(true).create(true).mode(0o644).open(folder.join(name)).expect("a file")
        };
        let (users, starting) = (open("users"), open("starting"));
        // Waits while a server without users is ending.
        users.lock_shared().expect("a lock");
        starting.lock().expect("a lock");
        let known = fs::read_to_string(folder.join("address")).unwrap_or_default();
        let running = known.split_once(' ').filter(|(socket, port)| answers(socket, port));
        let (socket, port, shell) = match running {
            Some((socket, port)) => (socket.to_owned(), port.to_owned(), None),
            None => start(&folder.join("users")),
        };
        fs::write(folder.join("address"), format!("{socket} {port}")).expect("written");
        Self { socket, port, _users: users, _shell: shell }
    }
}

fn answers(socket: &str, port: &str) -> bool {
    let asked = Command::new("pg_isready").args(["-q", "-h", socket, "-p", port]).status();
    asked.is_ok_and(|status| status.success())
}

/// Starts a server; returns its socket's folder, its port, and the shell that ends it.
fn start(users: &Path) -> (String, String, Option<Child>) {
    let port = port::free().to_string();
    let mut command = Command::new(if is_root() { "setpriv" } else { "sh" });
    if is_root() {
        command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "sh"]);
    }
    let mut child = command
        .args(["-c", include_str!("postgres.sh"), "postgres.sh", &port])
        .arg(users)
        // An interrupt at the terminal ends the tests first and the server after them.
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell");
    let mut socket = String::new();
    let out = child.stdout.take().expect("a pipe");
    BufReader::new(out).read_line(&mut socket).expect("readable");
    let socket = socket.trim().to_owned();
    assert!(
        !socket.is_empty(),
        "PostgreSQL does not start; scripts/install-test-tools installs it, or says what to install"
    );
    (socket, port, Some(child))
}

/// Returns true if the tests run as root. `PostgreSQL` and its poolers refuse to run as root.
pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").expect("this process").uid() == 0
}

/// Runs a statement in a database of the shared server; returns the output of `psql`.
fn run(database: &str, statement: &str) -> String {
    try_run(database, statement).unwrap_or_else(|told| panic!("{statement}: {told}"))
}

/// The same, with the errors of `psql`.
fn try_run(database: &str, statement: &str) -> Result<String, String> {
    let server = Server::shared();
    let ended = Command::new("psql")
        .args(["-h", &server.socket, "-p", &server.port, "-U", USER, "-d", database])
        .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement])
        .output()
        .expect("psql");
    if !ended.status.success() {
        return Err(String::from_utf8_lossy(&ended.stderr).into_owned());
    }
    Ok(String::from_utf8_lossy(&ended.stdout).trim().to_owned())
}

/// A database of one test, removed on drop.
#[derive(Debug)]
pub struct Database {
    name: String,
}

impl Database {
    /// Creates a fresh database without tables.
    pub fn fresh() -> Self {
        let database = Self { name: format!("test_{}", Uuid::new_v4().simple()) };
        run("postgres", &format!("CREATE DATABASE {}", database.name));
        database
    }

    /// Its URL through the socket, which needs no password.
    pub fn url(&self) -> String {
        let server = Server::shared();
        let socket = server.socket.replace('/', "%2F");
        format!("postgres://{USER}@{socket}:{}/{}", server.port, self.name)
    }

    /// Its URL over TCP, which needs a password; the URL does not hold it.
    pub fn tcp_url(&self) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/{}", Server::shared().port, self.name)
    }

    /// The folder of the server's socket, its port, and the name of the database.
    pub(crate) fn place(&self) -> (&str, &str, &str) {
        let server = Server::shared();
        (&server.socket, &server.port, &self.name)
    }

    /// Runs a statement in the database.
    pub fn run(&self, statement: &str) -> String {
        run(&self.name, statement)
    }

    /// Ends every session in the database, as a crash of the server does; returns their number.
    pub fn cut(&self) -> usize {
        let told = run(
            "postgres",
            &format!(
                "SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'",
                self.name
            ),
        );
        let pids: Vec<&str> = told.lines().filter_map(|row| row.split('|').next()).collect();
        // Sessions end a moment after the call, and hold their locks until then.
        let left = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY('{{{}}}')",
            pids.join(",")
        );
        poll::until("the sessions have ended", Duration::from_secs(20), || {
            run("postgres", &left) == "0"
        });
        pids.len()
    }

    /// Ends every session in the database and refuses new ones, as a server that is down. A session
    /// that is just opening gets in and shows only later, so two checks in a row must find none.
    pub fn take_away(&self) {
        run("postgres", &format!("ALTER DATABASE {} ALLOW_CONNECTIONS false", self.name));
        poll::until("every session has ended", Duration::from_mins(1), || {
            self.cut() == 0 && self.cut() == 0
        });
    }

    /// Allows sessions again.
    pub fn give_back(&self) {
        run("postgres", &format!("ALTER DATABASE {} ALLOW_CONNECTIONS true", self.name));
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // The sessions get five seconds to end. A database that remains goes with the server.
        let _ = try_run("postgres", &format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}
