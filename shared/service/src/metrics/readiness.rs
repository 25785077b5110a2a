//! The readiness of each part, as `GET /health/ready` shows it.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;

use super::encoding::gauges;
use crate::management::Readiness;

/// Reads the readiness at each scrape.
pub(super) struct Parts(pub(super) Arc<dyn Readiness>);

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Parts")
    }
}

impl Collector for Parts {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let parts = self.0.parts();
        gauges(
            &mut encoder,
            "signet_part_ready",
            "Whether a part of the service is ready; the service is ready if all parts are",
            parts.iter().map(|(name, part)| ([("part", *name)], i64::from(part.ok))),
        )
    }
}
