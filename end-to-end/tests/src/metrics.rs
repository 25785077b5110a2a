//! The metrics: the documented list, the series that exist from the start, and both formats.

use std::collections::{BTreeMap, BTreeSet};

use support::http::request;
use support::metrics::{Family, Metrics, documented};
use support::pair::Pair;
use support::service::Service;
use support::user::User;

fn families(service: &Service) -> BTreeMap<String, Family> {
    Metrics::of(&service.management).families()
}

/// Starts a pair of which the issuer knows the guard.
fn pair() -> Pair {
    let mut pair = Pair::prepare();
    pair.auth.start();
    pair.start_guard();
    pair
}

#[test]
fn metrics_are_those_of_the_page_and_no_others() {
    let pair = pair();
    let pages = documented();
    for (service, section) in [(&pair.auth, "auth-service"), (&pair.api, "api-service")] {
        let mut expected = pages["Both services"].clone();
        expected.extend(pages[section].clone());
        let found = families(service);
        let names =
            |all: &BTreeMap<String, Family>| all.keys().cloned().collect::<BTreeSet<String>>();
        assert_eq!(names(&found), names(&expected), "{section}");
        assert_eq!(found, expected, "{section}: types and labels");
        assert!(found.keys().all(|name| name.starts_with("signet_")), "{found:?}");
    }
}

#[test]
fn every_series_of_a_closed_list_exists_from_the_start() {
    let pair = Pair::start();
    let (issuer, guard) = (Metrics::of(&pair.auth.management), Metrics::of(&pair.api.management));
    let exist = |metrics: &Metrics, name: &str, label: &str, values: &[&str]| {
        for value in values {
            let series = format!("{name}{{{label}=\"{value}\"}}");
            assert!(metrics.sample::<f64>(&series).is_some(), "{series} is missing");
        }
    };
    let outcomes = ["ok", "unknown_user", "wrong_password", "disabled", "throttled"];
    exist(&issuer, "signet_log_ins_total", "outcome", &outcomes);
    let outcomes = ["created", "taken", "throttled", "closed"];
    exist(&issuer, "signet_sign_ups_total", "outcome", &outcomes);
    exist(&issuer, "signet_tokens_total", "holder", &["user", "service"]);
    exist(&issuer, "signet_hashing_refusals_total", "reason", &["full", "evicted"]);
    let states = ["pending", "active", "retiring", "retired", "revoked"];
    exist(&issuer, "signet_keys", "state", &states);
    exist(&issuer, "signet_database_timeouts_total", "pool", &["write", "read"]);
    assert_eq!(issuer.sample("signet_keys{state=\"active\"}"), Some(1));
    for name in ["signet_key_next_change_timestamp_seconds", "signet_key_rotation_waiting"] {
        assert!(issuer.sample::<f64>(name).is_some(), "{name}");
    }
    assert_eq!(issuer.sample("signet_revocation_propagation_seconds_count"), Some(0));

    let reasons = ["missing", "expired", "revoked", "revoked_key", "key", "audience", "issuer"];
    exist(&guard, "signet_guard_refused_total", "reason", &reasons);
    let reasons = ["future", "malformed", "ambiguous", "forbidden", "unavailable"];
    exist(&guard, "signet_guard_refused_total", "reason", &reasons);
    let causes = ["poll", "unknown_key", "announced"];
    exist(&guard, "signet_guard_key_fetches_total", "cause", &causes);
    for (metrics, route, method) in [
        (&issuer, "/login", "POST"),
        (&issuer, "/admin/users/{public_id}/roles", "PUT"),
        (&issuer, "/.well-known/jwks.json", "GET"),
        (&guard, "/user/me", "GET"),
        (&guard, "/user/{public_id}", "GET"),
        (&guard, "unmatched", "GET"),
    ] {
        for status in ["2xx", "4xx", "5xx"] {
            let series = format!("{{route=\"{route}\",method=\"{method}\",status=\"{status}\"}}");
            let series = format!("signet_http_requests_total{series}");
            assert!(metrics.sample::<u64>(&series).is_some(), "{series} is missing");
        }
    }
}

#[test]
fn format_follows_accept() {
    let pair = Pair::start();
    for service in [&pair.auth, &pair.api] {
        let scrape = || request("GET", &format!("{}/metrics", service.management));
        for (accept, open_metrics) in [
            (None, false),
            (Some("text/plain"), false),
            (Some("*/*"), false),
            (Some("application/openmetrics-text"), true),
            (
                Some(
                    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;\
                     version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                ),
                true,
            ),
            (Some("application/openmetrics-text;q=0.2, text/plain"), false),
        ] {
            let asked = accept.map_or_else(scrape, |accept| scrape().header("accept", accept));
            let answer = asked.send().expect(200);
            let media_type = if open_metrics {
                "application/openmetrics-text; version=1.0.0; charset=utf-8"
            } else {
                "text/plain; version=0.0.4; charset=utf-8"
            };
            assert_eq!(answer.header("content-type"), media_type, "{accept:?}");
            assert_eq!(answer.header("vary"), "accept");
            assert_eq!(answer.text().ends_with("\n# EOF\n"), open_metrics, "{accept:?}");
        }
    }
}

