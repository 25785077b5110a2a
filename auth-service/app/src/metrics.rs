//! The counters of the use cases. Each label has a closed list of values, and each counter exists
//! from the start.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use signet_verifier::Refusal;

/// Counters with one label.
type Counters = Family<[(&'static str, &'static str); 1], Counter>;

/// The counters.
#[derive(Debug, Clone)]
pub struct Metrics {
    log_ins: Counters,
    sign_ups: Counters,
    tokens: Counters,
    refused_tokens: Counters,
}

/// The outcome of a log-in. `Throttled` also counts changes of a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CountedLogIn {
    Ok,
    UnknownUser,
    WrongPassword,
    Disabled,
    Throttled,
}

/// The outcome of a sign-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CountedSignUp {
    Created,
    Taken,
    Throttled,
    Closed,
}

/// The holder of an access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenHolder {
    User,
    Service,
}

impl CountedLogIn {
    const ALL: [Self; 5] =
        [Self::Ok, Self::UnknownUser, Self::WrongPassword, Self::Disabled, Self::Throttled];

    /// Returns the word for the log and for the metrics.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::UnknownUser => "unknown_user",
            Self::WrongPassword => "wrong_password",
            Self::Disabled => "disabled",
            Self::Throttled => "throttled",
        }
    }
}

impl CountedSignUp {
    const ALL: [Self; 4] = [Self::Created, Self::Taken, Self::Throttled, Self::Closed];

    /// Returns the word for the log and for the metrics.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Taken => "taken",
            Self::Throttled => "throttled",
            Self::Closed => "closed",
        }
    }
}

impl TokenHolder {
    const ALL: [Self; 2] = [Self::User, Self::Service];

    fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Service => "service",
        }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            log_ins: counters(OUTCOME, CountedLogIn::ALL.map(CountedLogIn::word)),
            sign_ups: counters(OUTCOME, CountedSignUp::ALL.map(CountedSignUp::word)),
            tokens: counters(HOLDER, TokenHolder::ALL.map(TokenHolder::word)),
            refused_tokens: counters(REASON, Refusal::WORDS),
        }
    }
}

const OUTCOME: &str = "outcome";
const HOLDER: &str = "holder";
const REASON: &str = "reason";

/// Creates a counter for each value of the label.
fn counters<const N: usize>(label: &'static str, values: [&'static str; N]) -> Counters {
    let counters = Counters::default();
    for value in values {
        drop(counters.get_or_create(&[(label, value)]));
    }
    counters
}

impl Metrics {
    /// Registers every counter.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("signet_log_ins", "Log-ins by outcome", self.log_ins.clone());
        registry.register("signet_sign_ups", "Sign-ups by outcome", self.sign_ups.clone());
        registry.register("signet_tokens", "Access tokens issued by holder", self.tokens.clone());
        registry.register(
            "signet_refused_tokens",
            "Access tokens refused, by reason",
            self.refused_tokens.clone(),
        );
    }

    /// Counts a log-in.
    pub(crate) fn log_in(&self, outcome: CountedLogIn) {
        self.log_ins.get_or_create(&[(OUTCOME, outcome.word())]).inc();
    }

    /// Counts a sign-up.
    pub(crate) fn sign_up(&self, outcome: CountedSignUp) {
        self.sign_ups.get_or_create(&[(OUTCOME, outcome.word())]).inc();
    }

    /// Counts an access token.
    pub(crate) fn token(&self, holder: TokenHolder) {
        self.tokens.get_or_create(&[(HOLDER, holder.word())]).inc();
    }

    /// Counts a request with a missing or a refused access token.
    pub fn token_refused(&self, refusal: &Refusal) {
        self.refused_tokens.get_or_create(&[(REASON, refusal.word())]).inc();
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::prometheus_text::encode;

    use super::*;

    #[test]
    fn every_counter_exists_before_its_first_event() {
        let (mut registry, mut text) = (Registry::default(), String::new());
        Metrics::default().register(&mut registry);
        encode(&mut text, &registry).unwrap();
        for (name, values) in [
            ("log_ins", &["ok", "unknown_user", "wrong_password", "disabled", "throttled"][..]),
            ("sign_ups", &["created", "taken", "throttled", "closed"]),
        ] {
            for value in values {
                let line = format!("signet_{name}_total{{outcome=\"{value}\"}} 0\n");
                assert!(text.contains(&line), "{line}{text}");
            }
        }
        for holder in ["user", "service"] {
            let line = format!("signet_tokens_total{{holder=\"{holder}\"}} 0\n");
            assert!(text.contains(&line), "{line}{text}");
        }
    }
}
