//! The resources of this process, read from `/proc` at each scrape. Other systems than Linux have
//! none of these metrics.

use std::fmt;
use std::fs;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::{Resource, getrlimit};

use super::encoding::{count, counter, gauge};

/// Reads the resources at each scrape.
#[derive(Debug)]
pub(super) struct Process {
    /// The start of the machine as Unix time in seconds. It is read once: it moves with the clock.
    booted_at: Option<f64>,
}

/// The resources at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stat {
    cpu_seconds: f64,
    /// The time from the start of the machine to the start of the process.
    started_after_seconds: f64,
    virtual_bytes: u64,
    resident_bytes: u64,
}

impl Default for Process {
    fn default() -> Self {
        let machine = fs::read_to_string("/proc/stat").unwrap_or_default();
        Self { booted_at: boot_time(&machine) }
    }
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let to = &mut encoder;
        let stat = fs::read_to_string("/proc/self/stat").ok();
        if let Some(stat) = stat.and_then(|line| Stat::parse(&line)) {
            counter(
                to,
                "signet_process_cpu_seconds",
                "CPU time of the process, user and system",
                stat.cpu_seconds,
            )?;
            gauge(
                to,
                "signet_process_resident_memory_bytes",
                "Memory of the process in RAM",
                stat.resident_bytes,
            )?;
            gauge(
                to,
                "signet_process_virtual_memory_bytes",
                "Address space of the process",
                stat.virtual_bytes,
            )?;
            if let Some(booted_at) = self.booted_at {
                gauge(
                    to,
                    "signet_process_start_time_seconds",
                    "Start of the process as Unix time",
                    booted_at + stat.started_after_seconds,
                )?;
            }
        }
        if let Ok(open) = fs::read_dir("/proc/self/fd") {
            // One entry is the descriptor of this reading.
            let open = count(open.count().saturating_sub(1));
            gauge(to, "signet_process_open_fds", "Open file descriptors", open)?;
            let limit = getrlimit(Resource::Nofile).current;
            let limit = limit.and_then(|limit| u32::try_from(limit).ok());
            let limit = limit.map_or(f64::INFINITY, f64::from);
            gauge(to, "signet_process_max_fds", "Limit of open file descriptors", limit)?;
        }
        Ok(())
    }
}

impl Stat {
    /// Parses `/proc/self/stat` (proc(5)). The name of the program is in parentheses and may hold
    /// any character.
    fn parse(line: &str) -> Option<Self> {
        let (_, fields) = line.rsplit_once(") ")?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        // The field after the name is number 3.
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        let seconds = |ticks: u64| {
            let micros = ticks.saturating_mul(1_000_000) / clock_ticks_per_second();
            Duration::from_micros(micros).as_secs_f64()
        };
        Some(Self {
            cpu_seconds: seconds(field(14)? + field(15)?),
            started_after_seconds: seconds(field(22)?),
            virtual_bytes: field(23)?,
            resident_bytes: field(24)? * page_size() as u64,
        })
    }
}

/// Returns the start of the machine, from `/proc/stat`.
fn boot_time(stat: &str) -> Option<f64> {
    stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn program_name_with_parentheses_and_spaces_is_skipped() {
        let line = "77 (a) b (c) R 1 77 77 0 -1 4194304 1 0 0 0 250 50 0 0 20 0 3 0 1000 8192 2 \
                    18446744073709551615 1 1";
        let stat = Stat::parse(line).expect("a line of proc(5)");
        let ticks = f64::from(u32::try_from(clock_ticks_per_second()).expect("a small number"));
        assert!((stat.cpu_seconds - 300.0 / ticks).abs() < 1e-6, "{stat:?}");
        assert!((stat.started_after_seconds - 1_000.0 / ticks).abs() < 1e-6, "{stat:?}");
        assert_eq!(stat.virtual_bytes, 8_192);
        assert_eq!(stat.resident_bytes, 2 * page_size() as u64);
        for broken in ["", "77 (a", "77 (a) R 1 2"] {
            assert_eq!(Stat::parse(broken), None, "{broken}");
        }
    }

    #[test]
    fn boot_time_is_one_line_of_the_statistics() {
        assert_eq!(boot_time("cpu 1 2\nbtime 1764540000\nprocesses 3\n"), Some(1_764_540_000.0));
        assert_eq!(boot_time("cpu 1 2\n"), None);
    }
}
