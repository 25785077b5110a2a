//! The durations of the steps of a key's life, from the settings.

use time::Duration;

use crate::settings::Settings;
use auth_domain::keys::KeyPolicy;

/// Returns the key policy of these settings.
pub fn key_policy(settings: &Settings) -> KeyPolicy {
    let duration = |setting: std::time::Duration| {
        Duration::seconds(i64::try_from(setting.as_secs()).unwrap_or(i64::MAX))
    };
    KeyPolicy {
        jwks_max_age: duration(settings.jwks_max_age),
        token_life: duration(settings.access_token_ttl),
        rotation_every: settings.key_rotation_every.map(duration),
        guard_patience: duration(settings.guard_patience),
    }
}
