//! The machine and the versions behind the figures.

use std::fs;
use std::process::Command;

use crate::instructions::processor;

/// Returns the lines of a table: what the figures depend on.
pub fn lines() -> Vec<(String, String)> {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZeroUsize::get);
    let mut lines = vec![
        ("Processor".to_owned(), format!("{}, {cores} cores", processor())),
        ("Memory".to_owned(), format!("{:.1} GiB", memory_kib() / 1_048_576.0)),
        ("System".to_owned(), printed("uname", &["-sr"])),
        ("Rust".to_owned(), printed("rustc", &["--version"])),
        ("Load generator".to_owned(), printed("wrk", &["-v"])),
        ("Signet".to_owned(), printed("git", &["describe", "--always", "--dirty"])),
    ];
    lines.retain(|(_, value)| !value.is_empty());
    lines
}

fn memory_kib() -> f64 {
    let told = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = told.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    total.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0.0)
}

/// Returns the first line that a program prints; nothing if it is missing.
fn printed(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    text.unwrap_or_default().lines().next().unwrap_or_default().to_owned()
}
