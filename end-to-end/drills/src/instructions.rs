//! The instructions of fixed pieces of work, compared with a committed baseline.
//!
//! Valgrind counts them on a processor of its own, so other programs on the machine change nothing.
//! `scripts/instructions` builds and runs the comparison; `docs/benchmarks.md` explains it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fmt, fs};

use serde::{Deserialize, Serialize};

use super::figures::grouped;

/// The largest difference from the baseline, in percent.
const TOLERANCE: u64 = 5;

/// The works of `fixed-work`, and the number of times that each one is counted.
const WORKS: [(&str, u64); 4] = [("verify", 64), ("cached", 960), ("sign", 64), ("apply", 32)];

/// The function of `fixed-work` that counts with all that it calls.
const COUNTED: &str = "--toggle-collect=*counted_work*";

/// The instructions of each work.
type Counts = BTreeMap<String, u64>;

/// The tools that made the counts. Counts of other tools differ, also without a change of the code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Machine {
    processor: String,
    rustc: String,
    target: String,
    profile: String,
    valgrind: String,
}

/// The committed counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Baseline {
    machine: Machine,
    instructions: Counts,
}

/// The counts of a run beside those of the baseline. Displayed as a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    now: Counts,
    baseline: Counts,
    /// The differences between the machines, such as `processor: A, in the baseline B`.
    other_machine: Vec<String>,
}

/// Counts the instructions of each work of `program`, which is `fixed-work`, and compares them with the
/// baseline. `write` makes the counts the new baseline first. `progress` gets a line for each work.
///
/// # Errors
///
/// Valgrind is missing, a work failed, or the file of the baseline can't be read or written.
pub fn run(program: &Path, write: bool, progress: &dyn Fn(String)) -> Result<Comparison, String> {
    let machine = Machine::here(program)?;
    let mut now = Counts::new();
    for (work, times) in WORKS {
        progress(format!("{work}, {times} times"));
        now.insert(work.to_owned(), count(program, work, times)?);
    }
    let path = baseline_path();
    if write {
        let baseline = Baseline { machine: machine.clone(), instructions: now.clone() };
        let text = serde_json::to_string_pretty(&baseline).map_err(|error| error.to_string())?;
        fs::write(&path, text + "\n").map_err(|error| at(&path, &error))?;
    }
    let text = fs::read_to_string(&path).map_err(|error| at(&path, &error))?;
    let baseline: Baseline = serde_json::from_str(&text).map_err(|error| at(&path, &error))?;
    let other_machine = machine.differences(&baseline.machine);
    Ok(Comparison { now, baseline: baseline.instructions, other_machine })
}

fn baseline_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("instructions.json")
}

fn at(path: &Path, error: &dyn fmt::Display) -> String {
    format!("{}: {error}", path.display())
}

/// Returns the instructions of one time of a work.
fn count(program: &Path, work: &str, times: u64) -> Result<u64, String> {
    let folder = tempfile::tempdir().map_err(|error| format!("a temporary folder: {error}"))?;
    let totals = folder.path().join("callgrind.out");
    let mut out_file = std::ffi::OsString::from("--callgrind-out-file=");
    out_file.push(&totals);
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--quiet", "--collect-atstart=no", COUNTED]).arg(out_file);
    valgrind.arg(program).arg(work).arg(times.to_string());
    said(&mut valgrind)?;
    let text = fs::read_to_string(&totals).map_err(|error| at(&totals, &error))?;
    match total(&text) {
        Some(0) => Err(format!("valgrind did not find the counted function of {work}")),
        Some(total) => Ok(total / times),
        None => Err(format!("valgrind wrote no total for {work}")),
    }
}

/// Returns the total of a file of callgrind.
fn total(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("totals:"))?;
    line.trim().parse().ok()
}

/// Runs a program and returns its output.
fn said(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| match (error.kind(), name.as_str()) {
        (std::io::ErrorKind::NotFound, "valgrind") => {
            "valgrind is missing: install it, for example Debian's package valgrind".to_owned()
        }
        _ => format!("{name}: {error}"),
    })?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{name} ended with {}: {}", output.status, errors.trim()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

impl Machine {
    /// Returns this machine, with the profile that `program` was built in.
    fn here(program: &Path) -> Result<Self, String> {
        let valgrind = said(Command::new("valgrind").arg("--version"))?;
        let rustc = said(Command::new("rustc").arg("-vV").current_dir(env!("CARGO_MANIFEST_DIR")))?;
        let profile = program.parent().and_then(Path::file_name).unwrap_or_default();
        Ok(Self {
            processor: processor(),
            rustc: value(&rustc, "release").unwrap_or("unknown").to_owned(),
            target: value(&rustc, "host").unwrap_or("unknown").to_owned(),
            profile: profile.to_string_lossy().into_owned(),
            valgrind: valgrind.trim().trim_start_matches("valgrind-").to_owned(),
        })
    }

    /// Returns the values that differ from those of the baseline.
    fn differences(&self, baseline: &Self) -> Vec<String> {
        [
            ("processor", &self.processor, &baseline.processor),
            ("rustc", &self.rustc, &baseline.rustc),
            ("target", &self.target, &baseline.target),
            ("profile", &self.profile, &baseline.profile),
            ("valgrind", &self.valgrind, &baseline.valgrind),
        ]
        .into_iter()
        .filter(|(_, here, there)| here != there)
        .map(|(name, here, there)| format!("{name}: {here}, in the baseline {there}"))
        .collect()
    }
}

/// Returns the name of the processor.
pub(crate) fn processor() -> String {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    value(&processors, "model name").unwrap_or("unknown").to_owned()
}

