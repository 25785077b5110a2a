//! Settings: their origins, and the exit status of a wrong one.

use std::fs;
use std::process::Stdio;

use crate::folder::{Folder, outcome};

#[test]
fn a_wrong_value_is_64_wherever_it_comes_from() {
    let folder = Folder::new();
    for command in ["check-config --bind 8001", "serve --bind 8001"] {
        assert!(folder.run(command).failed(64).contains("AUTH_BIND (--bind)"), "{command}");
    }
    let mut command = folder.program("check-config");
    let told = outcome(command.env("AUTH_ACCESS_TOKEN_TTL", "25h"), "").failed(64);
    assert!(told.contains("AUTH_ACCESS_TOKEN_TTL") && told.contains("5s to 24h"), "{told}");
    fs::write(folder.path().join(".env"), "AUTH_LOGIN_ERRORS=none\n").expect("written");
    assert!(folder.run("check-config").failed(64).contains("distinct or uniform"));
    fs::write(folder.path().join(".env"), "foreign words\nAUTH_ISSUER='hunter2\n")
        .expect("written");
    let told = folder.run("check-config").failed(64);
    assert!(told.contains("AUTH_ISSUER (--issuer), line 2") && !told.contains("hunter2"), "{told}");
    fs::remove_file(folder.path().join(".env")).expect("removed");
    fs::create_dir(folder.path().join(".env")).expect("a folder");
    let told = folder.run("serve").failed(64);
    assert!(told.contains(".env") && told.contains("directory"), "{told}");
}

#[test]
fn each_value_is_shown_with_its_origin() {
    let folder = Folder::new();
    fs::write(folder.path().join(".env"), "AUTH_FEED_KEEP=2d\nAUTH_KEY_BITS=3072\n")
        .expect("written");
    let shown = folder.run("check-config --json --audience a,b").json();
    let find = |name: &str| {
        let settings = shown.as_array().expect("settings");
        let row = settings.iter().find(|row| row["name"] == name).expect("listed");
        (row["value"].as_str().map(str::to_owned), row["origin"].as_str().expect("one").to_owned())
    };
    assert_eq!(find("AUTH_AUDIENCE"), (Some("a,b".into()), "flag".into()));
    assert_eq!(find("AUTH_KEY_BITS"), (Some("2048".into()), "environment".into()));
    assert_eq!(find("AUTH_FEED_KEEP"), (Some("2d".into()), ".env".into()));
    assert_eq!(find("AUTH_JWKS_MAX_AGE"), (Some("60s".into()), "default".into()));
    assert_eq!(find("AUTH_CORS_ORIGINS"), (None, "default".into()));
}

#[test]
fn the_printed_env_file_says_the_same_when_it_is_read() {
    let folder = Folder::new();
    let printed = folder.run("check-config --env --issuer https://login.example.org").done();
    assert!(printed.contains("\nAUTH_ISSUER=https://login.example.org\n"), "{printed}");
    assert!(printed.contains("\n#AUTH_JWKS_MAX_AGE=60s\n"), "{printed}");
    fs::write(folder.path().join(".env"), &printed).expect("written");
    let again = folder.run("check-config --env").done();
    assert_eq!(again.replace('\r', ""), printed);
}

#[test]
fn wrong_arguments_are_2() {
    let folder = Folder::new();
    let (top, serve) = (["", "frobnicate", "check-config x"], ["serve --nonsense", "serve now"]);
    let below = ["keys", "keys import", "users set-role x", "users disable"];
    for arguments in [&top[..], &serve, &below].concat() {
        assert_eq!(folder.run(arguments).status, 2, "{arguments}");
    }
}

#[test]
fn an_unwritable_folder_is_1() {
    let folder = Folder::new();
    let database = "--database-url sqlite:///proc/nowhere/auth.db";
    for (command, setting) in
        [("init", database), ("serve", database), ("serve", "--keys-dir /proc/nowhere")]
    {
        let ended = folder.run(&format!("{command} {setting}"));
        let last = ended.errors.lines().last().unwrap_or_default();
        assert!(ended.status == 1 && last.contains("/proc/nowhere"), "{command}: {ended:?}");
    }
}

#[test]
fn a_reader_that_goes_away_ends_a_command_quietly() {
    let folder = Folder::new();
    let mut command = folder.program("openapi");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started");
    drop(child.stdout.take());
    let ended = child.wait_with_output().expect("ended");
    assert!(ended.status.success() && ended.stderr.is_empty(), "{ended:?}");
}

#[test]
fn the_openapi_document_is_printed() {
    let document = Folder::new().run("openapi").json();
    assert!(document["openapi"].as_str().expect("a version").starts_with("3.1"));
    assert!(document["paths"]["/login"].is_object());
}

#[test]
fn every_command_reports_unknown_settings() {
    let folder = Folder::new();
    folder.run("init").done();
    let commands = ["check-config", "init", "keys list", "users list", "audit list", "openapi"];
    for command in commands {
        // Names of the other service are its own matter.
        fs::write(folder.path().join(".env"), "API_BNID=x\nAUTH_COLOUR=\"red\n").expect("written");
        let warned = folder.run(command);
        let warning = "warning: unknown settings are passed over: AUTH_COLOUR\n";
        assert_eq!((warned.status, &*warned.errors), (0, warning), "{command}");
        fs::write(folder.path().join(".env"), "\nAUTH_BNID=hunter2\n").expect("written");
        let refused = folder.run(command).failed(64);
        let why = ".env, line 2: AUTH_BNID is not known; the setting is AUTH_BIND";
        assert!(refused.contains(why), "{command}: {refused}");
    }
}

#[test]
fn compose_file_passes_every_setting_on() {
    // The image and the volumes set these.
    let fixed = ["AUTH_BIND", "AUTH_MANAGEMENT_BIND", "AUTH_KEYS_DIR"];
    let compose = include_str!("../../../docker-compose.yml");
    let shown = Folder::new().run("check-config --json").json();
    for setting in shown.as_array().expect("settings") {
        let name = setting["name"].as_str().expect("a name");
        let passed = compose.contains(&format!("\n      {name}:"));
        assert_ne!(passed, fixed.contains(&name), "{name}");
    }
}
