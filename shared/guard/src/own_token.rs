//! The guard's own access token as a sample. The issuer makes it as it makes each user's token, so
//! the guard's rules find the same faults in both.

use time::{Duration, OffsetDateTime};

use super::mismatch::{Mismatch, shown};
use signet_verifier::{Profile, PublicKey, inspect, outline};

/// A clock mismatch ends only when a token fits with this margin, so that it does not come and go.
const SPARE: Duration = Duration::SECOND;

/// The token, and the guard's time before the request and after the answer.
pub(super) struct OwnToken {
    pub(super) text: String,
    pub(super) asked: OffsetDateTime,
    pub(super) received: OffsetDateTime,
}

/// The judgement of the guard's rules on its own token.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    /// This guard accepts a user's token with this issuer, key, life and time.
    Good {
        kid: String,
    },
    /// No key with this thumbprint is held.
    NoKey {
        kid: String,
    },
    Refused(Mismatch),
}

/// Judges the token. `strict_clock` is set while the clocks are known to differ.
///
/// The time of the request is compared with the expiry, and the time of the answer with the issue.
/// So a slow answer never makes clocks differ that agree.
pub(super) fn judge(
    token: &OwnToken,
    profile: &Profile,
    strict_clock: bool,
    key: impl FnOnce(&str) -> Option<PublicKey>,
) -> Judgement {
    let told = match outline(&token.text) {
        Ok(told) => told,
        Err(reason) => return Judgement::Refused(Mismatch::Token(reason)),
    };
    if told.issuer != profile.issuer {
        let (ours, theirs) = (profile.issuer.clone(), shown(&told.issuer));
        return Judgement::Refused(Mismatch::Issuer { ours, theirs });
    }
    let life = told.expires_at - told.issued_at;
    if life > profile.max_life {
        let (ours, theirs) = (profile.max_life.whole_seconds(), life.whole_seconds());
        return Judgement::Refused(Mismatch::TokenLife { ours, theirs });
    }
    let spare = if strict_clock { SPARE } else { Duration::ZERO };
    if told.issued_at > token.received.saturating_add(profile.leeway).saturating_sub(spare) {
        return Judgement::Refused(Mismatch::ClockBehind {
            seconds: (told.issued_at - token.received).whole_seconds(),
            leeway: profile.leeway.whole_seconds().unsigned_abs(),
        });
    }
    if token.asked >= told.expires_at.saturating_add(profile.leeway).saturating_sub(spare) {
        return Judgement::Refused(Mismatch::ClockAhead {
            seconds: (token.asked - told.issued_at).whole_seconds(),
            limit: (life + profile.leeway).whole_seconds(),
        });
    }
    // The clocks are judged above, the rest at the time of issue. The audience is the issuer.
    let own = Profile { audiences: vec![profile.issuer.clone()], ..profile.clone() };
    let unverified = match inspect(&token.text, &own, told.issued_at) {
        Ok(unverified) => unverified,
        Err(reason) => return Judgement::Refused(Mismatch::Token(reason)),
    };
    let kid = unverified.kid().to_owned();
    match key(&kid) {
        None => Judgement::NoKey { kid },
        Some(key) if unverified.verify(&key).is_ok() => Judgement::Good { kid },
        Some(_) => Judgement::Refused(Mismatch::Signature { kid }),
    }
}

#[cfg(test)]
mod tests;
