//! Metrics for Prometheus, read from the guard at each scrape.
//!
//! A gauge without a value yet, such as an age before the first contact, is `NaN`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::registry::Registry;
use signet_guard::Guard;
use signet_guard::status::GuardStatus;
use signet_service::http_metrics::HttpMetrics;
use signet_service::management::Readiness;
use signet_service::metrics::encoding::{count, counter, counters, gauge};
use signet_service::metrics::{self, Build};

/// Creates the registry with the metrics of `guard`.
pub(super) fn registry(
    guard: Guard,
    http: &HttpMetrics,
    readiness: Arc<dyn Readiness>,
) -> Registry {
    let build = Build { service: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") };
    let mut registry = metrics::registry(build, http, readiness);
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
        keys.fetches.iter().map(|(cause, count)| ([("cause", *cause)], *count)),
    )?;
    counters(
        to,
        "signet_guard_refused",
        "Requests that were refused by reason",
        status.refused.iter().map(|(reason, count)| ([("reason", *reason)], *count)),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use prometheus_client::encoding::prometheus_text;

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
        let mut registry = Registry::default();
        let refused = BTreeMap::from([("expired", 3), ("missing", 0)]);
        registry.register_collector(Box::new(Fixed(GuardStatus { refused, ..good() })));
        let mut text = String::new();
        prometheus_text::encode(&mut text, &registry).expect("encoded");
        insta::assert_snapshot!(text);
    }
}
