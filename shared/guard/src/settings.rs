//! The settings of a guard from flags and the environment, for any service that uses clap.
//!
//! ```
//! use clap::Parser;
//! use signet_guard::settings::GuardSettings;
//!
//! #[derive(Parser)]
//! struct Arguments {
//!     #[arg(long, default_value = "127.0.0.1:8003")]
//!     bind: String,
//!     #[command(flatten)]
//!     guard: GuardSettings,
//! }
//!
//! # async fn start() -> Result<(), Box<dyn std::error::Error>> {
//! let arguments = Arguments::parse();
//! let guard = arguments.guard.start().await?;
//! # Ok(()) }
//! ```
//!
//! A service gives a setting a default of its own by clap's `mut_arg`, as the examples do.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::address::{self, AddressError};
use super::{FileStore, Guard, GuardConfig, GuardError};
use signet_contract::client_id;
use signet_contract::clock::SystemClock;
use signet_contract::duration::duration;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const YEAR: Duration = Duration::from_secs(365 * 24 * 3_600);

/// The settings of one guard. Each is a flag and a variable `SIGNET_…`; the flag wins.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct GuardSettings {
    /// The issuer's public address, compared unchanged with every token
    #[arg(long, env = "SIGNET_ISSUER", hide_env_values = true, value_name = "ADDRESS",
        value_parser = issuer)]
    pub issuer: String,
    /// The address at which this service reaches the issuer, if it differs from the public one
    #[arg(long, env = "SIGNET_AUTH_URL", hide_env_values = true, value_name = "ADDRESS",
        value_parser = issuer)]
    pub auth_url: Option<String>,
    /// The audiences of this service, separated by commas; a token must be for one of them
    #[arg(id = "audience", long, env = "SIGNET_AUDIENCE", hide_env_values = true,
        value_name = "NAMES", value_delimiter = ',', required = true, value_parser = name)]
    pub audiences: Vec<String>,
    /// The client id of this service at the issuer
    #[arg(long, env = "SIGNET_CLIENT_ID", hide_env_values = true, value_name = "ID",
        value_parser = client)]
    pub client_id: String,
    /// The file with the secret of this client; it may appear after the start
    #[arg(long, env = "SIGNET_CLIENT_SECRET_FILE", hide_env_values = true, value_name = "FILE")]
    pub client_secret_file: PathBuf,
    /// The file for the guard's data, one per instance, kept over a restart
    #[arg(long, env = "SIGNET_STATE_FILE", hide_env_values = true, value_name = "FILE")]
    pub state_file: PathBuf,
    /// The tolerance for the difference between this clock and the issuer's, up to 60s
    #[arg(long, env = "SIGNET_CLOCK_LEEWAY", hide_env_values = true, value_name = "DURATION",
        default_value = "10s", value_parser = duration(Duration::ZERO, MINUTE))]
    pub clock_leeway: Duration,
    /// The longest life of an accepted token
    #[arg(long, env = "SIGNET_MAX_TOKEN_LIFE", hide_env_values = true, value_name = "DURATION",
        default_value = "24h", value_parser = duration(SECOND, YEAR))]
    pub max_token_life: Duration,
    /// The time that keys and revocations are trusted while the issuer can't be reached
    #[arg(long, env = "SIGNET_MAX_STALENESS", hide_env_values = true, value_name = "DURATION",
        default_value = "24h", value_parser = duration(SECOND, YEAR))]
    pub max_staleness: Duration,
    /// The hosts, besides loopback, that this service may call by plain http, separated by commas
    #[arg(long, env = "SIGNET_ALLOW_HTTP", hide_env_values = true, value_name = "HOSTS",
        value_delimiter = ',', value_parser = name)]
    pub allow_http: Vec<String>,
}

impl GuardSettings {
    /// Returns the configuration of the guard.
    ///
    /// # Errors
    ///
    /// The address of the issuer is plain http and not allowed.
    pub fn config(&self) -> Result<GuardConfig, AddressError> {
        let auth_url = address::parse(self.auth_url.as_ref().unwrap_or(&self.issuer))?;
        address::check(&auth_url, &self.allow_http)?;
        Ok(GuardConfig {
            issuer: self.issuer.clone(),
            auth_url,
            audiences: self.audiences.clone(),
            client_id: self.client_id.clone(),
            client_secret_file: self.client_secret_file.clone(),
            leeway: self.clock_leeway,
            max_token_life: self.max_token_life,
            max_staleness: self.max_staleness,
            allow_http: self.allow_http.clone(),
        })
    }

    /// Starts a guard with a [`FileStore`] at the state file.
    ///
    /// # Errors
    ///
    /// As [`config`](Self::config) and [`Guard::start`]; or the state file can't be opened.
    pub async fn start(&self) -> Result<Guard, GuardError> {
        let config = self.config()?;
        let store = FileStore::open(&self.state_file)?;
        Guard::start(config, Arc::new(store), Arc::new(SystemClock)).await
    }
}

fn issuer(value: &str) -> Result<String, AddressError> {
    address::parse(value).map(|_| value.to_owned())
}

fn client(value: &str) -> Result<String, &'static str> {
    client_id::check(value).map(|()| value.to_owned())
}

fn name(value: &str) -> Result<String, &'static str> {
    if value.is_empty() {
        return Err("an entry is empty");
    }
    if value.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err("an entry has a blank or a control character");
    }
    Ok(value.to_owned())
}
