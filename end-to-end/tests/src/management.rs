//! The management listeners: liveness, readiness and metrics.

use serde_json::Value;
use support::http::request;
use support::metrics::Metrics;
use support::pair::Pair;
use support::service::Service;
use support::user::User;

fn parts(service: &Service) -> Value {
    let answer = service.health("ready").expect("an answer").expect(200);
    assert_eq!(answer.media_type(), "application/json");
    assert!(answer.header("cache-control").contains("no-store"));
    answer.json()
}

fn has_parts(report: &Value, names: &[&str]) {
    let text = report.to_string();
    for name in names {
        assert!(text.contains(name), "{name} in {text}");
    }
}

fn metrics(service: &Service) -> String {
    let answer = request("GET", &format!("{}/metrics", service.management)).send().expect(200);
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    answer.text()
}

/// Asserts Prometheus's text format 0.0.4: each family is described once, under the name of its
/// samples and before them; each sample appears once.
fn is_prometheus_text(text: &str) {
    assert!(text.ends_with('\n'), "{text}");
    let mut kinds = std::collections::HashMap::new();
    let mut samples = std::collections::HashSet::new();
    for line in text.lines() {
        if let Some(described) = line.strip_prefix("# TYPE ") {
            let (family, kind) = described.split_once(' ').expect("a name and a type");
            let known = ["counter", "gauge", "histogram", "summary", "untyped"];
            assert!(known.contains(&kind), "{line}");
            assert_eq!(kinds.insert(family, kind), None, "{line}");
            continue;
        }
        if line.starts_with("# HELP ") {
            continue;
        }
        assert!(!line.starts_with('#'), "{line}");
        let (series, value) = line.rsplit_once(' ').expect("a value");
        assert!(value.parse::<f64>().is_ok(), "{line}");
        assert!(samples.insert(series), "told twice: {line}");
        let name = series.split('{').next().unwrap_or_default();
        let parts = ["_bucket", "_sum", "_count"];
        let histogram = parts.iter().find_map(|part| kinds.get(name.strip_suffix(part)?));
        let kind = kinds.get(name).or(histogram.filter(|kind| **kind == "histogram"));
        let fits = |kind: &&str| *kind != "counter" || name.ends_with("_total");
        assert!(kind.is_some_and(fits), "not described as what it is: {line}");
    }
}

#[test]
fn readiness_names_each_part_and_metrics_are_prometheus_text() {
    let pair = Pair::start();
    let user = User::signed_up(&pair.auth, "Ada");
    let token = user.log_in(&pair.auth);
    pair.accepts("a token", &token);
    pair.refuses("no token at all", "x.y.z");
    has_parts(&parts(&pair.auth), &["database", "signing"]);
    has_parts(&parts(&pair.api), &["keys", "directory", "feed", "age"]);
    for service in [&pair.auth, &pair.api] {
        service.health("live").expect("an answer").expect(200);
        let text = metrics(service);
        is_prometheus_text(&text);
        let samples = text.lines().filter(|line| !line.starts_with('#')).count();
        assert!(samples > 3, "{text}");
        for private in [&user.email, &user.password, &token, &user.name] {
            assert!(!text.contains(private.as_str()), "{text}");
        }
    }
    let refused = || -> u64 {
        let name = "signet_guard_refused_total{reason=\"malformed\"}";
        Metrics::of(&pair.api.management).sample(name).expect("a count")
    };
    let before = refused();
    pair.refuses("again", "x.y.z");
    assert_eq!(refused(), before + 1, "a refusal is counted");
}

#[test]
fn management_and_public_listeners_serve_only_their_own_routes() {
    let pair = Pair::start();
    for service in [&pair.auth, &pair.api] {
        for path in ["/health/live", "/health/ready", "/metrics"] {
            service.get(path).send().problem(404);
        }
        for path in ["/", "/user", "/login", "/.well-known/jwks.json"] {
            request("GET", &format!("{}{path}", service.management)).send().problem(404);
        }
    }
}
