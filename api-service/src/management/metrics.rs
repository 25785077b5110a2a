//! The registry of this service: the metrics of its requests and of its guard.

use std::sync::Arc;

use prometheus_client::registry::Registry;
use signet_guard::Guard;
use signet_guard::metrics::GuardCollector;
use signet_service::http_metrics::HttpMetrics;
use signet_service::management::Readiness;
use signet_service::metrics::{self, Build};

/// Creates the registry with the metrics of `guard`.
pub(super) fn registry(
    guard: &Guard,
    http: &HttpMetrics,
    readiness: Arc<dyn Readiness>,
) -> Registry {
    let build = Build { service: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") };
    let mut registry = metrics::registry(build, http, readiness);
    registry.register_collector(Box::new(GuardCollector::new(guard)));
    registry
}
