//! The issuer's settings, parsed: everything behind this holds values, never texts.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use shared::service::settings::{
    Origin, SettingError, Values, duration, host_port, list, one_of, origin_url, path,
};

use crate::store::Location;

mod definitions;
mod values;

pub use definitions::{
    ACCESS_TOKEN_TTL, ALL, AUDIENCE, AUDIT_KEEP, BIND, CORS_ORIGINS, DATABASE_PASSWORD_FILE,
    DATABASE_URL, FEED_KEEP, GUARD_PATIENCE, ISSUER, JWKS_MAX_AGE, KEY_BITS, KEY_ROTATION_EVERY,
    KEYS_DIR, LOGIN_ERRORS, LOGIN_FAILURES_PER_ACCOUNT, LOGIN_FAILURES_PER_ADDRESS,
    MANAGEMENT_BIND, REFRESH_REPEAT_WINDOW, REFRESH_TOKEN_TTL, SESSION_MAX_LIFE,
    SIGN_UPS_PER_ADDRESS, TRUSTED_PROXIES,
};
pub use values::shown;

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_hours(24);

/// The value of every setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where clients are served.
    pub bind: SocketAddr,
    /// Where health and metrics are served.
    pub management_bind: SocketAddr,
    /// The `iss` of every token, to the letter.
    pub issuer: String,
    /// Where the data is kept.
    pub database: Location,
    /// The folder of the private keys.
    pub keys_dir: PathBuf,
    /// The size of a new key.
    pub key_bits: KeyBits,
    /// How long a key signs; none: until an operator rotates.
    pub key_rotation_every: Option<Duration>,
    /// How long after its lead a key waits for guards that do not hold it yet.
    pub guard_patience: Duration,
    /// The `max-age` of the published key set.
    pub jwks_max_age: Duration,
    /// The audiences that a token may be asked for, the default of users first.
    pub audience: Vec<String>,
    /// The life of an access token.
    pub access_token_ttl: Duration,
    /// The life of a refresh token.
    pub refresh_token_ttl: Duration,
    /// How long after its log-in a session can be refreshed.
    pub session_max_life: Duration,
    /// How long a used refresh token gets the same successor again.
    pub refresh_repeat_window: Duration,
    /// Whether a refused log-in says why.
    pub login_errors: LoginErrors,
    /// How many failed log-ins an account takes; none: any number.
    pub login_failures_per_account: Option<CountLimit>,
    /// How many failed log-ins an address may make; none: any number.
    pub login_failures_per_address: Option<CountLimit>,
    /// The number of sign-ups that an address may make; `None` is any number.
    pub sign_ups_per_address: Option<CountLimit>,
    /// The proxies whose word on a client's address is taken.
    pub trusted_proxies: Vec<IpNet>,
    /// The origins whose pages may call from a browser.
    pub cors_origins: Vec<String>,
    /// How long the feed keeps an event.
    pub feed_keep: Duration,
    /// How long the audit log keeps a row.
    pub audit_keep: Duration,
}

/// The size of an RSA key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyBits {
    /// 2048 bits.
    B2048,
    /// 3072 bits.
    B3072,
    /// 4096 bits.
    B4096,
}

impl KeyBits {
    /// The number.
    pub fn number(self) -> usize {
        match self {
            Self::B2048 => 2048,
            Self::B3072 => 3072,
            Self::B4096 => 4096,
        }
    }
}

/// What a refused log-in tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginErrors {
    /// Whether the account exists: the published contract.
    Distinct,
    /// Nothing: one answer, in one time.
    Uniform,
}

/// A count in a window of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountLimit {
    /// The number that is let through; the next one is refused.
    pub count: u32,
    /// The window.
    pub window: Duration,
}

impl Settings {
    /// Reads every setting.
    ///
    /// # Errors
    ///
    /// The first value that its setting can't take.
    pub fn from_values(found: &Values) -> Result<Self, SettingError> {
        Ok(Self {
            bind: found.get(&BIND, host_port)?,
            management_bind: found.get(&MANAGEMENT_BIND, host_port)?,
            issuer: found.get(&ISSUER, origin_url)?,
            database: database(found)?,
            keys_dir: found.get(&KEYS_DIR, path)?,
            key_bits: found.get(&KEY_BITS, one_of(values::KEY_SIZES))?,
            key_rotation_every: found.get(&KEY_ROTATION_EVERY, values::rotation)?,
            guard_patience: found.get(&GUARD_PATIENCE, duration(Duration::ZERO, DAY))?,
            jwks_max_age: found.get(&JWKS_MAX_AGE, duration(SECOND, DAY))?,
            audience: found.get(&AUDIENCE, list(values::audience))?,
            access_token_ttl: found.get(&ACCESS_TOKEN_TTL, duration(SECOND * 5, DAY))?,
            refresh_token_ttl: found.get(&REFRESH_TOKEN_TTL, duration(SECOND, DAY * 3_650))?,
            session_max_life: found.get(&SESSION_MAX_LIFE, duration(SECOND, DAY * 3_650))?,
            refresh_repeat_window: found
                .get(&REFRESH_REPEAT_WINDOW, duration(Duration::ZERO, SECOND * 3_600))?,
            login_errors: found.get(&LOGIN_ERRORS, one_of(values::LOGIN_ERRORS))?,
            login_failures_per_account: found
                .get(&LOGIN_FAILURES_PER_ACCOUNT, values::count_limit)?,
            login_failures_per_address: found
                .get(&LOGIN_FAILURES_PER_ADDRESS, values::count_limit)?,
            sign_ups_per_address: found.get(&SIGN_UPS_PER_ADDRESS, values::count_limit)?,
            trusted_proxies: found
                .optional(&TRUSTED_PROXIES, list(values::network))?
                .unwrap_or_default(),
            cors_origins: found
                .optional(&CORS_ORIGINS, list(values::browser_origin))?
                .unwrap_or_default(),
            feed_keep: found.get(&FEED_KEEP, duration(SECOND, DAY * 3_650))?,
            audit_keep: found.get(&AUDIT_KEEP, duration(SECOND, DAY * 3_650))?,
        })
    }
}

/// Where the data is kept, and the password for it.
fn database(found: &Values) -> Result<Location, SettingError> {
    if let Some((url, Origin::Flag)) = found.raw(&DATABASE_URL)
        && values::has_password(url)
    {
        return Err(SettingError::new(
            &DATABASE_URL,
            "a password on the command line is read by every user of this machine: \
             give the URL as an environment variable or in .env",
        ));
    }
    let location = found.get(&DATABASE_URL, values::database)?;
    match (location, found.optional(&DATABASE_PASSWORD_FILE, path)?) {
        (Location::Postgres(server), Some(file)) => {
            server.with_password_file(file).map(Location::Postgres).ok_or_else(|| {
                let line = "AUTH_DATABASE_URL holds a password already";
                SettingError::new(&DATABASE_PASSWORD_FILE, line)
            })
        }
        (location, _) => Ok(location),
    }
}

/// A size as `--bits` takes it.
pub fn key_bits(value: &str) -> Result<KeyBits, String> {
    one_of(values::KEY_SIZES)(value)
}

#[cfg(test)]
mod tests;
