//! The promises that a drill checks, each with the observation and the result.

use std::fmt;

/// The promises of a run.
#[derive(Debug, Clone, Default)]
pub struct Promises(Vec<Promise>);

#[derive(Debug, Clone)]
struct Promise {
    what: String,
    seen: String,
    kept: bool,
}

impl Promises {
    /// Notes the observation `seen` for a promise.
    pub fn note(&mut self, what: impl Into<String>, seen: impl fmt::Display, kept: bool) {
        self.0.push(Promise { what: what.into(), seen: seen.to_string(), kept });
    }

    /// Notes a promise that something never happens.
    pub fn never(&mut self, what: impl Into<String>, times: usize) {
        self.note(what, times, times == 0);
    }

    /// Adds the promises of another run, each under `heading`.
    pub fn take(&mut self, heading: &str, others: Self) {
        for promise in others.0 {
            self.0.push(Promise { what: format!("{heading}: {}", promise.what), ..promise });
        }
    }

    /// The broken promises, a line each.
    pub fn broken(&self) -> Vec<String> {
        let broken = self.0.iter().filter(|promise| !promise.kept);
        broken.map(|promise| format!("{}: {}", promise.what, promise.seen)).collect()
    }
}

impl fmt::Display for Promises {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Promise { what, seen, kept } in &self.0 {
            writeln!(f, "  {}  {what}: {seen}", if *kept { "kept  " } else { "BROKEN" })?;
        }
        Ok(())
    }
}
