//! What a guard is told: values, never the environment, so that any service can bring its own.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use super::address::{self, AddressError};
use signet_verifier::Profile;

/// How long a guard trusts what it holds while the issuer can't be reached, unless set.
pub const MAX_STALENESS: Duration = Duration::from_secs(24 * 3_600);

/// The longest life of a token that is taken, unless set.
pub const MAX_TOKEN_LIFE: Duration = Duration::from_secs(24 * 3_600);

/// The tolerance for clocks that differ, unless set.
pub const LEEWAY: Duration = Duration::from_secs(10);

/// The values of one guard.
#[derive(Debug, Clone)]
pub struct GuardConfig {
    /// The issuer, to the letter: compared byte for byte with a token's `iss`.
    pub issuer: String,
    /// Where the issuer is reached. Only the contract's paths below it are ever called.
    pub auth_url: Url,
    /// The audience that a token must be meant for.
    pub audience: String,
    /// This guard's client at the issuer.
    pub client_id: String,
    /// The file that holds the client's secret; read again whenever a token is asked for.
    pub client_secret_file: PathBuf,
    /// The tolerance for clocks that differ.
    pub leeway: Duration,
    /// The longest `exp - iat` that is taken.
    pub max_token_life: Duration,
    /// How long what the guard holds is trusted without contact to the issuer.
    pub max_staleness: Duration,
    /// Host names, beside loopback, that plain http may be used to.
    pub allow_http: Vec<String>,
}

impl GuardConfig {
    /// A configuration with the default times, for an issuer that is reached at its own address.
    ///
    /// # Errors
    ///
    /// If `issuer` is no address.
    pub fn new(
        issuer: &str,
        audience: &str,
        client_id: &str,
        client_secret_file: impl Into<PathBuf>,
    ) -> Result<Self, AddressError> {
        Ok(Self {
            issuer: issuer.to_owned(),
            auth_url: address::parse(issuer)?,
            audience: audience.to_owned(),
            client_id: client_id.to_owned(),
            client_secret_file: client_secret_file.into(),
            leeway: LEEWAY,
            max_token_life: MAX_TOKEN_LIFE,
            max_staleness: MAX_STALENESS,
            allow_http: Vec::new(),
        })
    }

    /// What a token must satisfy here.
    pub(super) fn profile(&self) -> Profile {
        Profile {
            issuer: self.issuer.clone(),
            audiences: vec![self.audience.clone()],
            leeway: signed(self.leeway),
            max_life: signed(self.max_token_life),
        }
    }
}

/// A duration as calendar arithmetic takes it; more than it can hold becomes its longest.
pub(super) fn signed(duration: Duration) -> time::Duration {
    time::Duration::try_from(duration).unwrap_or(time::Duration::MAX)
}
