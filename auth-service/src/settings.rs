//! The issuer's settings, parsed: the rest of the code gets values, not texts.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use ipnet::IpNet;
use signet_service::log_settings::{LogFilter, LogFormat, LogSettings};
use signet_service::settings::{
    List, OrOff, SettingError, Values, browser_origin, duration, file, host_port, list, name,
    network, or_off, origin_url, path,
};

use auth_crypto::signing::KeyBits;
use auth_store::Location;

mod values;

use values::count_limit;
pub(crate) use values::key_bits;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// Each setting, in the order in which people read them.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Settings {
    /// The address for clients
    #[arg(id = "AUTH_BIND", value_name = "HOST:PORT",
        default_value = "127.0.0.1:8001", value_parser = host_port)]
    pub bind: SocketAddr,
    /// The address for health and metrics, for operators only
    #[arg(id = "AUTH_MANAGEMENT_BIND", value_name = "HOST:PORT",
        default_value = "127.0.0.1:9001", value_parser = host_port)]
    pub management_bind: SocketAddr,
    /// The issuer's public address, written unchanged into every token
    #[arg(id = "AUTH_ISSUER", value_name = "an http or https address",
        default_value = "http://localhost:8001", value_parser = origin_url)]
    pub issuer: String,
    /// The database of users, sessions, clients and the change feed; a password in it is refused on
    /// the command line, and a connection pooler has to be in session mode
    #[arg(id = "AUTH_DATABASE_URL",
        value_name = "sqlite://FILE or postgres://USER@HOST:PORT/DATABASE",
        default_value = "sqlite://data/auth.db", value_parser = values::database)]
    pub database: Location,
    /// The file with the password for a PostgreSQL database, read at each connection
    #[arg(id = "AUTH_DATABASE_PASSWORD_FILE", value_name = "a file", value_parser = file)]
    pub database_password_file: Option<PathBuf>,
    /// The folder of the private signing keys, which no other service may read
    #[arg(id = "AUTH_KEYS_DIR", value_name = "a folder",
        default_value = "keys/signing", value_parser = path)]
    pub keys_dir: PathBuf,
    /// The size of a new signing key, in bits
    #[arg(id = "AUTH_KEY_BITS", value_name = "2048, 3072 or 4096", default_value = "4096",
        value_parser = key_bits())]
    pub key_bits: KeyBits,
    /// The time that a key signs before the standby key takes over; `keys plan` shows the schedule
    #[arg(id = "AUTH_KEY_ROTATION_EVERY", value_name = "a duration from 1s to 3650d, or off",
        default_value = "90d", value_parser = or_off(duration(SECOND, DAY * 3_650)))]
    pub key_rotation_every: OrOff<Duration>,
    /// The time after its lead that the next key waits for guards that do not hold it yet
    #[arg(id = "AUTH_GUARD_PATIENCE", value_name = "a duration from 0s to 1d",
        default_value = "5m", value_parser = duration(Duration::ZERO, DAY))]
    pub guard_patience: Duration,
    /// The time that a verifier may keep the key set; the next key is ripe after two of these
    #[arg(id = "AUTH_JWKS_MAX_AGE", value_name = "a duration from 1s to 1d",
        default_value = "60s", value_parser = duration(SECOND, DAY))]
    pub jwks_max_age: Duration,
    /// The audiences that a token may be asked for; the first is the default of users
    #[arg(id = "AUTH_AUDIENCE", value_name = "names separated by commas",
        default_value = "api-service", value_parser = list(name))]
    pub audience: List<String>,
    /// The life of an access token
    #[arg(id = "AUTH_ACCESS_TOKEN_TTL", value_name = "a duration from 5s to 24h",
        default_value = "30m", value_parser = duration(SECOND * 5, DAY))]
    pub access_token_ttl: Duration,
    /// The life of a refresh token; each use gives a new one
    #[arg(id = "AUTH_REFRESH_TOKEN_TTL", value_name = "a duration from 1s to 3650d",
        default_value = "30d", value_parser = duration(SECOND, DAY * 3_650))]
    pub refresh_token_ttl: Duration,
    /// The time after its log-in that a session can be refreshed
    #[arg(id = "AUTH_SESSION_MAX_LIFE", value_name = "a duration from 1s to 3650d",
        default_value = "90d", value_parser = duration(SECOND, DAY * 3_650))]
    pub session_max_life: Duration,
    /// The time in which a used refresh token gets the same successor again, until the successor is
    /// used; with 0s, a second use ends the session
    #[arg(id = "AUTH_REFRESH_REPEAT_WINDOW", value_name = "a duration from 0s to 1h",
        default_value = "0s", value_parser = duration(Duration::ZERO, HOUR))]
    pub refresh_repeat_window: Duration,
    /// The answer to a refused log-in: `distinct` shows if an account exists, `uniform` does not
    #[arg(
        id = "AUTH_LOGIN_ERRORS",
        long,
        value_name = "distinct or uniform",
        default_value = "distinct"
    )]
    pub login_errors: LoginErrors,
    /// The number of failed log-ins of an account before it has to wait
    #[arg(id = "AUTH_LOGIN_FAILURES_PER_ACCOUNT", value_name = "COUNT/DURATION or off",
        default_value = "10/15m", value_parser = or_off(count_limit))]
    pub login_failures_per_account: OrOff<CountLimit>,
    /// The number of failed log-ins of a network address before it has to wait
    #[arg(id = "AUTH_LOGIN_FAILURES_PER_ADDRESS", value_name = "COUNT/DURATION or off",
        default_value = "1000/15m", value_parser = or_off(count_limit))]
    pub login_failures_per_address: OrOff<CountLimit>,
    /// The right to sign up: `open` for everyone, `off` for accounts that operators make
    #[arg(id = "AUTH_REGISTRATION", long, value_name = "open or off", default_value = "open")]
    pub registration: Registration,
    /// The number of sign-ups of a network address before it has to wait
    #[arg(id = "AUTH_SIGN_UPS_PER_ADDRESS", value_name = "COUNT/DURATION or off",
        default_value = "100/1h", value_parser = or_off(count_limit))]
    pub sign_ups_per_address: OrOff<CountLimit>,
    /// The proxies that may set X-Forwarded-For and X-Request-Id
    #[arg(id = "AUTH_TRUSTED_PROXIES",
        value_name = "addresses or networks separated by commas", value_parser = list(network))]
    pub trusted_proxies: Option<List<IpNet>>,
    /// The web origins of pages that may call from a browser
    #[arg(id = "AUTH_CORS_ORIGINS",
        value_name = "origins such as https://app.example.org, separated by commas",
        value_parser = list(browser_origin))]
    pub cors_origins: Option<List<String>>,
    /// The time that an idle connection stays open; a proxy in front should close first
    #[arg(id = "AUTH_KEEP_ALIVE", value_name = "a duration from 1s to 1h",
        default_value = "75s", value_parser = duration(SECOND, HOUR))]
    pub keep_alive: Duration,
    /// The time after SIGTERM in which requests are still taken, while readiness is 503; docker stop
    /// has to wait 13 s longer before it kills
    #[arg(id = "AUTH_DRAIN", value_name = "a duration from 0s to 60s",
        default_value = "2s", value_parser = duration(Duration::ZERO, SECOND * 60))]
    pub drain: Duration,
    /// The time that the change feed keeps an event; a guard that was offline longer starts from a
    /// snapshot
    #[arg(id = "AUTH_FEED_KEEP", value_name = "a duration from 1s to 3650d",
        default_value = "7d", value_parser = duration(SECOND, DAY * 3_650))]
    pub feed_keep: Duration,
    /// The time that the audit log keeps a row
    #[arg(id = "AUTH_AUDIT_KEEP", value_name = "a duration from 1s to 3650d",
        default_value = "365d", value_parser = duration(SECOND, DAY * 3_650))]
    pub audit_keep: Duration,
    /// The lines of the log: a level, or a list of targets with their levels
    #[arg(id = "AUTH_LOG", value_name = "error, warn, info, debug, trace or off, or a list such as \
        info,auth_app=debug", default_value = "info", value_parser = LogFilter::parse)]
    pub log: LogFilter,
    /// The form of a line of the log: for people, or one JSON object
    #[arg(id = "AUTH_LOG_FORMAT", long, value_name = "text or json", default_value = "text")]
    pub log_format: LogFormat,
}

