//! Tests of the settings from flags and the environment.

use std::time::Duration;

use clap::{CommandFactory, Parser};
use signet_guard::settings::GuardSettings;
use signet_guard::{GuardConfig, LEEWAY, MAX_STALENESS, MAX_TOKEN_LIFE};

use super::setup::{Setup, until};

#[derive(Debug, Parser)]
struct Arguments {
    #[command(flatten)]
    guard: GuardSettings,
}

const NEEDED: [&str; 10] = [
    "--issuer",
    "https://login.example.org",
    "--audience",
    "orders",
    "--client-id",
    "orders",
    "--client-secret-file",
    "orders.secret",
    "--state-file",
    "guard.json",
];

/// Parses the flags that are needed, and more.
fn parsed(more: &[&str]) -> Result<GuardSettings, String> {
    let given = ["service"].iter().chain(&NEEDED).chain(more).copied();
    Arguments::try_parse_from(given).map(|given| given.guard).map_err(|error| error.to_string())
}

fn config(more: &[&str]) -> GuardConfig {
    parsed(more).expect("settings").config().expect("an address")
}

#[test]
fn defaults_are_those_of_the_configuration() {
    let config = config(&[]);
    let times = (config.leeway, config.max_token_life, config.max_staleness);
    assert_eq!(times, (LEEWAY, MAX_TOKEN_LIFE, MAX_STALENESS));
    assert_eq!((config.issuer.as_str(), config.client_id.as_str()), (NEEDED[1], "orders"));
    assert_eq!(config.auth_url.as_str(), "https://login.example.org/");
    assert_eq!(config.audiences, ["orders"]);
    assert!(config.allow_http.is_empty());
}

#[test]
fn each_flag_reaches_the_configuration() {
    let config = config(&[
        "--auth-url=http://auth-service:8001",
        "--allow-http=auth-service,other",
        "--audience=bills,imports",
        "--audience=reports",
        "--clock-leeway=0s",
        "--max-token-life=15m",
        "--max-staleness=2d",
    ]);
    assert_eq!(config.auth_url.as_str(), "http://auth-service:8001/");
    assert_eq!(config.allow_http, ["auth-service", "other"]);
    assert_eq!(config.audiences, ["orders", "bills", "imports", "reports"]);
    assert_eq!(config.leeway, Duration::ZERO);
    assert_eq!(config.max_token_life, Duration::from_secs(15 * 60));
    assert_eq!(config.max_staleness, Duration::from_secs(2 * 24 * 3_600));
}

#[test]
fn each_setting_has_a_variable_named_after_its_flag() {
    for argument in Arguments::command().get_arguments() {
        let flag = argument.get_long().expect("a flag");
        let variable = format!("SIGNET_{}", flag.to_uppercase().replace('-', "_"));
        assert_eq!(argument.get_env(), Some(variable.as_ref()), "{flag}");
        assert!(argument.is_hide_env_values_set(), "{flag}");
    }
}

#[test]
fn missing_setting_is_named() {
    for place in (0..NEEDED.len()).step_by(2) {
        let given = NEEDED.iter().enumerate().filter(|(at, _)| at / 2 != place / 2);
        let given = given.map(|(_, word)| *word);
        let error = Arguments::try_parse_from(["service"].into_iter().chain(given));
        let error = error.expect_err("a missing setting").to_string();
        assert!(error.contains(NEEDED[place]), "{error}");
    }
}

#[test]
fn wrong_value_is_refused_with_its_flag() {
    for wrong in [
        "--auth-url=login.example.org",
        "--auth-url=https://user:password@login.example.org",
        "--auth-url=https://login.example.org?a=b",
        "--audience=",
        "--audience=a,,b",
        "--audience=a b",
        "--allow-http=a,",
        "--clock-leeway=10",
        "--clock-leeway=61s",
        "--max-token-life=0s",
        "--max-staleness=366d",
        "--max-staleness=1h30m",
    ] {
        let error = parsed(&[wrong]).expect_err(wrong);
        let flag = wrong.split('=').next().expect("a flag");
        assert!(error.contains(flag), "{error}");
    }
    for (flag, value) in [("--client-id", "first-party"), ("--issuer", "x")] {
        let mut given = NEEDED;
        let at = given.iter().position(|word| *word == flag).expect("a flag");
        given[at + 1] = value;
        let given = ["service"].into_iter().chain(given);
        let error = Arguments::try_parse_from(given).expect_err(flag).to_string();
        assert!(error.contains(flag), "{error}");
    }
}

#[test]
fn plain_http_beyond_loopback_must_be_allowed() {
    let wrong = parsed(&["--auth-url=http://auth-service:8001"]).expect("settings").config();
    assert!(wrong.expect_err("plain http").to_string().contains("auth-service"));
    assert_eq!(config(&["--auth-url=http://127.0.0.1:8001"]).auth_url.port(), Some(8001));
}

#[actix_web::test]
async fn guard_starts_with_its_state_file() {
    let setup = Setup::new();
    let mut settings = parsed(&[]).expect("settings");
    settings.issuer.clone_from(&setup.issuer.url);
    settings.client_id = "api-service".into();
    settings.client_secret_file.clone_from(&setup.secret_file);
    settings.state_file = setup.state_file();
    let guard = settings.start().await.expect("a guard");
    until("it serves", || guard.status().serving).await;
    assert_eq!(guard.audiences(), ["orders"]);
    let second = settings.start().await.err().expect("the file is in use").to_string();
    assert!(second.contains("guard.json"), "{second}");
    guard.stop().await;
}
