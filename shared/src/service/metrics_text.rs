//! Metrics in Prometheus's text format, version 0.0.4, which every scraper reads.
//!
//! The library writes `OpenMetrics`, which differs where it describes a family: there a counter is
//! described without the `_total` that its samples have, here by the samples' own name.

use std::collections::HashMap;
use std::fmt::Write;

use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;

/// The media type.
pub(super) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Everything that `registry` counts.
pub(super) fn encode(registry: &Registry) -> Result<String, std::fmt::Error> {
    let mut open_metrics = String::new();
    text::encode(&mut open_metrics, registry)?;
    converted(&open_metrics)
}

fn converted(open_metrics: &str) -> Result<String, std::fmt::Error> {
    let kinds: HashMap<_, _> = open_metrics
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '))
        .collect();
    let described = |family: &str| match kinds.get(family) {
        Some(&"counter") => format!("{family}_total"),
        Some(&"info") => format!("{family}_info"),
        _ => family.to_owned(),
    };
    let mut text = String::new();
    for line in open_metrics.lines() {
        if let Some((family, kind)) = line.strip_prefix("# TYPE ").and_then(|l| l.split_once(' ')) {
            let kind = match kind {
                "info" | "stateset" => "gauge",
                "unknown" => "untyped",
                kind => kind,
            };
            writeln!(text, "# TYPE {} {kind}", described(family))?;
        } else if let Some((family, help)) =
            line.strip_prefix("# HELP ").and_then(|l| l.split_once(' '))
        {
            writeln!(text, "# HELP {} {help}", described(family))?;
        } else if !line.starts_with('#') {
            writeln!(text, "{line}")?;
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use prometheus_client::metrics::counter::Counter;
    use prometheus_client::metrics::gauge::Gauge;
    use prometheus_client::metrics::info::Info;
    use prometheus_client::registry::Unit;

    use super::*;

    #[test]
    fn a_family_is_described_by_the_name_of_its_samples() {
        let mut registry = Registry::default();
        let asked = Counter::<u64>::default();
        asked.inc();
        registry.register("asked", "Questions", asked);
        registry.register_with_unit("age", "Age", Unit::Seconds, Gauge::<i64>::default());
        registry.register("build", "Build", Info::new([("version", "1")]));
        let text = encode(&registry).expect("text");
        assert_eq!(
            text,
            "# HELP asked_total Questions.\n# TYPE asked_total counter\nasked_total 1\n\
             # HELP age_seconds Age.\n# TYPE age_seconds gauge\nage_seconds 0\n\
             # HELP build_info Build.\n# TYPE build_info gauge\nbuild_info{version=\"1\"} 1\n"
        );
    }
}