#[test]
fn requests_are_counted_by_route_method_and_status() {
    let pair = Pair::start();
    let user = User::signed_up(&pair.auth, "Ada");
    let token = user.log_in(&pair.auth);
    let count = |service: &Service, route: &str, method: &str, status: &str| -> u64 {
        let labels = format!("{{route=\"{route}\",method=\"{method}\",status=\"{status}\"}}");
        let series = format!("signet_http_requests_total{labels}");
        Metrics::of(&service.management).sample(&series).unwrap_or(0)
    };
    assert_eq!(count(&pair.auth, "/signup", "POST", "2xx"), 1);
    assert_eq!(count(&pair.auth, "/login", "POST", "2xx"), 1);
    // The guard's call is answered in time, or is still open.
    assert!(count(&pair.auth, "/oauth2/token", "POST", "2xx") >= 1);

    pair.accepts("a token", &token);
    pair.refuses("no token", "x.y.z");
    let other = pair.api.get(&format!("/user/{}", user.public_id(&pair.auth)));
    other.bearer(&token).send().expect(200);
    pair.api.get("/user/nobody").bearer(&token).send().expect(404);
    pair.api.post("/user/me").send().problem(405);
    for n in 0..5 {
        pair.api.get(&format!("/stranger/{n}")).send().problem(404);
        pair.api.request(&format!("BREW{n}"), "/user/me").send().problem(405);
    }
    let large = "a".repeat(20 * 1024);
    pair.auth.post("/login").body("application/json", large).send().expect(413);
    for (service, route, method, status, expected) in [
        (&pair.api, "/user/me", "GET", "2xx", 1),
        (&pair.api, "/user/me", "GET", "4xx", 1),
        (&pair.api, "/user/me", "other", "4xx", 6),
        (&pair.api, "/user/{public_id}", "GET", "2xx", 1),
        (&pair.api, "/user/{public_id}", "GET", "4xx", 1),
        (&pair.api, "unmatched", "GET", "4xx", 5),
        (&pair.auth, "/login", "POST", "4xx", 1),
    ] {
        assert_eq!(count(service, route, method, status), expected, "{method} {route} {status}");
    }
    let seconds = "signet_http_request_duration_seconds_sum{route=\"/user/me\",method=\"GET\"}";
    assert!(Metrics::of(&pair.api.management).sample::<f64>(seconds) > Some(0.0));
    let text =
        request("GET", &format!("{}/metrics", pair.api.management)).send().expect(200).text();
    assert!(!text.contains("stranger") && !text.contains("BREW"), "{text}");
}

#[test]
fn every_described_route_is_counted_under_its_template() {
    let pair = Pair::start();
    for service in [&pair.auth, &pair.api] {
        let described = service.get("/openapi.json").send().expect(200).json();
        let total = |start: &str| Metrics::of(&service.management).total(start);
        let unmatched = || total("signet_http_requests_total{route=\"unmatched\"");
        let before = unmatched();
        for (route, methods) in described["paths"].as_object().expect("paths") {
            for method in methods.as_object().expect("methods").keys() {
                let method = method.to_uppercase();
                let labels = format!("route=\"{route}\",method=\"{method}\"");
                let series = format!("signet_http_requests_total{{{labels}");
                let counted = total(&series);
                let path = route.replace(['{', '}'], "");
                service.request(&method, &path).send();
                assert!(total(&series) > counted, "{method} {route}");
            }
        }
        assert_eq!(unmatched(), before, "{}", service.url);
    }
}

#[test]
fn issuer_shows_each_guard_by_client_and_instance() {
    let pair = pair();
    let text =
        request("GET", &format!("{}/metrics", pair.auth.management)).send().expect(200).text();
    let lag: Vec<_> =
        text.lines().filter(|line| line.starts_with("signet_guard_lag_events{")).collect();
    let [lag] = lag[..] else { panic!("one guard: {lag:?}") };
    assert!(lag.starts_with("signet_guard_lag_events{guard=\"api-service/"), "{lag}");
    let guard = lag.split('"').nth(1).expect("a label");
    let seen = format!("signet_guard_last_seen_seconds{{guard=\"{guard}\"}}");
    let seen: f64 = Metrics::of(&pair.auth.management).sample(&seen).expect("the same guard");
    assert!((0.0..60.0).contains(&seen), "{seen}");
}