/// Returns the value of the first line `name: value`.
fn value<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(found, _)| found.trim() == name)
        .map(|(_, value)| value.trim())
}

impl Comparison {
    /// Returns the works with a count outside the tolerance, or without a count in the baseline. Empty
    /// if the baseline is of another machine.
    pub fn outside(&self) -> Vec<&str> {
        if !self.other_machine.is_empty() {
            return Vec::new();
        }
        let within = |work: &str, now: u64| {
            let baseline = self.baseline.get(work).copied().unwrap_or(0);
            baseline > 0 && now.abs_diff(baseline) * 100 <= baseline * TOLERANCE
        };
        let outside = self.now.iter().filter(|(work, now)| !within(work, **now));
        outside.map(|(work, _)| work.as_str()).collect()
    }

    /// Returns the change from the baseline, in percent.
    fn change(&self, work: &str) -> Option<f64> {
        let (now, baseline) = (*self.now.get(work)?, *self.baseline.get(work)?);
        (baseline > 0).then(|| (now as f64 / baseline as f64 - 1.0) * 100.0)
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:8} {:>12} {:>12} {:>9}", "work", "now", "baseline", "change")?;
        for (work, now) in &self.now {
            let baseline = self.baseline.get(work).map_or("-".to_owned(), |count| grouped(*count));
            let change = self.change(work);
            let change = change.map_or("-".to_owned(), |change| format!("{change:+.1} %"));
            writeln!(f, "{work:8} {:>12} {baseline:>12} {change:>9}", grouped(*now))?;
        }
        if !self.other_machine.is_empty() {
            write!(f, "not compared, since the baseline is of another machine:")?;
            return self.other_machine.iter().try_for_each(|line| write!(f, "\n  {line}"));
        }
        match &self.outside()[..] {
            [] => write!(f, "all within {TOLERANCE} % of the baseline"),
            works => write!(
                f,
                "more than {TOLERANCE} % away from the baseline: {}\nIf the change is intended, run \
                 scripts/instructions --write and commit the file",
                works.join(", ")
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(counts: &[(&str, u64)]) -> Counts {
        counts.iter().map(|(work, count)| ((*work).to_owned(), *count)).collect()
    }

    fn comparison(now: u64, baseline: u64) -> Comparison {
        Comparison {
            now: counts(&[("verify", now)]),
            baseline: counts(&[("verify", baseline)]),
            other_machine: Vec::new(),
        }
    }

    fn machine() -> Machine {
        Machine {
            processor: "A".into(),
            rustc: "1.95.0".into(),
            target: "x86_64-unknown-linux-gnu".into(),
            profile: "release".into(),
            valgrind: "3.19.0".into(),
        }
    }

    #[test]
    fn total_is_read_from_the_file_of_callgrind() {
        let text = "version: 1\nevents: Ir\nsummary: 9\n\nfn=(1)\n+3 7\n\ntotals: 24366273\n";
        assert_eq!(total(text), Some(24_366_273));
        assert_eq!(total("events: Ir\nsummary: 9\n"), None);
        assert_eq!(total("totals: many\n"), None);
    }

    #[test]
    fn change_of_more_than_5_percent_is_outside_in_both_directions() {
        for (now, outside) in [(950, false), (1_050, false), (949, true), (1_051, true), (0, true)]
        {
            assert_eq!(!comparison(now, 1_000).outside().is_empty(), outside, "{now}");
        }
        assert_eq!(comparison(1_000, 0).outside(), ["verify"]);
    }

    #[test]
    fn work_without_a_count_in_the_baseline_is_outside() {
        let comparison = Comparison { baseline: counts(&[("sign", 1)]), ..comparison(1, 1) };
        assert_eq!(comparison.outside(), ["verify"]);
        assert!(comparison.to_string().contains("verify              1            -         -"));
    }

    #[test]
    fn counts_of_another_machine_are_printed_and_not_compared() {
        let other = Machine { rustc: "1.96.0".into(), ..machine() };
        let other_machine = other.differences(&machine());
        assert_eq!(other_machine, ["rustc: 1.96.0, in the baseline 1.95.0"]);
        let comparison = Comparison { other_machine, ..comparison(2_000, 1_000) };
        assert!(comparison.outside().is_empty());
        let text = comparison.to_string();
        assert!(text.contains("+100.0 %") && text.contains("not compared"), "{text}");
        assert!(machine().differences(&machine()).is_empty());
    }

    #[test]
    fn table_shows_counts_and_changes() {
        let text = comparison(1_234_567, 1_200_000).to_string();
        let row = "verify      1,234,567    1,200,000    +2.9 %";
        assert_eq!(text.lines().nth(1), Some(row), "{text}");
        assert!(text.ends_with("all within 5 % of the baseline"), "{text}");
        let text = comparison(1, 2).to_string();
        assert!(text.contains("more than 5 % away from the baseline: verify\n"), "{text}");
    }

    #[test]
    fn values_are_read_from_lines_with_a_colon() {
        let text = "processor\t: 0\nmodel name\t: A B: C\nmodel name\t: D\n";
        assert_eq!(value(text, "model name"), Some("A B: C"));
        assert_eq!(value(text, "model"), None);
    }

    #[test]
    fn committed_baseline_has_each_work() {
        let text = fs::read_to_string(baseline_path()).expect("the baseline");
        let baseline: Baseline = serde_json::from_str(&text).expect("a baseline");
        let works: Vec<_> = baseline.instructions.keys().map(String::as_str).collect();
        let mut expected = WORKS.map(|(work, _)| work);
        expected.sort_unstable();
        assert_eq!(works, expected);
        assert_eq!(baseline.machine.profile, "release");
    }
}
