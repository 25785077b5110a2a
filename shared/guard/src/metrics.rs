//! Metrics for Prometheus, read from the guard at each scrape.
//!
//! A gauge without a value yet, such as an age before the first contact, is `NaN`.
//!
//! ```
//! use prometheus_client::registry::Registry;
//! use signet_guard::Guard;
//! use signet_guard::metrics::GuardCollector;
//!
//! fn registry(guard: &Guard) -> Registry {
//!     let mut registry = Registry::default();
//!     registry.register_collector(Box::new(GuardCollector::new(guard)));
//!     registry
//! }
//! ```

use std::fmt;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::TypedMetric;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use super::Guard;
use super::status::GuardStatus;

/// The metrics of one guard, each with the prefix `signet_guard_`. The guards of several issuers
/// need registries with different labels (`Registry::sub_registry_with_label`).
pub struct GuardCollector(Guard);

impl GuardCollector {
    /// Creates a collector for `Registry::register_collector`.
    pub fn new(guard: &Guard) -> Self {
        Self(guard.clone())
    }
}

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
    let seconds = |value: Option<Duration>| value.map_or(f64::NAN, |value| value.as_secs_f64());
    let position = feed.position.and_then(|position| i64::try_from(position).ok()).unwrap_or(0);
    let skew = status.skew.map_or(f64::NAN, time::Duration::as_seconds_f64);
    gauge(
        to,
        "signet_guard_ready",
        "Whether a good token would be answered",
        i64::from(status.ready()),
    )?;
    gauge(to, "signet_guard_keys", "Keys held", count(keys.kids.len()))?;
    gauge(
        to,
        "signet_guard_keys_age_seconds",
        "Time since the key set was last confirmed",
        seconds(keys.age),
    )?;
    gauge(
        to,
        "signet_guard_feed_position",
        "Position of the feed that is applied, 0 before the first snapshot",
        position,
    )?;
    gauge(
        to,
        "signet_guard_feed_caught_up",
        "Whether the last answer of the feed left nothing to ask for",
        i64::from(feed.caught_up),
    )?;
    gauge(
        to,
        "signet_guard_feed_age_seconds",
        "Time since the feed last answered",
        seconds(feed.age),
    )?;
    gauge(
        to,
        "signet_guard_feed_lag_seconds",
        "Time that the last change took from its commit to this guard",
        seconds(feed.lag),
    )?;
    gauge(to, "signet_guard_revocations", "Revocations held", count(status.revocations))?;
    gauge(
        to,
        "signet_guard_clock_skew_seconds",
        "Clock of the issuer minus the clock of this machine",
        skew,
    )?;
    counter(to, "signet_guard_admitted", "Requests with a good token", status.admitted)?;
    counter(
        to,
        "signet_guard_key_fetch_failures",
        "Fetches of the key set that failed",
        keys.failures,
    )?;
    counters(
        to,
        "signet_guard_key_fetches",
        "Fetches of the key set by cause",
        "cause",
        &keys.fetches,
    )?;
    counters(
        to,
        "signet_guard_refused",
        "Requests that were refused by reason",
        "reason",
        &status.refused,
    )
}

/// Converts a number for a gauge.
fn count(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn gauge<V>(to: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: V) -> fmt::Result
where
    ConstGauge<V>: EncodeMetric + TypedMetric,
{
    one(to, name, help, &ConstGauge::new(value))
}

fn counter(to: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: u64) -> fmt::Result {
    one(to, name, help, &ConstCounter::new(value))
}

/// Writes a counter for each value of one label.
fn counters<'a>(
    to: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    label: &str,
    series: impl IntoIterator<Item = (&'a &'static str, &'a u64)>,
) -> fmt::Result {
    let kind = ConstCounter::<u64>::TYPE;
    // The registry ends each help text with a full stop, so a collector does, too.
    let mut family = to.encode_descriptor(name, &format!("{help}."), None, kind)?;
    for (value, count) in series {
        ConstCounter::new(*count).encode(family.encode_family(&[(label, *value)])?)?;
    }
    Ok(())
}

fn one<M: EncodeMetric + TypedMetric>(
    to: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    metric: &M,
) -> fmt::Result {
    metric.encode(to.encode_descriptor(name, &format!("{help}."), None, M::TYPE)?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use prometheus_client::encoding::prometheus_text;
    use prometheus_client::registry::Registry;

    use super::*;
    use crate::status::{FeedStatus, KeysStatus};

    #[derive(Debug)]
    struct Fixed(GuardStatus);

    impl Collector for Fixed {
        fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
            encode(&self.0, encoder)
        }
    }

    #[test]
    fn metrics_match_the_documented_list() {
        let status = GuardStatus {
            serving: true,
            keys: KeysStatus {
                kids: vec!["k".into()],
                age: Some(Duration::from_secs(3)),
                trusted: true,
                last_error: None,
                fetches: BTreeMap::new(),
                failures: 0,
            },
            feed: FeedStatus {
                position: Some(7),
                caught_up: true,
                age: Some(Duration::from_millis(1_500)),
                trusted: true,
                lag: None,
                last_error: None,
                snapshot: None,
            },
            skew: Some(time::Duration::seconds(-2)),
            mismatches: Vec::new(),
            revocations: 0,
            admitted: 0,
            refused: BTreeMap::from([("expired", 3), ("missing", 0)]),
        };
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Fixed(status)));
        let mut text = String::new();
        prometheus_text::encode(&mut text, &registry).expect("encoded");
        insta::assert_snapshot!(text);
    }
}
