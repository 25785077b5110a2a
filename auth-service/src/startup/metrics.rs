//! The metrics of the issuer: the counters of the use cases, and the states that are read at each
//! scrape. No scrape uses the database.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::registry::Registry;
use signet_service::http_metrics::HttpMetrics;
use signet_service::management::Readiness;
use signet_service::metrics::encoding::{count, counters, gauge, gauges};
use signet_service::metrics::{self, Build};
use time::Duration;
use tokio::sync::watch;

use auth_app::AppState;
use auth_app::jobs::health::Health;
use auth_domain::guards::Guard;
use auth_store::Store;

mod keys;

/// Creates the registry.
pub(super) fn registry(
    app: &Arc<AppState>,
    store: &Arc<Store>,
    health: Arc<Health>,
    http: &HttpMetrics,
    readiness: Arc<dyn Readiness>,
) -> Registry {
    let build = Build { service: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") };
    let mut registry = metrics::registry(build, http, readiness);
    app.metrics.register(&mut registry);
    app.guards.register(&mut registry);
    let sources = Sources {
        app: Arc::clone(app),
        store: Arc::clone(store),
        position: store.changed(),
        health,
    };
    registry.register_collector(Box::new(sources));
    registry
}

/// The parts that are read at each scrape.
struct Sources {
    app: Arc<AppState>,
    store: Arc<Store>,
    /// The position of the feed, as far as this process knows it.
    position: watch::Receiver<u64>,
    health: Arc<Health>,
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sources")
    }
}

impl Collector for Sources {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let to = &mut encoder;
        let now = self.app.clock.now();
        let guards = self.app.guards.list(now);
        keys::encode(to, &self.app.keys.keys(), &self.app.keys.policy(), now)?;
        self.guards(to, &guards)?;
        self.hashing(to)?;
        self.pools(to)?;
        self.upkeep(to)
    }
}

impl Sources {
    fn guards(&self, to: &mut DescriptorEncoder<'_>, guards: &[Guard]) -> fmt::Result {
        let (now, position) = (self.app.clock.now(), *self.position.borrow());
        let label =
            |guard: &Guard| [("guard", format!("{}/{}", guard.id.client_id, guard.id.instance))];
        gauges(
            to,
            "signet_guard_lag_events",
            "Changes of the feed that a guard has not confirmed",
            guards.iter().map(|guard| {
                let lag = position.saturating_sub(guard.position);
                (label(guard), i64::try_from(lag).unwrap_or(i64::MAX))
            }),
        )?;
        gauges(
            to,
            "signet_guard_last_seen_seconds",
            "Time since a call of a guard was last open, 0 while one is open",
            guards.iter().map(|guard| {
                let away = (now - guard.seen_at).max(Duration::ZERO);
                (label(guard), away.as_seconds_f64())
            }),
        )
    }

    fn hashing(&self, to: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let (hashing, counts) = (&self.app.hashing, self.app.hashing.counts());
        gauge(
            to,
            "signet_hashing_queue",
            "Requests that wait for a password hash or are being served one",
            count(hashing.taken()),
        )?;
        gauge(
            to,
            "signet_hashing_queue_capacity",
            "Places in the queue for a password hash",
            count(hashing.capacity()),
        )?;
        counters(
            to,
            "signet_hashing_refusals",
            "Requests without a place in the queue for a password hash, by reason",
            [("full", counts.refused), ("evicted", counts.evicted)]
                .map(|(reason, count)| ([("reason", reason)], count)),
        )
    }

    fn pools(&self, to: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let pools = self.store.pools();
        let by_state = pools.iter().flat_map(|pool| {
            [("in_use", pool.in_use), ("idle", pool.idle)]
                .map(|(state, count)| ([("pool", pool.name), ("state", state)], count))
        });
        gauges(to, "signet_database_connections", "Open connections by pool and state", by_state)?;
        gauges(
            to,
            "signet_database_connections_max",
            "Most connections of a pool",
            pools.iter().map(|pool| ([("pool", pool.name)], pool.max)),
        )?;
        counters(
            to,
            "signet_database_wait_seconds",
            "Time that queries waited for a connection",
            pools.iter().map(|pool| ([("pool", pool.name)], pool.waited.as_secs_f64())),
        )?;
        counters(
            to,
            "signet_database_timeouts",
            "Queries that got no connection in time",
            pools.iter().map(|pool| ([("pool", pool.name)], pool.timeouts)),
        )
    }

    fn upkeep(&self, to: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let report = self.health.report();
        gauge(
            to,
            "signet_upkeep_age_seconds",
            "Time since the upkeep last read the database",
            report.database_age.map_or(f64::NAN, |age| age.as_secs_f64()),
        )?;
        gauge(
            to,
            "signet_keys_behind",
            "Whether the keys in use are older than those in the database",
            i64::from(report.keys_behind),
        )
    }
}

#[cfg(test)]
mod tests;
