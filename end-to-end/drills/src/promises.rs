//! What a drill must find: each promise with what was seen, and whether it was kept.

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
    /// Notes what was `seen` of a promise.
    pub fn note(&mut self, what: impl Into<String>, seen: impl fmt::Display, kept: bool) {
        self.0.push(Promise { what: what.into(), seen: seen.to_string(), kept });
    }

    /// Notes a promise that something never happens.
    pub fn never(&mut self, what: impl Into<String>, times: usize) {
        self.note(what, times, times == 0);
    }

    /// Takes over those of another run, each under `heading`.
    pub fn take(&mut self, heading: &str, others: Self) {
        for promise in others.0 {
            self.0.push(Promise { what: format!("{heading}: {}", promise.what), ..promise });
        }
    }

    /// Those that were not kept, a line each.
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
