//! A guard with settings that do not match its issuer refuses every token. It is not ready, and its
//! log gives the reason in one line.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use support::pair::{Pair, guard_of};
use support::poll;
use support::service::Service;
use support::user::User;

/// The time limit for a start, or a recovery, on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(40);

/// The report of a guard that has reached its issuer, and is not ready because of `part` alone.
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

/// Asserts that the log holds this detail in one error line, after many readiness checks.
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
fn other_issuer_spelling_makes_the_guard_unready() {
    let mut pair = Pair::prepare();
    let reached = pair.auth.url.clone();
    let issuer = reached.replace("127.0.0.1", "localhost");
    pair.set("AUTH_ISSUER", &issuer);
    pair.auth.start();
    let token = User::signed_up(&pair.auth, "Ada").log_in(&pair.auth);
    for (name, spelling) in
        [("slash", format!("{issuer}/")), ("case", issuer.replace("localhost", "LocalHost"))]
    {
        let settings = [("API_ISSUER", &*spelling), ("API_AUTH_URL", &reached)];
        let mut guard = guard_with(&pair.auth, &pair.folder().join(name), &settings);
        guard.spawn();
        let detail = unready(&guard, "issuer");
        assert!(detail.contains(&format!("`{issuer}`")), "{detail}");
        assert!(detail.contains(&format!("`{spelling}`")), "{detail}");
        is_logged_once(&guard, &detail);
        let told = guard.command(&["status"]).done().out;
        assert!(told.contains(&detail), "{told}");
        // Requests are still checked as usual.
        assert_eq!(guard.get("/user/me").bearer(&token).send().status, 401);
    }
}
