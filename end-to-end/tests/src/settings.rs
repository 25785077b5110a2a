//! Settings and starts: a wrong value stops the start with one line and an exit status for the kind
//! of fault.

use std::fs;
use std::time::{Duration, Instant};

use support::pair::Pair;
use support::port;
use support::service::Service;

/// One setting of each kind; the tests of each service cover the others.
const AUTH: [(&str, &str); 3] = [
    ("AUTH_BIND", "nonsense"),
    ("AUTH_DATABASE_URL", "sqllite://data/auth.db"),
    ("AUTH_KEY_BITS", "1024"),
];

const API: [(&str, &str); 3] =
    [("API_BIND", ":"), ("API_AUTH_URL", "file:///etc/passwd"), ("API_USER_LIST", "nobody")];

/// `--bind` for `AUTH_BIND`.
fn flag(name: &str) -> String {
    let (_, rest) = name.split_once('_').expect("a prefix");
    format!("--{}", rest.to_lowercase().replace('_', "-"))
}

fn wrong_values_of(service: &mut Service, values: &[(&str, &str)]) {
    for (name, wrong) in values {
        let good = service.launch.clone();
        service.launch.set(name, wrong);
        for command in ["serve", "check-config"] {
            service.launch.run_briefly(&[command]).failed_with(64, &[name]);
        }
        service.launch = good.clone();
        service.launch.run_briefly(&["serve", &flag(name), wrong]).failed_with(64, &[name]);
        service.launch.unset(name);
        fs::write(service.path(".env"), format!("{name}='{wrong}'\n")).expect("written");
        service.launch.run_briefly(&["check-config"]).failed_with(64, &[name]);
        fs::remove_file(service.path(".env")).expect("removed");
        service.launch = good;
    }
    service.command(&["check-config"]).done();
}

#[test]
fn invalid_issuer_setting_ends_the_start_with_one_line() {
    wrong_values_of(&mut Pair::bare().auth, &AUTH);
}

#[test]
fn invalid_guard_setting_ends_the_start_with_one_line() {
    let mut pair = Pair::bare();
    // By default the guard calls the issuer's address, and checks that value too.
    wrong_values_of(&mut pair.api, &API);
    for issuer in ["http://issuer.example", "http://10.0.0.1:8001"] {
        pair.api.launch.set("API_ISSUER", issuer);
        pair.api.command(&["check-config"]).failed_with(64, &["API_"]);
    }
    pair.api.launch.set("API_ISSUER", "http://issuer.example");
    pair.api.launch.set("API_ALLOW_HTTP", "issuer.example");
    pair.api.command(&["check-config"]).done();
    pair.api.launch.unset("API_ALLOW_HTTP");
    pair.api.launch.set("API_ISSUER", "https://issuer.example");
    pair.api.command(&["check-config"]).done();
}

#[test]
fn flag_overrides_environment_overrides_file_overrides_default() {
    let mut pair = Pair::prepare();
    let log_in_life = |pair: &Pair| {
        let user = support::user::User::signed_up(&pair.auth, "Ada");
        user.try_login(&pair.auth).expect(201).json()["expires_in"].clone()
    };
    pair.auth.start();
    assert_eq!(log_in_life(&pair), 1_800);
    pair.auth.stop();
    fs::write(pair.auth.path(".env"), "AUTH_ACCESS_TOKEN_TTL=61s\n").expect("written");
    pair.auth.start();
    assert_eq!(log_in_life(&pair), 61);
    pair.auth.stop();
    pair.set("AUTH_ACCESS_TOKEN_TTL", "62s");
    pair.auth.start();
    assert_eq!(log_in_life(&pair), 62);
    pair.auth.stop();
    for arguments in
        [&["serve", "--access-token-ttl", "63s"][..], &["--access-token-ttl", "64s", "serve"]]
    {
        pair.auth.start_as(arguments);
        assert_eq!(log_in_life(&pair), if arguments[0] == "serve" { 63 } else { 64 });
        pair.auth.stop();
    }
}

