//! The reasons for a guard to refuse every good token of its issuer: different settings or clocks.

use std::time::Duration;

use super::config::signed;
use signet_verifier::Reason;

/// The largest difference from the issuer's clock at which a guard is ready.
pub const MAX_SKEW: Duration = Duration::from_secs(5 * 60);

/// The issuer's `Date` is cut to the second, so the skew is known to about a second.
const SKEW_PRECISION: time::Duration = time::Duration::SECOND;

/// The most characters of a value from the issuer that a log line shows.
const LONGEST_SHOWN: usize = 200;

/// A difference between the guard and its issuer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The issuer's tokens carry another `iss`.
    #[error("the issuer's tokens have the issuer `{theirs}`; this guard accepts only `{ours}`")]
    Issuer {
        /// The guard's setting.
        ours: String,
        /// The `iss` of the issuer's tokens.
        theirs: String,
    },
    /// The issuer issues no token for this guard.
    #[error("this guard accepts tokens for `{ours}`; the issuer issues them only for `{theirs}`")]
    Audience {
        /// The guard's setting.
        ours: String,
        /// The issuer's audiences, separated by commas.
        theirs: String,
    },
    /// A fresh token is issued in the future by the guard's clock.
    #[error("this clock is {seconds} s behind the issuer's; the leeway is {leeway} s")]
    ClockBehind {
        /// The difference in seconds.
        seconds: i64,
        /// The leeway in seconds.
        leeway: u64,
    },
    /// A fresh token has expired by the guard's clock, or is close to it.
    #[error("this clock is {seconds} s ahead of the issuer's; at most {limit} s are taken")]
    ClockAhead {
        /// The difference in seconds, at least.
        seconds: i64,
        /// The largest accepted difference in seconds.
        limit: i64,
    },
    /// Tokens live longer than the guard accepts.
    #[error("the issuer's tokens live {theirs} s; this guard accepts at most {ours} s")]
    TokenLife {
        /// The guard's limit in seconds.
        ours: i64,
        /// The life of the issuer's tokens in seconds.
        theirs: i64,
    },
    /// The key that signs the issuer's tokens is not in the key set, or the guard refuses its kind.
    #[error("the key set has no usable key `{kid}`, which signs the issuer's tokens")]
    Key {
        /// The key's thumbprint.
        kid: String,
    },
    /// The key in the set does not verify the issuer's tokens.
    #[error("the key `{kid}` of the key set does not verify the issuer's tokens")]
    Signature {
        /// The key's thumbprint.
        kid: String,
    },
    /// The issuer's tokens do not fit the token profile.
    #[error("this guard's own token from the issuer is refused: {}", .0.description())]
    Token(Reason),
}

impl Mismatch {
    /// The part of the guard's readiness: `issuer`, `audience`, `clock`, `tokens` or `keys`.
    pub fn part(&self) -> &'static str {
        match self {
            Self::Issuer { .. } => "issuer",
            Self::Audience { .. } => "audience",
            Self::ClockBehind { .. } | Self::ClockAhead { .. } => "clock",
            Self::TokenLife { .. } | Self::Token(_) => "tokens",
            Self::Key { .. } | Self::Signature { .. } => "keys",
        }
    }

    /// Returns true if the log already has it. The numbers of a clock change with each answer.
    pub(super) fn is_known_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::ClockBehind { .. }, Self::ClockBehind { .. })
            | (Self::ClockAhead { .. }, Self::ClockAhead { .. }) => true,
            _ => self == other,
        }
    }

    /// Returns the mismatch of two clocks. `skew` is the issuer's clock minus the guard's.
    ///
    /// A late answer makes the guard's clock look ahead, never behind: slowness is no mismatch.
    pub(super) fn of_clocks(skew: time::Duration, leeway: Duration) -> Option<Self> {
        if skew > signed(leeway).saturating_add(SKEW_PRECISION) || skew > signed(MAX_SKEW) {
            return Some(Self::ClockBehind {
                seconds: skew.whole_seconds(),
                leeway: leeway.as_secs(),
            });
        }
        let ahead = skew < -signed(MAX_SKEW);
        ahead.then(|| Self::ClockAhead {
            seconds: -skew.whole_seconds(),
            limit: signed(MAX_SKEW).whole_seconds(),
        })
    }

    /// Returns the mismatch of audiences, if `theirs` lack the first of `ours`. A service may accept
    /// the others before its issuer issues them.
    pub(super) fn of_audiences(ours: &[String], theirs: &[String]) -> Option<Self> {
        let known = ours.first().is_some_and(|one| theirs.contains(one));
        (!known)
            .then(|| Self::Audience { ours: ours.join(", "), theirs: shown(&theirs.join(", ")) })
    }
}

/// Returns a text from the issuer for a log line: printable and of bounded length.
pub(super) fn shown(text: &str) -> String {
    text.escape_debug().take(LONGEST_SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_behind_by_more_than_leeway_is_a_mismatch() {
        let part = |seconds: f64, leeway: u64| {
            let skew = time::Duration::seconds_f64(seconds);
            Mismatch::of_clocks(skew, Duration::from_secs(leeway)).map(|found| found.to_string())
        };
        for (seconds, leeway) in [(0.0, 0), (0.5, 0), (10.5, 10), (-299.0, 10), (60.9, 60)] {
            assert_eq!(part(seconds, leeway), None, "{seconds} s, leeway {leeway} s");
        }
        let behind = part(30.2, 10).expect("a mismatch");
        assert_eq!(behind, "this clock is 30 s behind the issuer's; the leeway is 10 s");
        let ahead = part(-301.0, 10).expect("a mismatch");
        assert!(ahead.contains("301 s ahead") && ahead.contains("300 s"), "{ahead}");
        assert!(part(301.0, 600).is_some(), "no leeway is above five minutes");
    }

    #[test]
    fn missing_common_audience_is_a_mismatch() {
        let list = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        let theirs = list(&["api-service", "orders"]);
        assert_eq!(Mismatch::of_audiences(&list(&["orders"]), &theirs), None);
        assert_eq!(Mismatch::of_audiences(&list(&["orders", "x"]), &theirs), None);
        assert!(Mismatch::of_audiences(&list(&["x", "orders"]), &theirs).is_some());
        for foreign in ["Orders", "orders ", "order", "billing"] {
            let found = Mismatch::of_audiences(&list(&[foreign]), &theirs).expect("a mismatch");
            let line = found.to_string();
            assert!(line.contains(foreign) && line.contains("api-service, orders"), "{line}");
        }
    }

    #[test]
    fn text_of_the_issuer_is_shown_printable_and_short() {
        let line = shown(&format!("a\n\u{1b}{}", "x".repeat(1_000)));
        assert!(line.starts_with("a\\n\\u{1b}xx") && line.len() == LONGEST_SHOWN, "{line}");
    }
}
