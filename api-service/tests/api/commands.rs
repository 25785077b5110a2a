//! The output of the commands, and their exit status.

use std::process::{Command, Output};

fn run(folder: &tempfile::TempDir, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_api-service"))
        .args(arguments)
        .current_dir(folder.path())
        .env_clear()
        .output()
        .expect("it runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

#[test]
fn help_names_every_command_and_setting() {
    let help = api_service::cli::command().term_width(100).render_long_help();
    insta::assert_snapshot!(help.to_string());
}

#[test]
fn help_describes_each_command() {
    insta::assert_snapshot!(support::help::of_every_command(api_service::cli::command()));
}

#[test]
fn check_config_lists_each_value_and_its_origin() {
    let folder = folder();
    std::fs::write(folder.path().join(".env"), "API_AUDIENCE=orders\nAPI_BIND=[::1]:1\n")
        .expect("written");
    let checked = run(&folder, &["check-config", "--bind", "127.0.0.1:7"]);
    assert_eq!(checked.status.code(), Some(0), "{checked:?}");
    insta::assert_snapshot!(text(&checked.stdout));
    let json = run(&folder, &["check-config", "--json"]);
    let rows: Vec<serde_json::Value> = serde_json::from_slice(&json.stdout).expect("JSON");
    let audience = rows.iter().find(|row| row["name"] == "API_AUDIENCE").expect("a row");
    assert_eq!((&audience["value"], &audience["origin"]), (&"orders".into(), &".env".into()));
}

#[test]
fn documented_env_file_equals_the_defaults() {
    let folder = folder();
    let before = run(&folder, &["check-config"]).stdout;
    let env = run(&folder, &["check-config", "--env"]);
    insta::assert_snapshot!(text(&env.stdout));
    std::fs::write(folder.path().join(".env"), &env.stdout).expect("written");
    assert_eq!(text(&run(&folder, &["check-config"]).stdout), text(&before));
}

#[test]
fn each_failure_has_its_exit_status_and_one_line() {
    let folder = folder();
    for (arguments, status, begins) in [
        (
            &["check-config", "--clock-leeway", "61s"][..],
            64,
            "api-service: API_CLOCK_LEEWAY (--clock-leeway): the value ",
        ),
        (
            &["serve", "--auth-url", "http://login.example.org"],
            64,
            "api-service: API_AUTH_URL (--auth-url): plain http ",
        ),
        (
            &["serve", "--database-url", "sqlite:///proc/none/api.db"],
            1,
            "api-service: /proc/none: ",
        ),
        (
            &["health", "--management-bind", "127.0.0.1:1"],
            1,
            "api-service: no answer from 127.0.0.1:1: ",
        ),
        (
            &["status", "--management-bind", "127.0.0.1:1"],
            1,
            "api-service: no answer from 127.0.0.1:1: ",
        ),
    ] {
        let output = run(&folder, arguments);
        let line = text(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {line}");
        assert!(line.starts_with(begins) && line.lines().count() == 1, "{arguments:?}: {line}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
    std::fs::write(folder.path().join(".env"), "foreign words\nAPI_BIND='hunter2\n")
        .expect("written");
    let refused = run(&folder, &["check-config"]);
    let line = text(&refused.stderr);
    assert!(line.contains("API_BIND (--bind), line 2") && !line.contains("hunter2"), "{line}");
    assert_eq!(refused.status.code(), Some(64));
    for arguments in [
        &[][..],
        &["none"],
        &["serve", "--none"],
        &["serve", "now"],
        &["check-config", "x"],
        &["check-config", "--json", "--env"],
    ] {
        assert_eq!(run(&folder, arguments).status.code(), Some(2), "{arguments:?}");
    }
    for arguments in [&["--help"][..], &["serve", "--help"], &["--version"]] {
        assert_eq!(run(&folder, arguments).status.code(), Some(0), "{arguments:?}");
    }
}

#[test]
fn taken_port_is_reported_with_its_setting() {
    let folder = folder();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    for (flag, other, name) in [
        ("--bind", "--management-bind", "API_BIND"),
        ("--management-bind", "--bind", "API_MANAGEMENT_BIND"),
    ] {
        let output = run(&folder, &["serve", flag, &address, other, "127.0.0.1:0"]);
        let lines = text(&output.stderr);
        let last = lines.lines().last().unwrap_or_default();
        assert_eq!(output.status.code(), Some(1), "{lines}");
        assert!(last.starts_with(&format!("api-service: {name}: ")), "{lines}");
        assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 0);

        // A damaged replica is created again only by a start that serves.
        let replica = folder.path().join("data/api.db");
        std::fs::create_dir(folder.path().join("data")).expect("made");
        std::fs::write(&replica, "damaged").expect("written");
        for lock in [false, true] {
            if lock {
                std::fs::write(folder.path().join("data/api.db.lock"), "").expect("written");
            }
            let output = run(&folder, &["serve", flag, &address, other, "127.0.0.1:0"]);
            assert_eq!(output.status.code(), Some(1), "{output:?}");
            assert_eq!(std::fs::read(&replica).expect("read"), b"damaged");
        }
        std::fs::remove_dir_all(folder.path().join("data")).expect("removed");
    }
}

#[test]
fn openapi_command_prints_what_the_route_serves() {
    let printed = run(&folder(), &["openapi"]);
    assert_eq!(printed.status.code(), Some(0));
    let served = api_service::http::OPENAPI;
    assert!(text(&printed.stdout).trim_end() == served.trim_end(), "run scripts/generate");
}

#[test]
fn every_command_reports_unknown_settings() {
    let folder = folder();
    for (command, status) in [("check-config", 0), ("openapi", 0), ("status", 1), ("health", 1)] {
        let at = ["--management-bind", "127.0.0.1:1"];
        let arguments = [&[command][..], &at].concat();
        let run_with = |lines: &str| {
            std::fs::write(folder.path().join(".env"), lines).expect("written");
            let output = run(&folder, &arguments);
            (output.status.code(), text(&output.stderr))
        };
        // Names of the other service are its own matter.
        let (ended, errors) = run_with("AUTH_BNID=x\nAPI_COLOUR=\"red\n");
        let warning = "warning: unknown settings are passed over: API_COLOUR\n";
        assert!(ended == Some(status) && errors.starts_with(warning), "{command}: {errors}");
        let (ended, errors) = run_with("\nAPI_BNID=hunter2\n");
        let why = "api-service: .env, line 2: API_BNID is not known; the setting is API_BIND\n";
        assert_eq!((ended, &*errors), (Some(64), why), "{command}");
    }
}

#[test]
fn compose_file_passes_every_setting_on() {
    // The image and the volumes set these.
    let fixed = ["API_BIND", "API_MANAGEMENT_BIND", "API_CLIENT_SECRET_FILE", "API_DATABASE_URL"];
    let compose = include_str!("../../../docker-compose.yml");
    let shown = run(&folder(), &["check-config", "--json"]);
    let shown: serde_json::Value = serde_json::from_slice(&shown.stdout).expect("JSON");
    for setting in shown.as_array().expect("settings") {
        let name = setting["name"].as_str().expect("a name");
        let passed = compose.contains(&format!("\n      {name}:"));
        assert_ne!(passed, fixed.contains(&name), "{name}");
    }
}
