//! A line that explains the rotation schedule to operators of verifiers.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use auth_domain::keys::{Key, KeyPolicy, KeyState, next_change};

/// Returns the line, for the log at the start and for `keys plan`.
pub fn told(keys: &[Key], policy: &KeyPolicy) -> String {
    let Some(every) = policy.rotation_every else {
        return "AUTH_KEY_ROTATION_EVERY=off: no key is replaced by itself. A verifier that holds \
                a PEM goes on until you rotate; a key that was stolen unseen signs as long"
            .into();
    };
    let active = keys.iter().find(|key| key.state == KeyState::Active);
    let until = active.and_then(|key| next_change(key, policy)).map(told_time);
    let until = until.unwrap_or_else(|| format!("{} days after it begins", every.whole_days()));
    format!(
        "keys are rotated by themselves. Verifiers that fetch the key set notice nothing; one \
         that holds the PEM of the active key needs the next one by {until}"
    )
}

fn told_time(at: OffsetDateTime) -> String {
    at.replace_nanosecond(0).unwrap_or(at).format(&Rfc3339).unwrap_or_default()
}
