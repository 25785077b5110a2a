//! The parts of the signing keys, from the settings.

use time::Duration;

use crate::settings::Settings;
use auth_app::keys::Rotator;
use auth_crypto::signing::KeyFiles;
use auth_domain::keys::KeyPolicy;

/// Returns the key policy of these settings.
pub fn policy(settings: &Settings) -> KeyPolicy {
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

/// Returns the rotator of these settings.
pub fn rotator(settings: &Settings) -> Rotator {
    let files = KeyFiles::in_folder(&settings.keys_dir);
    Rotator::new(files, settings.key_bits, policy(settings))
}
