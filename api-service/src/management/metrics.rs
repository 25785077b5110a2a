//! Metrics for Prometheus, read from the guard at each scrape.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use signet_guard::Guard;
use signet_guard::status::GuardStatus;
use signet_service::management;

const PREFIX: &str = "signet_guard";

/// Creates the registry with the metrics of `guard`.
pub(super) fn registry(guard: Guard) -> Registry {
    let mut registry = management::registry();
    let of_guard = registry.sub_registry_with_prefix(PREFIX);
    of_guard.register_collector(Box::new(GuardCollector(guard)));
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
    let to = &mut encoder;
    let seconds = |value: Option<Duration>| value.map(|value| value.as_secs_f64());
    let count = |value: usize| i64::try_from(value).ok();
    let position = feed.position.and_then(|position| i64::try_from(position).ok());
    let skew = status.skew.map(time::Duration::as_seconds_f64);
    gauge(to, "ready", "Whether a good token would be answered", Some(i64::from(status.ready())))?;
    gauge(to, "keys", "Keys held", count(keys.kids.len()))?;
    gauge(to, "keys_age_seconds", "Since the key set was last confirmed", seconds(keys.age))?;
    gauge(to, "feed_position", "How far the feed is applied", position)?;
    gauge(
        to,
        "feed_caught_up",
        "Whether nothing was left to ask for",
        Some(i64::from(feed.caught_up)),
    )?;
    gauge(to, "feed_age_seconds", "Since the feed last answered", seconds(feed.age))?;
    gauge(to, "feed_lag_seconds", "How long the last change took to come here", seconds(feed.lag))?;
    gauge(to, "revocations", "Revocations held", count(status.revocations))?;
    gauge(to, "clock_skew_seconds", "The issuer's clock less this machine's", skew)?;

    let admitted = ConstCounter::new(status.admitted);
    single(&mut encoder, "admitted", "Requests let through", &admitted)?;
    let failures = ConstCounter::new(keys.failures);
    single(&mut encoder, "key_fetch_failures", "Fetches of the key set that failed", &failures)?;
    family(&mut encoder, "key_fetches", "Fetches of the key set", "cause", &keys.fetches)?;
    family(&mut encoder, "refused", "Requests refused", "reason", &status.refused)
}

/// Encodes a gauge. A gauge without a value is left out.
fn gauge<N>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    value: Option<N>,
) -> fmt::Result
where
    ConstGauge<N>: EncodeMetric,
{
    value.map_or(Ok(()), |value| single(encoder, name, help, &ConstGauge::new(value)))
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
    counts: &BTreeMap<&'static str, u64>,
) -> fmt::Result {
    let kind = prometheus_client::metrics::MetricType::Counter;
    let mut metrics = encoder.encode_descriptor(name, help, None, kind)?;
    for (word, count) in counts {
        ConstCounter::new(*count).encode(metrics.encode_family(&[(label, *word)])?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::management::readiness::tests::good;

    #[derive(Debug)]
    struct Fixed(GuardStatus);

    impl Collector for Fixed {
        fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
            encode(&self.0, encoder)
        }
    }

    #[test]
    fn metrics_match_the_documented_list() {
        let mut registry = Registry::with_prefix(PREFIX);
        let refused = BTreeMap::from([("expired", 3), ("missing", 0)]);
        registry.register_collector(Box::new(Fixed(GuardStatus { refused, ..good() })));
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).expect("encoded");
        insta::assert_snapshot!(text);
    }
}
