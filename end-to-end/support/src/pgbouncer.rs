//! A real `PgBouncer` before a database of the test server.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use crate::postgres::{Database, USER};
use crate::process::{Launch, Process};
use crate::{poll, port};

/// A running pooler, ended on drop.
#[derive(Debug)]
pub struct PgBouncer {
    /// The URL of the database through the pooler.
    pub url: String,
    _process: Process,
    _folder: TempDir,
}

impl PgBouncer {
    /// Starts a pooler with these settings, such as `pool_mode = session`.
    pub fn start(database: &Database, settings: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // The pooler refuses root, and another user has to read its settings.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("changed");
        let port = port::free();
        let (host, server_port, name) = database.place();
        let settings = settings.join("\n");
        let text = format!(
            "[databases]\n{name} = host={host} port={server_port} user={USER}\n[pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
             auth_type = any\n{settings}\n"
        );
        let file = folder.path().join("pgbouncer.ini");
        fs::write(&file, text).expect("written");
        let program = program().to_string_lossy().into_owned();
        let mut arguments = vec![&*program, "-q"];
        let file = file.to_string_lossy();
        arguments.push(&file);
        let launch = |program: &str| Launch {
            program: PathBuf::from(program),
            folder: folder.path().to_owned(),
            environment: Vec::new(),
        };
        let log = folder.path().join("log");
        let mut process = if crate::postgres::is_root() {
            arguments.splice(0..0, ["--reuid=nobody", "--regid=nogroup", "--clear-groups"]);
            launch("setpriv").spawn(&arguments, &log)
        } else {
            launch(&program).spawn(&arguments[1..], &log)
        };
        poll::until("the pooler answers", Duration::from_secs(20), || {
            let log = || fs::read_to_string(&log).unwrap_or_default();
            assert!(process.ended().is_none(), "{}", log());
            std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        let url = format!("postgres://{USER}@127.0.0.1:{port}/{name}");
        Self { url, _process: process, _folder: folder }
    }
}

/// Finds the program, which Debian installs outside the `PATH` of users.
fn program() -> PathBuf {
    let places = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer"];
    let found = places.iter().map(Path::new).find(|place| place.exists());
    found.expect("PgBouncer; scripts/install-test-tools installs it").to_owned()
}
