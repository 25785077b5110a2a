//! Metrics for Prometheus, read from the guard at each scrape.

use std::fmt;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use shared::guard::Guard;
use shared::guard::status::GuardStatus;

/// The metrics of `guard`.
pub(super) fn registry(guard: Guard) -> Registry {
    let mut registry = Registry::with_prefix("signet_guard");
    registry.register_collector(Box::new(GuardCollector(guard)));
    registry
}

struct GuardCollector(Guard);

impl fmt::Debug for GuardCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GuardCollector")
    }
}

impl Collector for GuardCollector {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        encode(&self.0.status(), encoder)
    }
}

fn encode(status: &GuardStatus, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
    let GuardStatus { keys, feed, .. } = status;
    let mut gauge = |name, help, value: Option<f64>| match value {
        Some(value) => single(&mut encoder, name, help, &ConstGauge::new(value)),
        None => Ok(()),
    };
    let flag = |value: bool| Some(f64::from(u8::from(value)));
    let seconds = |value: Option<Duration>| value.map(|value| value.as_secs_f64());
    gauge("ready", "Whether a good token would be answered", flag(status.ready()))?;
    gauge("keys", "Keys held", Some(keys.kids.len() as f64))?;
    gauge("keys_age_seconds", "Since the key set was last confirmed", seconds(keys.age))?;
    gauge("feed_position", "How far the feed is applied", feed.position.map(|it| it as f64))?;
    gauge("feed_caught_up", "Whether nothing was left to ask for", flag(feed.caught_up))?;
    gauge("feed_age_seconds", "Since the feed last answered", seconds(feed.age))?;
    gauge("feed_lag_seconds", "How long the last change took to come here", seconds(feed.lag))?;
    gauge("revocations", "Revocations held", Some(status.revocations as f64))?;
    let skew = status.skew.map(time::Duration::as_seconds_f64);
    gauge("clock_skew_seconds", "The issuer's clock less this machine's", skew)?;

    let admitted = ConstCounter::new(status.admitted);
    single(&mut encoder, "admitted", "Requests let through", &admitted)?;
    let failures = ConstCounter::new(keys.failures);
    single(&mut encoder, "key_fetch_failures", "Fetches of the key set that failed", &failures)?;
    family(&mut encoder, "key_fetches", "Fetches of the key set", "cause", &keys.fetches)?;
    family(&mut encoder, "refused", "Requests refused", "reason", &status.refused)
}

fn single(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    metric: &impl EncodeMetric,
) -> fmt::Result {
    metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
}

fn family(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    label: &str,
    counts: &std::collections::BTreeMap<&'static str, u64>,
) -> fmt::Result {
    let kind = prometheus_client::metrics::MetricType::Counter;
    let mut metrics = encoder.encode_descriptor(name, help, None, kind)?;
    for (word, count) in counts {
        ConstCounter::new(*count).encode(metrics.encode_family(&[(label, *word)])?)?;
    }
    Ok(())
}
