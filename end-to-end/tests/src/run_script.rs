//! `scripts/run` starts both services, and stops them when it ends.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::Duration;

use support::pair::Pair;
use support::process::{Launch, Process};
use support::{binaries, poll};

const LIMIT: Duration = Duration::from_mins(1);

/// Starts the script in the folder of `pair`, with programs that are built already.
fn start(pair: &Pair) -> (Process, std::path::PathBuf) {
    let folder = pair.folder();
    let sources = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    for below in ["scripts", "tools", "target/release"] {
        fs::create_dir_all(folder.join(below)).expect("a folder");
    }
    // The script uses the folder above its own.
    symlink(sources.join("scripts/run"), folder.join("scripts/run")).expect("a link");
    let release = folder.join("target/release");
    symlink(binaries::auth_service(), release.join("auth-service")).expect("a link");
    symlink(binaries::api_service(), release.join("api-service")).expect("a link");
    for tool in ["cargo", "cc"] {
        let tool = folder.join("tools").join(tool);
        fs::write(&tool, "#!/bin/sh\n").expect("a program");
        fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).expect("a mode");
    }
    let mut launch = Launch {
        program: folder.join("scripts/run"),
        folder: folder.to_owned(),
        environment: pair.auth.launch.environment.clone(),
    };
    for (name, value) in &pair.api.launch.environment {
        launch.set(name, value);
    }
    launch.set("API_CLIENT_SECRET_FILE", "keys/clients/api-service.secret");
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", folder.join("tools").display());
    launch.set("PATH", &path);
    launch.set("CARGO_TARGET_DIR", &folder.join("target").to_string_lossy());
    let log = folder.join("run.log");
    (launch.spawn(&[], &log), log)
}

#[test]
fn run_script_stops_both_services_when_its_terminal_closes() {
    for signal in ["HUP", "TERM"] {
        let pair = Pair::bare();
        let (mut script, log) = start(&pair);
        let printed = || fs::read_to_string(&log).unwrap_or_default();
        poll::until("the script reports that the pair runs", LIMIT, || {
            assert!(script.ended().is_none(), "{}", printed());
            printed().contains("Signet is up")
        });
        script.signal(signal);
        let status = script.wait(LIMIT);
        assert_eq!(status.code(), Some(0), "{signal}: {}", printed());
        for service in [&pair.auth, &pair.api] {
            assert!(service.health("live").is_none(), "{signal}: {} still runs", service.url);
        }
    }
}
