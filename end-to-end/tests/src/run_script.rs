//! `scripts/run` starts both services, and stops them when it ends.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use support::pair::Pair;
use support::process::{Launch, Process};
use support::{binaries, poll};

const LIMIT: Duration = Duration::from_mins(1);

/// Starts the script in the folder of `pair`, with programs that are built already.
fn start(pair: &Pair) -> (Process, std::path::PathBuf) {
    let launch = launch(pair);
    let log = pair.folder().join("run.log");
    (launch.spawn(&[], &log), log)
}

/// Returns the command for a terminal's user.
fn launch(pair: &Pair) -> Launch {
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
    launch
}

/// Asserts that the last lines, which a newcomer sees, name the defaults to change. The box is
/// written in one piece.
fn ends_with_the_open_defaults(printed: &str) {
    let lines: Vec<_> = printed.lines().filter(|line| line.starts_with(['+', '|'])).collect();
    let [.., registration, list, end] = &lines[..] else { panic!("{printed}") };
    assert!(registration.contains("AUTH_REGISTRATION=off"), "{printed}");
    assert!(list.contains("API_USER_LIST=admin"), "{printed}");
    assert!(end.starts_with("+---"), "{printed}");
    for line in ["AUTH_REGISTRATION=off", "API_USER_LIST=admin"] {
        assert_eq!(printed.matches(line).count(), 1, "{printed}");
    }
}

#[test]
fn run_script_warns_of_no_default_that_was_changed() {
    let mut pair = Pair::bare();
    pair.set("AUTH_REGISTRATION", "off");
    pair.set("API_USER_LIST", "admin");
    let (mut script, log) = start(&pair);
    let printed = || fs::read_to_string(&log).unwrap_or_default();
    poll::until("the script reports that the pair runs", LIMIT, || {
        assert!(script.ended().is_none(), "{}", printed());
        printed().contains("Signet is up")
    });
    script.signal("TERM");
    assert!(script.wait(LIMIT).success(), "{}", printed());
    let printed = printed();
    assert!(!printed.contains("before others can reach it"), "{printed}");
    assert!(!printed.contains("AUTH_REGISTRATION"), "{printed}");
}

/// A terminal sends Ctrl-C to every process in its foreground group, so to the script and to the
/// programs that it started.
#[test]
fn ctrl_c_at_a_terminal_stops_the_pair_in_order() {
    let mut pair = Pair::bare();
    // A second signal would end the drain at once, and the services with status 1.
    pair.set("AUTH_DRAIN", "1s");
    pair.set("API_DRAIN", "1s");
    let mut launch = launch(&pair);
    let script = launch.program.to_string_lossy().into_owned();
    launch.program = "setsid".into();
    let log = pair.folder().join("run.log");
    let mut script = launch.spawn(&["--wait", &script], &log);
    let printed = || fs::read_to_string(&log).unwrap_or_default();
    poll::until("the script reports that the pair runs", LIMIT, || {
        assert!(script.ended().is_none(), "{}", printed());
        printed().contains("Signet is up")
    });
    let group = format!("-{}", script.id());
    let sent = Command::new("kill").args(["-s", "INT", "--", &group]).status();
    assert!(sent.expect("kill runs").success());
    assert_eq!(script.wait(LIMIT).code(), Some(0), "{}", printed());
    let printed = printed();
    assert_eq!(printed.matches(" stopped\n").count(), 2, "{printed}");
    for service in [&pair.auth, &pair.api] {
        assert!(service.health("live").is_none(), "{} still runs", service.url);
    }
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
        if signal == "HUP" {
            ends_with_the_open_defaults(&printed());
        }
        script.signal(signal);
        let status = script.wait(LIMIT);
        assert_eq!(status.code(), Some(0), "{signal}: {}", printed());
        for service in [&pair.auth, &pair.api] {
            assert!(service.health("live").is_none(), "{signal}: {} still runs", service.url);
        }
    }
}
