//! The files for Prometheus and Grafana: checked by `promtool`, and used by a real Prometheus.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use support::http::request;
use support::metrics::{documented, page};
use support::pair::Pair;
use support::poll;
use support::prometheus::{Prometheus, promtool};
use support::user::User;

/// Longer than a busy machine takes for a few scrapes.
const PATIENCE: Duration = Duration::from_secs(30);

fn folder() -> PathBuf {
    page("observability")
}

fn file(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The names that samples of the documented metrics have.
fn sample_names() -> BTreeSet<String> {
    let families = documented().into_values().flatten();
    let names = families.flat_map(|(name, family)| match family.kind.as_str() {
        "histogram" => ["_bucket", "_sum", "_count"].map(|part| format!("{name}{part}")).to_vec(),
        _ => vec![name],
    });
    names.collect()
}

/// The names of metrics of Signet in `text`.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("signet_")).map(str::to_owned).collect()
}

/// The queries of the dashboard, with a value for each variable.
fn queries() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(&file("signet-dashboard.json")).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    let queries = targets.map(|target| {
        let query = target["expr"].as_str().expect("a query");
        query.replace("$__rate_interval", "1m").replace("$job", ".+").replace("$instance", ".+")
    });
    queries.collect()
}

#[test]
fn rules_and_dashboard_use_existing_metrics() {
    let known = sample_names();
    for name in ["alerts.yml", "alerts_test.yml", "signet-dashboard.json"] {
        let used = named(&file(name));
        let unknown: Vec<_> = used.difference(&known).collect();
        assert!(used.len() > 3 && unknown.is_empty(), "{name} uses {unknown:?}");
    }
    let text = fs::read_to_string(page("metrics.md")).expect("a page");
    let unknown: Vec<_> = named(&text)
        .into_iter()
        .filter(|name| !known.contains(name) && !known.contains(&format!("{name}_sum")))
        .collect();
    assert!(unknown.is_empty(), "docs/metrics.md names {unknown:?}");
}

#[test]
fn dashboard_asks_the_chosen_data_source() {
    let dashboard: Value = serde_json::from_str(&file("signet-dashboard.json")).expect("JSON");
    let variables = dashboard["templating"]["list"].as_array().expect("variables");
    let source = variables.iter().find(|variable| variable["name"] == "DS_PROMETHEUS");
    assert_eq!(source.expect("a variable")["type"], "datasource");
    let panels = dashboard["panels"].as_array().expect("panels");
    let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].to_string()).collect();
    assert_eq!(ids.len(), panels.len(), "each panel has an id of its own");
    for panel in panels.iter().filter(|panel| panel["type"] != "row") {
        assert_eq!(panel["datasource"]["uid"], "${DS_PROMETHEUS}", "{}", panel["title"]);
    }
}

#[test]
fn alerts_have_a_text_and_a_section_of_the_page() {
    let rules = file("alerts.yml");
    let text = fs::read_to_string(page("metrics.md")).expect("a page");
    let alerts: Vec<_> = rules.split("- alert: ").skip(1).collect();
    assert_eq!(alerts.len(), text.matches("\n### Signet").count(), "one section for each alert");
    let tests = file("alerts_test.yml");
    for alert in alerts {
        let name = alert.lines().next().expect("a name");
        assert!(text.contains(&format!("\n### {name}\n")), "{name} is not in docs/metrics.md");
        for part in ["summary: ", "description: ", "runbook: ", "severity: "] {
            assert!(alert.contains(part), "{name} has no {part}");
        }
        assert!(alert.contains(&format!("docs/metrics.md, {name}.")), "{name}: its section");
        // `promtool` runs these tests.
        let fires = format!("alertname: {name}\n        exp_alerts:\n");
        assert!(tests.contains(&fires), "no test in which {name} fires");
        let quiet = [format!("alertname: {name} }}"), format!("alertname: {name}, exp_alerts: []")];
        assert!(quiet.iter().any(|line| tests.contains(line)), "no test in which {name} is quiet");
    }
}

#[test]
fn promtool_accepts_rules_and_their_tests() {
    let path = |name: &str| folder().join(name).display().to_string();
    promtool(&["check", "rules", &path("alerts.yml")], "").done();
    promtool(&["check", "config", &path("prometheus.yml")], "").done();
    promtool(&["test", "rules", &path("alerts_test.yml")], "").done();
}

#[test]
fn promtool_finds_no_fault_in_the_metrics() {
    let pair = Pair::start();
    let user = User::signed_up(&pair.auth, "Ada");
    pair.accepts("a token", &user.log_in(&pair.auth));
    for service in [&pair.auth, &pair.api] {
        let url = format!("{}/metrics", service.management);
        let text = request("GET", &url).send().expect(200).text();
        let checked = promtool(&["check", "metrics"], &text).done();
        assert_eq!(format!("{}{}", checked.out, checked.err), "", "{text}");
    }
}

#[test]
fn prometheus_reads_every_metric_and_a_healthy_pair_has_no_alert() {
    let pair = Pair::start();
    let user = User::signed_up(&pair.auth, "Ada");
    pair.accepts("a token", &user.log_in(&pair.auth));
    let address = |url: &str| url.trim_start_matches("http://").to_owned();
    let configuration = file("prometheus.yml")
        .replace("127.0.0.1:9001", &address(&pair.auth.management))
        .replace("127.0.0.1:9002", &address(&pair.api.management))
        .replace("interval: 15s", "interval: 1s")
        .replace("alerts.yml", &folder().join("alerts.yml").display().to_string());
    let path = pair.folder().join("prometheus.yml");
    fs::write(&path, configuration).expect("written");
    let prometheus = Prometheus::start(&path);
    poll::until("both services are read", PATIENCE, || {
        prometheus.query("sum(up)")[0]["value"][1] == "2"
    });
    // The series of the guard appear with its first call.
    poll::until("every documented metric is read", PATIENCE, || {
        let names = prometheus.get("label/__name__/values");
        let names: BTreeSet<_> = names.as_array().expect("a list").iter().map(text_of).collect();
        let missing: Vec<_> = sample_names().difference(&names).cloned().collect();
        println!("not read yet: {missing:?}");
        missing.is_empty()
    });
    for query in queries() {
        prometheus.query(&query);
    }
    let rules = poll::wait_for("each rule is evaluated", PATIENCE, || {
        let groups = prometheus.get("rules");
        let rules = groups["groups"][0]["rules"].as_array()?.clone();
        rules.iter().all(|rule| rule["health"] != "unknown").then_some(rules)
    });
    assert_eq!(rules.len(), file("alerts.yml").matches("- alert: ").count());
    for rule in rules {
        assert_eq!(rule["health"], "ok", "{rule}");
        assert_ne!(rule["state"], "firing", "{rule}");
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
