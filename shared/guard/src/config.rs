//! The settings of a guard: values, never the environment, so that any service can bring its own.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use super::address::{self, AddressError};
use signet_verifier::Profile;

/// The default time that a guard trusts its data without contact to the issuer.
pub const MAX_STALENESS: Duration = Duration::from_secs(24 * 3_600);

/// The default limit for the life of a token.
pub const MAX_TOKEN_LIFE: Duration = Duration::from_secs(24 * 3_600);

/// The default tolerance for clocks that differ.
pub const LEEWAY: Duration = Duration::from_secs(10);

/// The values of one guard.
#[derive(Debug, Clone)]
pub struct GuardConfig {
    /// The issuer, compared byte for byte with a token's `iss`.
    pub issuer: String,
    /// The issuer's address. The guard calls only the contract's paths below it.
    pub auth_url: Url,
    /// The audiences of this service. A token must be for one of them. The guard is not ready while its
    /// issuer does not know the first one.
    pub audiences: Vec<String>,
    /// This guard's client at the issuer.
    pub client_id: String,
    /// The file that holds the client's secret; read again for each token request.
    pub client_secret_file: PathBuf,
    /// The tolerance for clocks that differ.
    pub leeway: Duration,
    /// The longest `exp - iat` that is accepted.
    pub max_token_life: Duration,
    /// The time that the guard trusts its data without contact to the issuer.
    pub max_staleness: Duration,
    /// Host names, beside loopback, that plain http is allowed to.
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
            audiences: vec![audience.to_owned()],
            client_id: client_id.to_owned(),
            client_secret_file: client_secret_file.into(),
            leeway: LEEWAY,
            max_token_life: MAX_TOKEN_LIFE,
            max_staleness: MAX_STALENESS,
            allow_http: Vec::new(),
        })
    }

    /// The rules for a token at this guard.
    pub(super) fn profile(&self) -> Profile {
        Profile {
            issuer: self.issuer.clone(),
            audiences: self.audiences.clone(),
            leeway: signed(self.leeway),
            max_life: signed(self.max_token_life),
        }
    }
}

/// Converts to a `time::Duration`; a longer duration becomes its maximum.
pub(super) fn signed(duration: Duration) -> time::Duration {
    time::Duration::try_from(duration).unwrap_or(time::Duration::MAX)
}
