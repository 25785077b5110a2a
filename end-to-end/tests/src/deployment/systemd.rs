//! The units of `deploy/systemd`, by `systemd-analyze` where it is installed.

use std::fs;
use std::process::Command;

use support::deploy;
use support::pair::Pair;
use support::service::Service;

/// The units, and the program of each one.
const UNITS: [(&str, &str); 2] = [("signet-auth", "auth-service"), ("signet-api", "api-service")];

fn unit(name: &str) -> String {
    deploy::file(&format!("systemd/{name}.service")).finish()
}

/// Runs `systemd-analyze` on each unit, with the built programs; returns false if there is no such
/// tool. `tell` gets the status and the output.
fn analyzed(pair: &Pair, arguments: &[&str], tell: impl Fn(bool, &str)) {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        eprintln!("skipped: systemd-analyze is not installed");
        return;
    }
    for (name, program) in UNITS {
        let service = if name == "signet-auth" { &pair.auth } else { &pair.api };
        let built = service.launch.program.to_string_lossy();
        let installed = format!("/usr/local/bin/{program}");
        let changed = deploy::file(&format!("systemd/{name}.service")).replace(&installed, &built);
        let file = pair.folder().join(format!("{name}.service"));
        fs::write(&file, changed.finish()).expect("written");
        let run = Command::new("systemd-analyze").args(arguments).arg(&file).output().expect("run");
        let printed = [run.stdout, run.stderr].concat();
        tell(run.status.success(), &String::from_utf8_lossy(&printed));
    }
}

#[test]
fn systemd_understands_every_line_of_the_units() {
    analyzed(&Pair::bare(), &["verify", "--recursive-errors=no"], |passed, printed| {
        assert!(passed, "{printed}");
        // An unknown line is only a warning.
        assert!(!printed.contains("signet-"), "{printed}");
    });
}

#[test]
fn units_are_closed_by_the_measure_of_systemd() {
    let arguments = ["security", "--offline=true", "--threshold=20", "--no-pager"];
    analyzed(&Pair::bare(), &arguments, |passed, printed| assert!(passed, "{printed}"));
}

#[test]
fn both_units_have_the_same_limits_and_stop_as_in_the_compose_file() {
    let limits = |name: &str| {
        let unit = unit(name);
        let (_, limits) = unit.split_once("UMask=").expect("limits");
        limits.replace("API_DRAIN", "AUTH_DRAIN")
    };
    assert_eq!(limits("signet-auth"), limits("signet-api"));
    let compose = fs::read_to_string(deploy::path("../docker-compose.yml")).expect("a file");
    assert!(limits("signet-auth").contains("TimeoutStopSec=15\n"));
    assert!(compose.contains("stop_grace_period: 15s\n"));
}

#[test]
fn services_accept_the_environment_of_their_units() {
    let pair = Pair::bare();
    let checked = |service: &Service, files: &[String]| {
        let mut launch = service.launch.clone();
        launch.environment.clear();
        let lines = files.iter().flat_map(|text| text.lines());
        let set = lines.map(|line| line.strip_prefix("Environment=").unwrap_or(line));
        for (name, value) in set.filter_map(|line| line.split_once('=')) {
            if name.starts_with("AUTH_") || name.starts_with("API_") {
                launch.set(name, value);
            }
        }
        assert!(launch.environment.len() > 1, "{launch:?}");
        assert_eq!(launch.run(&["check-config"]).done().err, "");
    };
    for (service, name) in [(&pair.auth, "auth"), (&pair.api, "api")] {
        let settings = deploy::file(&format!("systemd/{name}.env")).finish();
        checked(service, &[settings, unit(&format!("signet-{name}"))]);
    }
}
