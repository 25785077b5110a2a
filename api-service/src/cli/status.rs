//! `status`: the state of the running guard, and its age.

use std::fmt::Write;
use std::net::SocketAddr;

use signet_service::failure::Failure;
use signet_service::{output, probe};

use crate::management::{Report, STATUS_PATH};

pub(super) fn run(json: bool, address: SocketAddr) -> Result<(), Failure> {
    let answer = probe::get(address, STATUS_PATH)?;
    let report: Report = serde_json::from_str(&answer.body).map_err(|_| {
        Failure::failed(format_args!("what answers at {address} is no api-service"))
    })?;
    if json { output::json(&report) } else { output::line(for_people(&report).trim_end()) }
}

fn for_people(report: &Report) -> String {
    let age = |seconds: Option<f64>| match seconds {
        Some(seconds) => format!("{seconds:.1} s ago"),
        None => "never".into(),
    };
    let trouble = |error: &Option<String>| match error {
        Some(error) => format!(" ({})", error.replace(char::is_control, " ")),
        None => String::new(),
    };
    let position = report.position.map_or("none".into(), |position| position.to_string());
    let progress = if report.caught_up { "caught up" } else { "behind" };
    let skew = report.clock_skew.map_or("unknown".into(), |skew| format!("{skew:+.0} s"));
    let refused: u64 = report.refused.values().sum();
    let rows = [
        ("ready", if report.ready { "yes" } else { "no" }.to_owned()),
        ("position", format!("{position}, {progress}")),
        ("feed", format!("{}{}", age(report.feed_age), trouble(&report.feed_error))),
        ("keys", format!("{}{}", age(report.keys_age), trouble(&report.keys_error))),
        ("issuer's clock", skew),
        ("revocations", report.revocations.to_string()),
        ("requests", format!("{} let through, {refused} refused", report.admitted)),
    ];
    let mut text = String::new();
    for (name, value) in rows {
        // Writing to a String can't fail.
        let _ = writeln!(text, "{name:<15} {value}");
    }
    if let Some(users) = report.snapshot {
        let _ = writeln!(text, "{:<15} {users} users so far", "snapshot");
    }
    for mismatch in &report.mismatches {
        let _ = writeln!(text, "{:<15} {mismatch}", "refuses all");
    }
    for (word, count) in &report.refused {
        let _ = writeln!(text, "  {word:<13} {count}");
    }
    for kid in &report.keys {
        let _ = writeln!(text, "{:<15} {kid}", "holds key");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_prints_held_data_and_its_age() {
        let report = Report {
            ready: false,
            position: Some(1_790_000_000_000_007),
            caught_up: false,
            feed_age: Some(12.34),
            feed_lag: Some(0.01),
            feed_error: Some("connection refused".into()),
            snapshot: Some(340_000),
            keys: vec!["a".repeat(43), "b".repeat(43)],
            keys_age: None,
            keys_error: None,
            clock_skew: Some(-3.2),
            mismatches: vec!["the issuer's tokens have another issuer".into()],
            revocations: 4,
            admitted: 100,
            refused: [("expired".to_owned(), 2), ("missing".to_owned(), 1)].into(),
        };
        insta::assert_snapshot!(for_people(&report));
    }
}
