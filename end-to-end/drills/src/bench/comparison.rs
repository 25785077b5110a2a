//! The rows of the benchmarks: figures, goals, medians.

use std::fmt;

use crate::figures::{median, shown};

/// Both sides of one round, each as works per second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Signet.
    pub ours: f64,
    /// The limit or the other program.
    pub theirs: f64,
}

/// The goal of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Goal {
    /// A ratio that is this high, or higher.
    Ratio(f64),
    /// A value that is this low, or lower.
    AtMost(f64),
    /// None: the row explains another one.
    Shown,
}

/// The figure of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Figure {
    /// Works per second of both sides: the medians, and the median of the ratios of the rounds.
    Compared {
        /// The limit or the other program.
        against: String,
        /// The medians.
        medians: Sample,
        /// The median of `ours / theirs` of each round.
        ratio: f64,
    },
    /// One value with its unit.
    Value(f64, &'static str),
}

/// A row of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The work.
    pub work: String,
    /// The figure.
    pub figure: Figure,
    /// The goal.
    pub goal: Goal,
}

impl Row {
    /// Creates the row of a comparison.
    pub fn compared(work: &str, against: &str, goal: Goal, samples: &[Sample]) -> Self {
        let of = |side: fn(&Sample) -> f64| median(samples.iter().map(side).collect());
        let medians = Sample { ours: of(|sample| sample.ours), theirs: of(|sample| sample.theirs) };
        let ratio = of(|sample| sample.ours / sample.theirs);
        let figure = Figure::Compared { against: against.into(), medians, ratio };
        Self { work: work.into(), figure, goal }
    }

    /// Creates the row of a value: the median of `values`.
    pub fn value(work: &str, unit: &'static str, goal: Goal, values: Vec<f64>) -> Self {
        Self { work: work.into(), figure: Figure::Value(median(values), unit), goal }
    }

    /// True if the goal is met, nothing without a goal.
    pub fn met(&self) -> Option<bool> {
        match (self.goal, &self.figure) {
            (Goal::Ratio(least), Figure::Compared { ratio, .. }) => Some(rounded(*ratio) >= least),
            (Goal::AtMost(most), Figure::Value(value, _)) => Some(*value <= most),
            _ => None,
        }
    }
}

/// A ratio as the table shows it. The table must not show a goal that is met and is not.
fn rounded(ratio: f64) -> f64 {
    (ratio * 100.0).round() / 100.0
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.figure {
            Figure::Compared { against, medians, ratio } => write!(
                f,
                "{}: {}/s; {against}: {}/s; ratio {}",
                self.work,
                shown(medians.ours),
                shown(medians.theirs),
                shown(*ratio)
            )?,
            Figure::Value(value, unit) => write!(f, "{}: {} {unit}", self.work, shown(*value))?,
        }
        match (self.goal, self.met()) {
            (Goal::Ratio(least), Some(met)) => write!(f, " (goal ≥ {least:.2}, {})", word(met)),
            (Goal::AtMost(most), Some(met)) => write!(f, " (goal ≤ {most}, {})", word(met)),
            _ => Ok(()),
        }
    }
}

fn word(met: bool) -> &'static str {
    if met { "met" } else { "missed" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(goal: Goal, samples: &[(f64, f64)]) -> Row {
        let sample = |&(ours, theirs): &(f64, f64)| Sample { ours, theirs };
        let samples: Vec<_> = samples.iter().map(sample).collect();
        Row::compared("work", "limit", goal, &samples)
    }

    #[test]
    fn ratio_is_the_median_of_the_rounds() {
        // The machine was slow in the second round, for both sides.
        let row = row(Goal::Ratio(0.9), &[(95.0, 100.0), (40.0, 50.0), (96.0, 100.0)]);
        let medians = Sample { ours: 95.0, theirs: 100.0 };
        let figure = Figure::Compared { against: "limit".into(), medians, ratio: 0.95 };
        assert_eq!(row.figure, figure);
        assert_eq!(row.met(), Some(true));
    }

    #[test]
    fn goal_is_judged_by_the_shown_figure() {
        assert_eq!(row(Goal::Ratio(0.9), &[(89.6, 100.0)]).met(), Some(true));
        assert_eq!(row(Goal::Ratio(0.9), &[(89.4, 100.0)]).met(), Some(false));
        assert_eq!(row(Goal::Shown, &[(1.0, 100.0)]).met(), None);
        assert_eq!(Row::value("start", "ms", Goal::AtMost(50.0), vec![50.0]).met(), Some(true));
        assert_eq!(Row::value("start", "ms", Goal::AtMost(50.0), vec![50.1]).met(), Some(false));
    }

    #[test]
    fn row_shows_both_sides_and_the_goal() {
        let row = row(Goal::Ratio(8.0), &[(82.4, 9.0)]);
        assert_eq!(row.to_string(), "work: 82.4/s; limit: 9.00/s; ratio 9.16 (goal ≥ 8.00, met)");
    }
}
