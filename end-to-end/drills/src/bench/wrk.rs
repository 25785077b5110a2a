//! The load generator: `wrk` with one thread. The other cores are for the service.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::requests::{self, Request};

/// A load on one service: requests that persistent connections send in turn.
#[derive(Debug)]
pub struct Load {
    url: String,
    connections: usize,
    script: PathBuf,
    /// The input of the script, in a folder that lives as long as the load.
    input: PathBuf,
    _folder: TempDir,
}

impl Load {
    /// Creates a load of these requests.
    pub fn of(url: &str, connections: usize, all: &[Request]) -> Self {
        let load = Self::with(url, connections, include_str!("in_turn.lua"));
        requests::write(&load.input, all);
        load
    }

    /// Creates a load of refreshes that begins with these tokens. It runs once only, since it uses
    /// the tokens up.
    pub fn of_refreshes(url: &str, connections: usize, tokens: &[String]) -> Self {
        assert!(tokens.len() > connections, "each connection needs a token, and one more is read");
        let load = Self::with(url, connections, include_str!("refresh.lua"));
        std::fs::write(&load.input, tokens.join("\n") + "\n").expect("a written file of tokens");
        load
    }

    fn with(url: &str, connections: usize, script: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("load.lua");
        std::fs::write(&path, script).expect("a written script");
        let input = folder.path().join("input");
        Self { url: url.into(), connections, script: path, input, _folder: folder }
    }

    /// Puts the load on the service for `time`, in whole seconds. Returns the answers per second.
    ///
    /// # Panics
    ///
    /// `wrk` is missing, or a request failed: an error is not the work that is measured.
    pub fn run(&self, time: Duration) -> f64 {
        let connections = self.connections.to_string();
        let time = format!("{}s", time.as_secs().max(1));
        let output = Command::new("wrk")
            .args(["--threads", "1", "--connections", &connections, "--duration", &time])
            .args(["--timeout", "30s", "--script"])
            .arg(&self.script)
            .args([self.url.as_str(), "--"])
            .arg(&self.input)
            .output()
            .expect("wrk starts (Debian: apt-get install wrk)");
        let report = String::from_utf8_lossy(&output.stdout);
        let rate = rate(&report);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(rate.is_some(), "{}: {report}{errors}", self.url);
        rate.unwrap_or_default()
    }
}

/// Reads the answers per second from a report of `wrk`, if every request had a good answer.
fn rate(report: &str) -> Option<f64> {
    let failed = ["Non-2xx", "Socket errors"].iter().any(|word| report.contains(word));
    let line = report.lines().find_map(|line| line.strip_prefix("Requests/sec:"));
    line.and_then(|rate| rate.trim().parse().ok()).filter(|rate| *rate > 0.0 && !failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "Running 1s test @ http://127.0.0.1:1\n  1 threads and 32 connections\n  \
        57012 requests in 1.00s, 9.01MB read\nRequests/sec:  56998.75\nTransfer/sec: 9.01MB\n";

    #[test]
    fn rate_is_read_from_a_report() {
        assert_eq!(rate(GOOD), Some(56_998.75));
    }

    #[test]
    fn report_with_failures_has_no_rate() {
        assert_eq!(
            rate(&GOOD.replace("Transfer", "  Non-2xx or 3xx responses: 1\nTransfer")),
            None
        );
        assert_eq!(rate(&GOOD.replace("Transfer", "  Socket errors: connect 0, read 1\n")), None);
        assert_eq!(rate(&GOOD.replace("56998.75", "0.00")), None);
        assert_eq!(rate("unable to connect to 127.0.0.1:1 Connection refused\n"), None);
    }
}
