//! Tests of the issuer's metrics, with its real parts and a clock that the test moves.

use std::collections::BTreeMap;
use std::path::Path;

use clap::Command;
use prometheus_client::encoding::prometheus_text::encode;
use signet_contract::clock::{Clock as _, ManualClock};
use signet_service::cli::with_settings;
use signet_service::http_metrics::HttpMetrics;
use signet_service::settings::{DotEnv, Values};
use signet_service::shutdown;
use time::macros::datetime;
use uuid::Uuid;

use super::super::readiness::UpkeepHealth;
use super::super::{issuer, keys as key_settings, open_keys, open_store};
use super::*;
use crate::settings::Settings;
use auth_domain::audit::Act;
use auth_domain::clients::Client;
use auth_domain::guards::{GuardId, Report};

/// An issuer without listeners.
struct Issuer {
    app: Arc<AppState>,
    store: Arc<Store>,
    clock: Arc<ManualClock>,
    registry: Registry,
    _folder: tempfile::TempDir,
}

fn settings(folder: &Path) -> Settings {
    let path = |name: &str| folder.join(name).display().to_string();
    let variables = [
        ("AUTH_DATABASE_URL", format!("sqlite://{}", path("auth.db"))),
        ("AUTH_KEYS_DIR", path("keys/signing")),
        ("AUTH_KEY_BITS", "2048".to_owned()),
    ];
    let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
    let flags = with_settings::<Settings>(Command::new("x")).get_matches_from(["x"]);
    let values = Values::find::<Settings>(&flags, &variables.collect(), &DotEnv::default());
    Settings::from_values(&values.unwrap()).unwrap()
}

impl Issuer {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path());
        let clock = Arc::new(ManualClock::at(datetime!(2026-01-02 03:04:05 UTC)));
        let store = open_store(&settings, &*clock).unwrap();
        let rotator = key_settings::rotator(&settings);
        rotator.generate_key(&store, settings.key_bits, &Act::by_server(clock.now())).unwrap();
        let keys = open_keys(&settings, &store).unwrap();
        let (_, ended) = shutdown::channel();
        let parts = issuer::of(&settings, Arc::clone(&store), keys, clock.clone(), ended);
        let app = Arc::new(parts.unwrap().0);
        let health = Arc::new(Health::default());
        let readiness = Arc::new(UpkeepHealth(Arc::clone(&health)));
        let http = HttpMetrics::new(auth_http::openapi::TEXT, &[]).unwrap();
        let registry = registry(&app, &store, health, &http, readiness);
        Self { app, store, clock, registry, _folder: folder }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).unwrap();
        text
    }

    /// Returns the samples of one metric, by their labels.
    fn samples(&self, name: &str) -> BTreeMap<String, String> {
        let text = self.text();
        let samples = text.lines().filter_map(|line| {
            let (labels, value) = line.strip_prefix(name)?.rsplit_once(' ')?;
            (labels.is_empty() || labels.starts_with('{')).then(|| (labels.into(), value.into()))
        });
        samples.collect()
    }

    fn value(&self, series: &str) -> f64 {
        let text = self.text();
        let value = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("{series} is missing")).parse().unwrap()
    }
}

#[actix_web::test]
async fn metrics_match_the_known_list() {
    let text = Issuer::start().text();
    // Other systems have no process metrics. Another test has the series of requests.
    let lines = text.lines().filter(|line| {
        !line.contains("signet_process_") && !line.starts_with("signet_http_request")
    });
    let list = lines.map(|line| match line.rsplit_once(' ') {
        Some((series, _)) if !line.starts_with('#') => series,
        _ => line,
    });
    // The counters of use cases have no order.
    let mut list: Vec<_> = list.collect();
    list.sort_unstable();
    insta::assert_snapshot!(list.join("\n"));
}

#[actix_web::test]
async fn guard_has_lag_and_age_until_it_is_forgotten() {
    let issuer = Issuer::start();
    let start = issuer.store.position().unwrap();
    for name in ["signet_guard_lag_events", "signet_guard_last_seen_seconds"] {
        assert!(issuer.samples(name).is_empty(), "no guard has called");
    }
    let id = GuardId { client_id: "api".into(), instance: Uuid::nil() };
    let label = format!("{{guard=\"api/{}\"}}", Uuid::nil());
    let arrival = issuer.app.guards.arrival();
    let report = Report { id, kids: [].into(), position: start, arrival };
    let call = issuer.app.guards.call(report, &*issuer.clock).unwrap();
    let samples = |name| issuer.samples(name).into_iter().collect::<Vec<_>>();
    let only = |value: &str| vec![(label.clone(), value.to_owned())];
    assert_eq!(samples("signet_guard_lag_events"), only("0"));
    issuer.clock.advance(Duration::seconds(20));
    assert_eq!(samples("signet_guard_last_seen_seconds"), only("0.0"), "the call is open");

    let act = Act::by_server(issuer.clock.now());
    let client = Client::new("other", Vec::new(), [0; 32], act.at);
    issuer.store.add_client(&client, &act).unwrap();
    assert!(issuer.store.remove_client("other", &act).unwrap());
    assert_eq!(samples("signet_guard_lag_events"), only("1"));
    drop(call);
    issuer.clock.advance(Duration::seconds(5));
    assert_eq!(samples("signet_guard_last_seen_seconds"), only("5.0"));
    issuer.clock.advance(Duration::hours(24));
    issuer.app.guards.save(&issuer.store, issuer.clock.now()).unwrap();
    for name in ["signet_guard_lag_events", "signet_guard_last_seen_seconds"] {
        assert!(issuer.samples(name).is_empty(), "the guard is forgotten");
    }
}

#[actix_web::test]
async fn queue_and_pools_show_their_use() {
    let issuer = Issuer::start();
    let capacity = issuer.value("signet_hashing_queue_capacity");
    assert!(capacity >= 64.0, "{capacity}");
    let permit = issuer.app.hashing.enter(None).unwrap();
    assert!((issuer.value("signet_hashing_queue") - 1.0).abs() < 0.1);
    drop(permit);
    assert!(issuer.value("signet_hashing_queue").abs() < 0.1);
    let write_max = issuer.value("signet_database_connections_max{pool=\"write\"}");
    assert!((write_max - 1.0).abs() < 0.1, "SQLite has one writer");
    let in_use = issuer.value("signet_database_connections{pool=\"read\",state=\"in_use\"}");
    assert!(in_use.abs() < 0.1, "{in_use}");
}
