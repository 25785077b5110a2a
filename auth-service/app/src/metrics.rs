//! The counters, for the management listener.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use auth_crypto::hashing::HashingPool;

/// The counters.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    log_ins: Family<OutcomeLabel, Counter>,
    sign_ups: Family<OutcomeLabel, Counter>,
    tokens: Family<HolderLabel, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct HolderLabel {
    holder: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

impl Metrics {
    /// Registers every counter, and the length and the refusals of the hashing queue.
    pub fn register(&self, registry: &mut Registry, hashing: &HashingPool) {
        registry.register("signet_log_ins", "Log-ins by outcome", self.log_ins.clone());
        registry.register("signet_sign_ups", "Sign-ups by outcome", self.sign_ups.clone());
        registry.register("signet_tokens", "Access tokens issued", self.tokens.clone());
        registry.register_collector(Box::new(HashingQueue(hashing.clone())));
    }

    /// Counts a log-in: `ok`, `unknown_user`, `wrong_password`, `disabled` or `throttled`.
    pub(crate) fn log_in(&self, outcome: &'static str) {
        self.log_ins.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    /// Counts a sign-up: `created`, `taken` or `throttled`.
    pub(crate) fn sign_up(&self, outcome: &'static str) {
        self.sign_ups.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    /// Counts an access token of a user.
    pub(crate) fn user_token(&self) {
        self.tokens.get_or_create(&HolderLabel { holder: "user" }).inc();
    }

    /// Counts an access token of a service.
    pub(crate) fn service_token(&self) {
        self.tokens.get_or_create(&HolderLabel { holder: "service" }).inc();
    }
}

#[derive(Debug)]
struct HashingQueue(HashingPool);

impl Collector for HashingQueue {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let length = ConstGauge::new(u32::try_from(self.0.taken()).unwrap_or(u32::MAX));
        let queue = encoder.encode_descriptor(
            "signet_hashing_queue",
            "Requests that wait for a password hash or are being served one",
            None,
            length.metric_type(),
        )?;
        length.encode(queue)?;
        let mut refusals = encoder.encode_descriptor(
            "signet_hashing_refusals",
            "Requests without a place in the queue for a password hash, by reason: full, or evicted for another network",
            None,
            MetricType::Counter,
        )?;
        let counts = self.0.counts();
        for (reason, count) in [("full", counts.refused), ("evicted", counts.evicted)] {
            let label = ReasonLabel { reason };
            ConstCounter::new(count).encode(refusals.encode_family(&label)?)?;
        }
        Ok(())
    }
}
