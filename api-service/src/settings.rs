//! The guard's settings, parsed: the rest of the code gets values, not texts.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use ipnet::IpNet;
use signet_guard::address::{self, AddressError};
use signet_service::log_settings::{LogFilter, LogFormat, LogSettings};
use signet_service::settings::{
    List, SettingError, Values, browser_origin, duration, file, host_name, host_port, list, name,
    network, origin_url, sqlite_file,
};
use url::Url;

use crate::domain::visibility::Visibility;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const YEAR: Duration = Duration::from_hours(365 * 24);

/// The settings, in the order in which people read them.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Settings {
    /// The address for clients
    #[arg(id = "API_BIND", value_name = "HOST:PORT",
        default_value = "127.0.0.1:8002", value_parser = host_port)]
    pub bind: SocketAddr,
    /// The address for health and metrics, for operators only
    #[arg(id = "API_MANAGEMENT_BIND", value_name = "HOST:PORT",
        default_value = "127.0.0.1:9002", value_parser = host_port)]
    pub management_bind: SocketAddr,
    /// The issuer's public address, compared unchanged with every token
    #[arg(id = "API_ISSUER", value_name = "an http or https address",
        default_value = "http://localhost:8001", value_parser = origin_url)]
    pub issuer: String,
    /// The address at which this service reaches the issuer, if it differs from the public one
    #[arg(id = "API_AUTH_URL", value_name = "an https address, or plain http to loopback \
        or to a name that API_ALLOW_HTTP lists", value_parser = origin_url)]
    pub auth_url: Option<String>,
    /// This service's own public address, as its metadata shows it
    #[arg(id = "API_PUBLIC_URL", value_name = "an http or https address",
        default_value = "http://localhost:8002", value_parser = origin_url)]
    pub public_url: String,
    /// The hosts, besides loopback, that this service may call by plain http
    #[arg(id = "API_ALLOW_HTTP", value_name = "host names separated by commas",
        value_parser = list(host_name))]
    pub allow_http: Option<List<String>>,
    /// The audiences of accepted tokens. The user directory takes the first one only, /verify takes
    /// each, or the one that the proxy asks for
    #[arg(id = "API_AUDIENCE", value_name = "names separated by commas",
        default_value = "api-service", value_parser = list(name))]
    pub audiences: List<String>,
    /// The client id of this service at the issuer
    #[arg(id = "API_CLIENT_ID", value_name = "1 to 64 characters out of A-Z a-z 0-9 . _ -",
        default_value = "api-service", value_parser = client_id)]
    pub client_id: String,
    /// The file with the secret of this client; it may appear after the start
    #[arg(id = "API_CLIENT_SECRET_FILE", value_name = "a file",
        default_value = "keys/clients/api-service.secret", value_parser = file)]
    pub client_secret_file: PathBuf,
    /// The replica of the user directory, one file per instance; it may be deleted at any time
    #[arg(id = "API_DATABASE_URL", value_name = "sqlite://FILE",
        default_value = "sqlite://data/api.db", value_parser = sqlite_file)]
    pub database: PathBuf,
    /// The tolerance for the difference between this clock and the issuer's
    #[arg(id = "API_CLOCK_LEEWAY", value_name = "a duration from 0s to 60s",
        default_value = "10s", value_parser = duration(Duration::ZERO, MINUTE))]
    pub clock_leeway: Duration,
    /// The longest life of an accepted token
    #[arg(id = "API_MAX_TOKEN_LIFE", value_name = "a duration from 1s to 365d",
        default_value = "24h", value_parser = duration(SECOND, YEAR))]
    pub max_token_life: Duration,
    /// The time that keys, revocations and directory are trusted while the issuer can't be reached
    #[arg(id = "API_MAX_STALENESS", value_name = "a duration from 1s to 365d",
        default_value = "24h", value_parser = duration(SECOND, YEAR))]
    pub max_staleness: Duration,
    /// The users who may list users and read records other than their own
    #[arg(id = "API_USER_LIST", value_name = "everyone or admin",
        default_value = "everyone", value_parser = visibility)]
    pub user_list: Visibility,
    /// The web origins of pages that may call from a browser
    #[arg(id = "API_CORS_ORIGINS",
        value_name = "origins such as https://app.example.org, separated by commas",
        value_parser = list(browser_origin))]
    pub cors_origins: Option<List<String>>,
    /// The time that an idle connection stays open; a proxy in front should close first
    #[arg(id = "API_KEEP_ALIVE", value_name = "a duration from 1s to 1h",
        default_value = "75s", value_parser = duration(SECOND, HOUR))]
    pub keep_alive: Duration,
    /// The time after SIGTERM in which requests are still taken, while readiness is 503; docker stop
    /// has to wait 13 s longer before it kills
    #[arg(id = "API_DRAIN", value_name = "a duration from 0s to 60s",
        default_value = "2s", value_parser = duration(Duration::ZERO, MINUTE))]
    pub drain: Duration,
    /// The proxies that may set X-Forwarded-For and X-Request-Id
    #[arg(id = "API_TRUSTED_PROXIES",
        value_name = "addresses or networks separated by commas", value_parser = list(network))]
    pub trusted_proxies: Option<List<IpNet>>,
    /// The lines of the log: a level, or a list of targets with their levels
    #[arg(id = "API_LOG", value_name = "error, warn, info, debug, trace or off, or a list such as \
        info,signet_guard=debug", default_value = "info", value_parser = LogFilter::parse)]
    pub log: LogFilter,
    /// The form of a line of the log: for people, or one JSON object
    #[arg(id = "API_LOG_FORMAT", long, value_name = "text or json", default_value = "text")]
    pub log_format: LogFormat,
}

impl Settings {
    /// Parses all settings.
    ///
    /// # Errors
    ///
    /// The first invalid value.
    pub fn from_values(values: &Values) -> Result<Self, SettingError> {
        let settings: Self = values.parse()?;
        let wrong = |why| SettingError(format!("API_AUTH_URL (--auth-url): {why}"));
        settings.reached_at().map_err(wrong)?;
        Ok(settings)
    }

    /// Returns the address at which this service reaches the issuer. Secrets are sent only there.
    ///
    /// # Errors
    ///
    /// The address is plain http and not allowed.
    pub fn reached_at(&self) -> Result<Url, AddressError> {
        let url = address::parse(self.auth_url.as_ref().unwrap_or(&self.issuer))?;
        address::check(&url, self.allow_http.as_deref().unwrap_or_default())?;
        Ok(url)
    }

    /// Returns the settings of the log.
    pub fn log(&self) -> LogSettings {
        LogSettings { filter: self.log.clone(), format: self.log_format }
    }
}

/// Parses the id of a client.
fn client_id(value: &str) -> Result<String, String> {
    signet_contract::client_id::check(value)?;
    Ok(value.to_owned())
}

/// Parses the users that may read other users' records.
fn visibility(value: &str) -> Result<Visibility, String> {
    match value {
        "everyone" => Ok(Visibility::Everyone),
        "admin" => Ok(Visibility::Admins),
        _ => Err("is not known".into()),
    }
}

#[cfg(test)]
mod tests;