/// The answer to a refused log-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LoginErrors {
    /// It tells that the account exists: the published contract.
    Distinct,
    /// One answer, in one time.
    Uniform,
}

/// The right to sign up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Registration {
    /// Everyone may.
    Open,
    /// Operators make the accounts.
    Off,
}

/// A count in a window of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountLimit {
    /// The number that is allowed; the next one is refused.
    pub count: u32,
    /// The window.
    pub window: Duration,
}

impl Settings {
    /// Parses every setting.
    ///
    /// # Errors
    ///
    /// The first invalid value.
    pub fn from_values(values: &Values) -> Result<Self, SettingError> {
        let mut settings: Self = values.parse()?;
        let Location::Postgres(server) = &settings.database else { return Ok(settings) };
        if let Some(file) = &settings.database_password_file {
            let server = server.clone().with_password_file(file.clone()).ok_or_else(|| {
                let why = "AUTH_DATABASE_URL holds a password already";
                SettingError(format!("AUTH_DATABASE_PASSWORD_FILE: {why}"))
            })?;
            settings.database = Location::Postgres(server);
        }
        Ok(settings)
    }

    /// Returns the settings of the log.
    pub fn log(&self) -> LogSettings {
        LogSettings { filter: self.log.clone(), format: self.log_format }
    }
}

#[cfg(test)]
mod tests;
