//! A guard with settings that do not fit its issuer refuses every token. It is not ready, and its
//! log says why in one line.

use std::path::Path;
use std::time::Duration;

use end_to_end::orders::Orders;
use end_to_end::pair::{Pair, guard_of};
use end_to_end::poll;
use end_to_end::service::Service;
use end_to_end::user::User;
use serde_json::Value;

/// The time for a start, or a recovery, on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(40);

/// The report of a guard that has heard its issuer, and is not ready because of `part` alone.
#[track_caller]
fn unready(guard: &Service, part: &str) -> String {
    let report = poll::wait_for(part, PATIENCE, || {
        let answer = guard.health("ready")?;
        let report: Value = answer.json();
        let heard = report["parts"]["feed"]["detail"] == "caught up";
        assert!(!(heard && answer.status == 200), "ready: {report}");
        heard.then_some(report)
    });
    let parts = report["parts"].as_object().expect("parts");
    let failing: Vec<_> = parts.iter().filter(|(_, state)| state["ok"] == false).collect();
    assert_eq!(failing.len(), 1, "{report}");
    assert_eq!(failing[0].0, part, "{report}");
    failing[0].1["detail"].as_str().expect("a detail").to_owned()
}

/// The error lines of a log.
fn errors(log: &str) -> Vec<String> {
    log.lines().filter(|line| line.contains("ERROR")).map(str::to_owned).collect()
}

/// Asks that the log says the same in one error line, however often readiness is asked for.
fn is_logged_once(guard: &Service, detail: &str) {
    poll::until("the log says it", PATIENCE, || !errors(&guard.log()).is_empty());
    for _ in 0..50 {
        assert_eq!(guard.health("ready").expect("an answer").status, 503);
    }
    let lines = errors(&guard.log());
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains(detail), "{lines:?} lacks {detail}");
}

fn guard_with(auth: &Service, folder: &Path, settings: &[(&str, &str)]) -> Service {
    let mut guard = guard_of(auth, folder);
    for (name, value) in settings {
        guard.launch.set(name, value);
    }
    guard
}

#[test]
fn issuer_in_another_spelling_makes_the_guard_unready() {
    let mut pair = Pair::prepare();
    let reached = pair.auth.url.clone();
    let issuer = reached.replace("127.0.0.1", "localhost");
    pair.set("AUTH_ISSUER", &issuer);
    pair.auth.start();
    let token = User::signed_up(&pair.auth, "Ada").log_in(&pair.auth);
    let host = issuer.trim_start_matches("http://");
    for (name, spelling) in [
        ("slash", format!("{issuer}/")),
        ("case", issuer.replace("localhost", "LocalHost")),
        ("port", "http://localhost:1".to_owned()),
        ("scheme", format!("https://{host}")),
    ] {
        let settings = [("API_ISSUER", &*spelling), ("API_AUTH_URL", &reached)];
        let mut guard = guard_with(&pair.auth, &pair.folder().join(name), &settings);
        guard.spawn();
        let detail = unready(&guard, "issuer");
        assert!(detail.contains(&format!("`{issuer}`")), "{detail}");
        assert!(detail.contains(&format!("`{spelling}`")), "{detail}");
        is_logged_once(&guard, &detail);
        let told = guard.command(&["status"]).done().out;
        assert!(told.contains(&detail), "{told}");
        // The requests are judged as ever.
        assert_eq!(guard.get("/user/me").bearer(&token).send().status, 401);
    }
}

#[test]
fn guard_recovers_when_the_issuer_is_mended() {
    let mut pair = Pair::prepare();
    let (reached, mended) = (pair.auth.url.clone(), format!("{}/", pair.auth.url));
    pair.auth.start();
    let settings = [("API_ISSUER", &*mended), ("API_AUTH_URL", &reached)];
    let mut guard = guard_with(&pair.auth, &pair.folder().join("guard"), &settings);
    guard.spawn();
    let detail = unready(&guard, "issuer");
    is_logged_once(&guard, &detail);
    pair.auth.stop();
    pair.set("AUTH_ISSUER", &mended);
    pair.auth.start();
    poll::until("the guard is ready", PATIENCE, || guard.ready());
    let user = User::signed_up(&pair.auth, "Ada");
    let token = user.log_in(&pair.auth);
    poll::until("it takes a token", PATIENCE, || {
        guard.get("/user/me").bearer(&token).send().status == 200
    });
    assert_eq!(errors(&guard.log()).len(), 1, "{}", guard.log());
    pair.auth.stop();
    poll::until("the outage is told", PATIENCE, || {
        guard.health("ready").is_some_and(|answer| !answer.text().contains("caught up"))
    });
    assert!(guard.ready(), "an outage makes no ready guard unready");
}

#[test]
fn foreign_audience_makes_every_guard_unready() {
    let mut pair = Pair::prepare();
    pair.auth.start();
    let orders = Orders::start_unready(&pair.auth, pair.folder());
    let mut guard =
        guard_with(&pair.auth, &pair.folder().join("guard"), &[("API_AUDIENCE", "orders")]);
    guard.spawn();
    let detail = unready(&guard, "audience");
    assert!(detail.contains("`orders`") && detail.contains("`api-service, "), "{detail}");
    is_logged_once(&guard, &detail);
    poll::until("the third service says it", PATIENCE, || {
        let answer = orders.get("/ready").try_send();
        answer.is_ok_and(|answer| answer.status == 503 && answer.text().contains(&detail))
    });
    pair.auth.stop();
    pair.set("AUTH_AUDIENCE", "api-service,orders");
    pair.auth.start();
    poll::until("the guard is ready", PATIENCE, || guard.ready());
    poll::until("the third service is ready", PATIENCE, || {
        orders.get("/ready").try_send().is_ok_and(|answer| answer.status == 200)
    });
}

#[test]
fn token_life_above_the_limit_makes_the_guard_unready() {
    let mut pair = Pair::prepare();
    pair.auth.start();
    let settings = [("API_MAX_TOKEN_LIFE", "10m")];
    let mut guard = guard_with(&pair.auth, &pair.folder().join("guard"), &settings);
    guard.spawn();
    let detail = unready(&guard, "tokens");
    assert!(detail.contains("1800 s") && detail.contains("600 s"), "{detail}");
    is_logged_once(&guard, &detail);
    pair.auth.stop();
    pair.set("AUTH_ACCESS_TOKEN_TTL", "10m");
    pair.auth.start();
    poll::until("the guard is ready", PATIENCE, || guard.ready());
}