#[test]
fn wrong_arguments_have_their_own_exit_status() {
    let pair = Pair::bare();
    for service in [&pair.auth, &pair.api] {
        for arguments in [
            &[][..],
            &["frobnicate"],
            &["serve", "--frobnicate"],
            &["serve", "now"],
            &["check-config", "x"],
        ] {
            assert_eq!(service.launch.run_briefly(arguments).code, Some(2), "{arguments:?}");
        }
    }
    for arguments in
        [&["keys"][..], &["keys", "import"], &["users", "set-role", "x"], &["users", "disable"]]
    {
        assert_eq!(pair.auth.command(arguments).code, Some(2), "{arguments:?}");
    }
}

#[test]
fn taken_port_or_unwritable_folder_ends_the_start_with_one_line() {
    let mut pair = Pair::prepare();
    pair.auth.start();
    let taken = pair.auth.address().to_owned();
    let last_line = |service: &Service, word: &str| {
        service.launch.run_briefly(&["serve"]).failed_in_log(1, word);
    };
    let mut api = pair.api.launch.clone();
    for name in ["API_BIND", "API_MANAGEMENT_BIND"] {
        let free = api.clone();
        api.set(name, &taken);
        api.run_briefly(&["serve"]).failed_in_log(1, name);
        api = free;
    }
    pair.auth.stop();
    let holder = std::net::TcpListener::bind(&taken).expect("the issuer's port");
    last_line(&pair.auth, "AUTH_BIND");
    drop(holder);

    // Not even root can make a folder below a file.
    fs::write(pair.folder().join("file"), "").expect("written");
    let below = pair.folder().join("file/below");
    let below = below.to_string_lossy();
    pair.set("API_DATABASE_URL", &format!("sqlite://{below}/api.db"));
    last_line(&pair.api, &below);
    let good = pair.auth.launch.clone();
    pair.set("AUTH_DATABASE_URL", &format!("sqlite://{below}/auth.db"));
    last_line(&pair.auth, &below);
    pair.auth.launch = good;
    pair.set("AUTH_KEYS_DIR", &below);
    last_line(&pair.auth, &below);
}

#[test]
fn database_has_one_server_and_a_killed_server_releases_it() {
    let mut pair = Pair::start();
    for (service, prefix) in [(&mut pair.auth, "AUTH"), (&mut pair.api, "API")] {
        let mut second = service.launch.clone();
        second.set(&format!("{prefix}_BIND"), &format!("127.0.0.1:{}", port::free()));
        second.set(&format!("{prefix}_MANAGEMENT_BIND"), &format!("127.0.0.1:{}", port::free()));
        second.run_briefly(&["serve"]).failed_in_log(1, "another");
        assert!(service.ready(), "the first one does not notice");
        for _ in 0..3 {
            service.stop_by("KILL");
            let began = Instant::now();
            service.start();
            assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        }
    }
}

#[test]
fn invalid_dot_env_line_is_named_and_foreign_lines_are_ignored() {
    let pair = Pair::bare();
    for (service, name) in [(&pair.auth, "AUTH_BIND"), (&pair.api, "API_BIND")] {
        let mut launch = service.launch.clone();
        launch.unset(name);
        for line in
            [format!("{name}='hunter2"), format!("{name}=hunter2"), format!("{name}S=hunter2")]
        {
            fs::write(service.path(".env"), format!("hunter2 is foreign\n{line}\n"))
                .expect("written");
            let ended = launch.run_briefly(&["check-config"]);
            ended.failed_with(64, &[name, "line 2"]);
            assert!(!ended.err.contains("hunter2"), "{ended:?}");
        }
        fs::write(service.path(".env"), "hunter2 is foreign\n").expect("written");
        launch.run_briefly(&["check-config"]).done();
        fs::remove_file(service.path(".env")).expect("removed");
        fs::create_dir(service.path(".env")).expect("a folder");
        launch.run_briefly(&["check-config"]).failed_with(64, &[".env", "directory"]);
    }
}

#[test]
fn unknown_setting_is_one_warning() {
    let mut pair = Pair::prepare();
    for (service, name) in [(&mut pair.auth, "AUTH_COLOUR"), (&mut pair.api, "API_COLOUR")] {
        service.launch.set(name, "hunter2");
        let told = service.command(&["check-config"]).err;
        assert!(told.contains(name) && told.lines().count() == 1, "{told}");
        service.start();
        service.wait_log(name);
        assert_eq!(service.log().matches(name).count(), 1);
        assert!(!service.log().contains("hunter2"));
    }
}
