//! Tests of the defaults and of refused values.

use clap::Command;
use signet_service::cli::with_settings;
use signet_service::settings::DotEnv;

use super::*;

fn settings(variables: &[(&str, &str)], flags: &[&str]) -> Result<Settings, SettingError> {
    let flags =
        with_settings::<Settings>(Command::new("x")).get_matches_from([&["x"], flags].concat());
    let environment = variables.iter().map(|(name, value)| (name.into(), value.into())).collect();
    Values::find::<Settings>(&flags, &environment, &DotEnv::default())
        .and_then(|values| Settings::from_values(&values))
}

#[test]
fn an_issuer_is_kept_to_the_letter() {
    let settings = settings(&[("AUTH_ISSUER", "https://Login.Example.org:443/a/")], &[]);
    assert_eq!(settings.expect("settings").issuer, "https://Login.Example.org:443/a/");
}

#[test]
fn invalid_value_is_refused_with_its_name() {
    for (name, value) in [
        ("AUTH_BIND", "8001"),
        ("AUTH_MANAGEMENT_BIND", "127.0.0.1:99999"),
        ("AUTH_ISSUER", "ftp://example.org"),
        ("AUTH_DATABASE_URL", "postgre://localhost/auth"),
        ("AUTH_DATABASE_URL", "postgres://localhost"),
        ("AUTH_DATABASE_URL", "postgres://localhost:port/auth"),
        ("AUTH_DATABASE_URL", "postgres://u@localhost/auth?password=s3cret"),
        ("AUTH_DATABASE_URL", "sqlit://data/auth.db"),
        ("AUTH_DATABASE_URL", "data/auth.db"),
        ("AUTH_DATABASE_URL", "sqlite://"),
        ("AUTH_DATABASE_URL", "sqlite://data/"),
        ("AUTH_KEY_BITS", "1024"),
        ("AUTH_KEY_BITS", "4097"),
        ("AUTH_JWKS_MAX_AGE", "0s"),
        ("AUTH_AUDIENCE", "a,,b"),
        ("AUTH_AUDIENCE", "a b"),
        ("AUTH_ISSUER", "https://*.example.org"),
        ("AUTH_ISSUER", "https://login.example.org:0"),
        ("AUTH_DATABASE_PASSWORD_FILE", "keys/database/"),
        ("AUTH_ACCESS_TOKEN_TTL", "4s"),
        ("AUTH_ACCESS_TOKEN_TTL", "25h"),
        ("AUTH_REFRESH_TOKEN_TTL", "0s"),
        ("AUTH_SESSION_MAX_LIFE", "90"),
        ("AUTH_REFRESH_REPEAT_WINDOW", "61m"),
        ("AUTH_LOGIN_ERRORS", "none"),
        ("AUTH_LOGIN_FAILURES_PER_ACCOUNT", "0/15m"),
        ("AUTH_LOGIN_FAILURES_PER_ADDRESS", "10"),
        ("AUTH_SIGN_UPS_PER_ADDRESS", "0/1h"),
        ("AUTH_SIGN_UPS_PER_ADDRESS", "100"),
        ("AUTH_SIGN_UPS_PER_ADDRESS", "none"),
        ("AUTH_TRUSTED_PROXIES", "10.0.0.0/33"),
        ("AUTH_TRUSTED_PROXIES", "proxy.example.org"),
        ("AUTH_TRUSTED_PROXIES", "::ffff:10.0.0.0/95"),
        ("AUTH_CORS_ORIGINS", "https://app.example.org/"),
        ("AUTH_CORS_ORIGINS", "https://*.example.org"),
        ("AUTH_CORS_ORIGINS", "https://app.example.org:443"),
        ("AUTH_CORS_ORIGINS", "*"),
        ("AUTH_KEEP_ALIVE", "0s"),
        ("AUTH_KEEP_ALIVE", "61m"),
        ("AUTH_FEED_KEEP", "forever"),
        ("AUTH_AUDIT_KEEP", "0s"),
        ("AUTH_LOG", "inof"),
        ("AUTH_LOG", "info,,"),
        ("AUTH_LOG", "auth_http=loud"),
        ("AUTH_LOG_FORMAT", "JSON lines"),
        ("AUTH_LOG_FORMAT", ""),
    ] {
        let error = settings(&[(name, value)], &[]).expect_err(value).to_string();
        assert!(error.starts_with(name), "{value}: {error}");
        assert!(!error.contains('\n') && !error.contains("s3cret"), "{error}");
    }
}

#[test]
fn a_password_in_a_flag_is_refused_and_not_repeated() {
    let url = "postgres://signet:s3cret@db/auth";
    let error = settings(&[], &["--database-url", url]).expect_err("refused").to_string();
    assert!(error.contains("command line") && !error.contains("s3cret"), "{error}");
}

#[test]
fn a_password_is_given_once() {
    let file = ("AUTH_DATABASE_PASSWORD_FILE", "password");
    let with = |url| settings(&[("AUTH_DATABASE_URL", url), file], &[]);
    let error = with("postgres://u:s3cret@db/auth").expect_err("refused").to_string();
    assert!(error.starts_with(file.0) && !error.contains("s3cret"), "{error}");
    let found = with("postgres://u@db/auth").expect("settings");
    assert_eq!(found.database.to_string(), "postgres://u@db/auth");
}

#[test]
fn a_single_address_is_a_network_of_its_own() {
    let settings = settings(&[("AUTH_TRUSTED_PROXIES", "10.0.0.1, fd00::/8")], &[]);
    let networks = settings.expect("settings").trusted_proxies.expect("networks");
    assert_eq!(
        networks.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["10.0.0.1/32", "fd00::/8"]
    );
}

#[test]
fn limit_of_sign_ups_may_be_off() {
    let settings = settings(&[("AUTH_SIGN_UPS_PER_ADDRESS", "off")], &[]).expect("settings");
    assert_eq!(settings.sign_ups_per_address, None);
}
