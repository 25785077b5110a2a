//! The guard's settings, parsed: everything behind this holds values, never texts.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use shared::guard::address;
use shared::service::settings::{
    SettingError, Values, duration, host_port, list, one_of, origin_url, path,
};
use url::Url;

mod definitions;
mod values;

pub use definitions::{
    ALL, ALLOW_HTTP, AUDIENCE, AUTH_URL, BIND, CLIENT_ID, CLIENT_SECRET_FILE, CLOCK_LEEWAY,
    DATABASE_URL, ISSUER, MANAGEMENT_BIND, MAX_STALENESS, MAX_TOKEN_LIFE, PUBLIC_URL, USER_LIST,
};

use crate::domain::visibility::Visibility;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const YEAR: Duration = Duration::from_hours(365 * 24);

/// The value of every setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where clients are served.
    pub bind: SocketAddr,
    /// Where health and metrics are served.
    pub management_bind: SocketAddr,
    /// The `iss` that a token must have, to the letter.
    pub issuer: String,
    /// Where the issuer is reached.
    pub auth_url: Url,
    /// This service's own public address, to the letter.
    pub public_url: String,
    /// Host names, beside loopback, that plain http may be used to.
    pub allow_http: Vec<String>,
    /// The audience that a token must be meant for.
    pub audience: String,
    /// The file of the replica.
    pub database: PathBuf,
    /// The tolerance for clocks that differ.
    pub clock_leeway: Duration,
    /// The longest life of a token that is taken.
    pub max_token_life: Duration,
    /// Who may read other users' records.
    pub user_list: Visibility,
    /// This guard's client at the issuer.
    pub client_id: String,
    /// The file that holds the client's secret.
    pub client_secret_file: PathBuf,
    /// How long what is held is trusted without contact to the issuer.
    pub max_staleness: Duration,
}

impl Settings {
    /// Reads every setting.
    ///
    /// # Errors
    ///
    /// The first value that its setting can't take.
    pub fn from_values(found: &Values) -> Result<Self, SettingError> {
        let issuer = found.get(&ISSUER, origin_url)?;
        let allow_http = found.optional(&ALLOW_HTTP, list(values::host_name))?.unwrap_or_default();
        Ok(Self {
            bind: found.get(&BIND, host_port)?,
            management_bind: found.get(&MANAGEMENT_BIND, host_port)?,
            auth_url: auth_url(found, &issuer, &allow_http)?,
            issuer,
            public_url: found.get(&PUBLIC_URL, origin_url)?,
            allow_http,
            audience: found.get(&AUDIENCE, values::name)?,
            database: found.get(&DATABASE_URL, values::sqlite_file)?,
            clock_leeway: found.get(&CLOCK_LEEWAY, duration(Duration::ZERO, MINUTE))?,
            max_token_life: found.get(&MAX_TOKEN_LIFE, duration(SECOND, YEAR))?,
            user_list: found.get(&USER_LIST, one_of(values::USER_LIST))?,
            client_id: found.get(&CLIENT_ID, values::name)?,
            client_secret_file: found.get(&CLIENT_SECRET_FILE, path)?,
            max_staleness: found.get(&MAX_STALENESS, duration(SECOND, YEAR))?,
        })
    }
}

/// Where the issuer is reached: the setting, or the issuer itself. Either way it is the one
/// address that secrets are sent to, so it is checked here and named in the error.
fn auth_url(found: &Values, issuer: &str, allowed: &[String]) -> Result<Url, SettingError> {
    let text = found.optional(&AUTH_URL, origin_url)?.unwrap_or_else(|| issuer.to_owned());
    address::parse(&text)
        .and_then(|url| address::check(&url, allowed).map(|()| url))
        .map_err(|error| SettingError::new(&AUTH_URL, error))
}

#[cfg(test)]
mod tests;
