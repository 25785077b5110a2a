//! Writes values that are read at each scrape, for collectors.

use std::fmt;

use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, MetricEncoder};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::{MetricType, TypedMetric};

/// Writes a gauge without labels.
pub fn gauge<V>(to: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: V) -> fmt::Result
where
    ConstGauge<V>: EncodeMetric + TypedMetric,
{
    one(to, name, help, &ConstGauge::new(value))
}

/// Writes a counter without labels. `name` has no `_total`.
pub fn counter<V>(to: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: V) -> fmt::Result
where
    ConstCounter<V>: EncodeMetric + TypedMetric,
{
    one(to, name, help, &ConstCounter::new(value))
}

/// Writes a gauge with labels.
pub fn gauges<L, V>(
    to: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    series: impl IntoIterator<Item = (L, V)>,
) -> fmt::Result
where
    L: EncodeLabelSet,
    ConstGauge<V>: EncodeMetric + TypedMetric,
{
    let series = series.into_iter().map(|(labels, value)| (labels, ConstGauge::new(value)));
    family(to, name, help, series)
}

/// Writes a counter with labels. `name` has no `_total`.
pub fn counters<L, V>(
    to: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    series: impl IntoIterator<Item = (L, V)>,
) -> fmt::Result
where
    L: EncodeLabelSet,
    ConstCounter<V>: EncodeMetric + TypedMetric,
{
    let series = series.into_iter().map(|(labels, value)| (labels, ConstCounter::new(value)));
    family(to, name, help, series)
}

/// Converts a number for a gauge.
pub fn count(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Writes the description of a metric, with a full stop as the registry does.
pub fn describe<'e>(
    to: &'e mut DescriptorEncoder<'_>,
    name: &'e str,
    help: &str,
    kind: MetricType,
) -> Result<MetricEncoder<'e>, fmt::Error> {
    to.encode_descriptor(name, &format!("{help}."), None, kind)
}

fn one<M: EncodeMetric + TypedMetric>(
    to: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    metric: &M,
) -> fmt::Result {
    metric.encode(describe(to, name, help, M::TYPE)?)
}

fn family<L: EncodeLabelSet, M: EncodeMetric + TypedMetric>(
    to: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    series: impl Iterator<Item = (L, M)>,
) -> fmt::Result {
    let mut family = describe(to, name, help, M::TYPE)?;
    for (labels, metric) in series {
        metric.encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}
