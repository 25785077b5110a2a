//! Defaults, and refused values.

use clap::Command;
use signet_service::cli::with_settings;
use signet_service::settings::DotEnv;

use super::*;

fn settings(variables: &[(&str, &str)]) -> Result<Settings, SettingError> {
    let flags = with_settings::<Settings>(Command::new("x")).get_matches_from(["x"]);
    let environment = variables.iter().map(|(name, value)| (name.into(), value.into())).collect();
    Values::find::<Settings>(&flags, &environment, &DotEnv::default())
        .and_then(|values| Settings::from_values(&values))
}

fn issuer_url(variables: &[(&str, &str)]) -> String {
    let url = settings(variables).expect("settings").reached_at();
    url.expect("an address").into()
}

fn refusal(variables: &[(&str, &str)]) -> String {
    settings(variables).expect_err(&format!("{variables:?} is wrong")).to_string()
}

#[test]
fn issuer_url_defaults_to_the_issuer() {
    let issuer = ("API_ISSUER", "https://login.example.org/a");
    assert_eq!(issuer_url(&[issuer]), issuer.1);
    let inside = ("API_AUTH_URL", "https://auth.internal/");
    assert_eq!(issuer_url(&[issuer, inside]), inside.1);
    assert_eq!(settings(&[issuer, inside]).expect("settings").issuer, issuer.1);
}

#[test]
fn plain_http_to_a_foreign_host_is_refused_with_the_setting_name() {
    let inside = ("API_AUTH_URL", "http://auth-service:8001");
    assert!(refusal(&[inside]).starts_with("API_AUTH_URL (--auth-url): "));
    assert!(settings(&[inside, ("API_ALLOW_HTTP", "other, auth-service")]).is_ok());
    assert!(settings(&[("API_AUTH_URL", "http://[::1]:8001")]).is_ok());
    // If no address is set, the public address of the issuer is used.
    let issuer = ("API_ISSUER", "http://login.example.org");
    assert!(refusal(&[issuer]).starts_with("API_AUTH_URL (--auth-url): "));
}

#[test]
fn issuer_is_kept_unchanged() {
    let issuer = "https://Login.Example.org:443/a/";
    assert_eq!(settings(&[("API_ISSUER", issuer)]).expect("settings").issuer, issuer);
}

#[test]
fn invalid_value_is_refused_with_its_name() {
    for (name, value) in [
        ("API_BIND", "8002"),
        ("API_MANAGEMENT_BIND", "nowhere"),
        ("API_AUTH_URL", "file:///etc/passwd"),
        ("API_ISSUER", "localhost:8001"),
        ("API_ISSUER", "https://login.example.org:99999"),
        ("API_PUBLIC_URL", "https://[::1"),
        ("API_AUTH_URL", "https://user:password@login.example.org"),
        ("API_PUBLIC_URL", "here"),
        ("API_ALLOW_HTTP", "http://auth-service"),
        ("API_ALLOW_HTTP", "auth-service:8001"),
        ("API_ALLOW_HTTP", "a,,b"),
        ("API_ALLOW_HTTP", "*.internal"),
        ("API_ALLOW_HTTP", "auth-service/a"),
        ("API_ALLOW_HTTP", "10.0.0.0/8"),
        ("API_AUTH_URL", "https://*.example.org"),
        ("API_PUBLIC_URL", "https://*.example.org"),
        ("API_AUDIENCE", "a b"),
        ("API_AUDIENCE", "a,,b"),
        ("API_AUDIENCE", "a,a"),
        ("API_DATABASE_URL", "postgres://localhost/api"),
        ("API_DATABASE_URL", "sqlit://data/api.db"),
        ("API_DATABASE_URL", "data/api.db"),
        ("API_DATABASE_URL", "sqlite://"),
        ("API_CLOCK_LEEWAY", "61s"),
        ("API_CLOCK_LEEWAY", "10"),
        ("API_MAX_TOKEN_LIFE", "0s"),
        ("API_USER_LIST", "nobody"),
        ("API_CLIENT_ID", "a b"),
        ("API_CLIENT_ID", "first-party"),
        ("API_CLIENT_ID", "8c5f9f3e-7f5c-4d39-9a55-0f6a7f2b9a11"),
        ("API_CLIENT_SECRET_FILE", "a\nb"),
        ("API_CLIENT_SECRET_FILE", "keys/clients/"),
        ("API_CORS_ORIGINS", "https://*.example.org"),
        ("API_CORS_ORIGINS", "https://App.example.org"),
        ("API_CORS_ORIGINS", "null"),
        ("API_KEEP_ALIVE", "0s"),
        ("API_KEEP_ALIVE", "61m"),
        ("API_TRUSTED_PROXIES", "10.0.0.0/33"),
        ("API_TRUSTED_PROXIES", "proxy.example.org"),
        ("API_LOG", "verbose"),
        ("API_LOG_FORMAT", "xml"),
        ("API_MAX_STALENESS", "0s"),
    ] {
        let line = refusal(&[(name, value)]);
        assert!(line.starts_with(&format!("{name} (--")) && !line.contains('\n'), "{line}");
        assert!(!line.contains("password@"), "{line}");
    }
}

#[test]
fn range_limits_are_accepted() {
    for (name, value) in [
        ("API_CLOCK_LEEWAY", "0s"),
        ("API_CLOCK_LEEWAY", "1m"),
        ("API_MAX_TOKEN_LIFE", "1s"),
        ("API_MAX_STALENESS", "365d"),
        ("API_USER_LIST", "admin"),
        ("API_KEEP_ALIVE", "1s"),
        ("API_KEEP_ALIVE", "1h"),
    ] {
        assert!(settings(&[(name, value)]).is_ok(), "{name}={value}");
    }
}
