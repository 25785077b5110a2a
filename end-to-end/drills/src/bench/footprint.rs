//! An idle pair: its start, its memory, the sizes of its programs.

use std::time::{Duration, Instant};

use support::binaries;
use support::pair::Pair;
use support::service::Service;
use support::user::User;

use super::Plan;
use super::comparison::{Goal, Row};
use super::report::Sizes;

/// A pause between two looks at a service that starts.
const LOOK: Duration = Duration::from_micros(500);

/// The time after which a service has released the memory of its last work. The issuer keeps the
/// memory of password hashes for a minute.
const REST: Duration = Duration::from_secs(65);

/// The rows of start and memory.
pub fn rows(plan: &Plan<'_>) -> Vec<Row> {
    let mut pair = Pair::start_with(&[]);
    let tokens = (0..10).map(|_| User::signed_up(&pair.auth, "Ann").log_in(&pair.auth));
    for token in tokens.collect::<Vec<_>>() {
        pair.accepts_soon("a token", &token);
    }
    rest();
    let memory = |name: &str, service: &Service| {
        let pss = service.process().proportional_memory_kib() as f64 / 1_024.0;
        let work = format!("Memory of {name} at rest (PSS)");
        Row::value(&work, "MiB", Goal::AtMost(12.0), vec![pss])
    };
    let memories = [memory("auth-service", &pair.auth), memory("api-service", &pair.api)];
    // Each start of the guard finds the issuer, so the issuer is the last to stop.
    let rounds = plan.rounds.max(1);
    let guard = (0..rounds).map(|_| started(&mut pair.api)).collect();
    let issuer = (0..rounds).map(|_| started(&mut pair.auth)).collect();
    let start = |name: &str, times| {
        Row::value(&format!("Start of {name} to ready"), "ms", Goal::AtMost(50.0), times)
    };
    let rows = [start("auth-service", issuer), start("api-service", guard)];
    let rows: Vec<_> = rows.into_iter().chain(memories).collect();
    for row in &rows {
        (plan.progress)(row.to_string());
    }
    rows
}

#[expect(clippy::disallowed_methods, reason = "nothing shows that the memory was released")]
fn rest() {
    std::thread::sleep(REST);
}

#[expect(clippy::disallowed_methods, reason = "looks without a pause would take a core")]
fn look() {
    std::thread::sleep(LOOK);
}

#[expect(clippy::disallowed_methods, reason = "the day of the run")]
fn today() -> String {
    time::OffsetDateTime::now_utc().date().to_string()
}

/// Starts a service again; returns the milliseconds until it is ready.
fn started(service: &mut Service) -> f64 {
    service.stop();
    let began = Instant::now();
    service.spawn();
    while !service.ready() {
        assert!(began.elapsed() < Duration::from_secs(30), "it does not start: {}", service.log());
        look();
    }
    began.elapsed().as_secs_f64() * 1_000.0
}

/// The sizes of the built programs.
pub fn sizes() -> Sizes {
    let size = |file| std::fs::metadata(file).expect("a program").len();
    Sizes {
        day: today(),
        version: env!("CARGO_PKG_VERSION").into(),
        auth_service: size(binaries::auth_service()),
        api_service: size(binaries::api_service()),
    }
}
