//! The management listeners: alive, ready and in numbers.

use end_to_end::http::request;
use end_to_end::pair::Pair;
use end_to_end::service::Service;
use end_to_end::user::User;
use serde_json::Value;

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
    let media_type = answer.media_type().to_owned();
    assert!(matches!(&*media_type, "text/plain" | "application/openmetrics-text"), "{media_type}");
    answer.text()
}

#[test]
fn readiness_names_each_part_and_metrics_are_text_for_prometheus() {
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
        assert!(text.lines().any(|line| line.starts_with("# TYPE ")), "{text}");
        let samples = text.lines().filter(|line| !line.starts_with('#')).count();
        assert!(samples > 3, "{text}");
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let value = line.rsplit(' ').next().and_then(|value| value.parse::<f64>().ok());
            assert!(value.is_some(), "{line}");
        }
        for private in [&user.email, &user.password, &token, &user.name] {
            assert!(!text.contains(private.as_str()), "{text}");
        }
    }
    let count = |text: &str| -> f64 {
        let numbers = text.lines().filter(|line| !line.starts_with('#'));
        numbers.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    };
    let before = count(&metrics(&pair.api));
    pair.refuses("again", "x.y.z");
    assert!(count(&metrics(&pair.api)) > before, "a refusal is counted");
}

#[test]
fn management_is_not_served_to_clients_nor_clients_by_management() {
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

#[test]
fn the_health_command_says_by_its_exit_status_whether_the_server_is_ready() {
    let mut pair = Pair::start();
    pair.auth.command(&["health"]).done();
    pair.api.command(&["health"]).done();
    let status = pair.api.command(&["status"]).done().out;
    assert!(!status.trim().is_empty());
    pair.api.stop();
    pair.auth.stop();
    assert_eq!(pair.auth.command(&["health"]).code, Some(1));
    assert_eq!(pair.api.command(&["health"]).code, Some(1));
}
