//! `docs/benchmarks.md`: the table of a run, and the sizes of the programs over time.

use std::fmt::Write as _;

use super::comparison::{Figure, Goal, Row};
use crate::figures::shown;

/// The heading of the part that keeps its older lines.
const SIZES: &str = "## Sizes of the programs over time";

/// The head of its table.
const SIZES_HEAD: &str = "| day | version | auth-service | api-service |\n\
    | --- | --- | ---: | ---: |\n";

/// The sizes of both programs, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sizes {
    /// The day, as `2026-12-01`.
    pub day: String,
    /// The version of the programs.
    pub version: String,
    /// The issuer's program.
    pub auth_service: u64,
    /// The guard's program.
    pub api_service: u64,
}

impl Sizes {
    fn line(&self) -> String {
        let mib = |bytes: u64| format!("{:.1} MiB", bytes as f64 / 1_048_576.0);
        let (auth, api) = (mib(self.auth_service), mib(self.api_service));
        format!("| {} | {} | {auth} | {api} |", self.day, self.version)
    }
}

/// The parts of the document beside the rows.
#[derive(Debug)]
pub struct Context<'a> {
    /// The machine and the versions: names and values.
    pub machine: &'a [(String, String)],
    /// The instruction counts, as text.
    pub instructions: &'a str,
    /// The sizes of the programs now.
    pub sizes: &'a Sizes,
    /// The document before. Its sizes of other versions stay.
    pub before: &'a str,
}

/// Returns the document with the table of these rows.
pub fn document(rows: &[Row], context: &Context<'_>) -> String {
    let Context { machine, instructions, sizes, before } = context;
    let mut text = include_str!("introduction.md").to_owned();
    text += "\n## The machine\n\n| part | |\n| --- | --- |\n";
    for (name, value) in *machine {
        let _ = writeln!(text, "| {name} | {value} |");
    }
    let judged: Vec<_> = rows.iter().filter_map(Row::met).collect();
    let met = judged.iter().filter(|met| **met).count();
    let _ = writeln!(text, "\n## Results\n\n{met} of {} goals are met.\n", judged.len());
    text += "| work | Signet, per second | against | per second | ratio | goal | |\n\
        | --- | ---: | --- | ---: | ---: | --- | --- |\n";
    for row in rows {
        text += &line(row);
    }
    text += "\n";
    text += include_str!("instructions.md");
    let _ = writeln!(text, "\n```text\n{instructions}\n```");
    let _ = write!(text, "\n{SIZES}\n\n{SIZES_HEAD}");
    for line in older_sizes(before, &sizes.version) {
        let _ = writeln!(text, "{line}");
    }
    text + &sizes.line() + "\n"
}

fn line(row: &Row) -> String {
    let goal = match row.goal {
        Goal::Ratio(least) => format!("≥ {least:.2}"),
        Goal::AtMost(most) => format!("≤ {most}"),
        Goal::Shown => String::new(),
    };
    let met = match row.met() {
        Some(true) => "met",
        Some(false) => "**missed**",
        None => "",
    };
    match &row.figure {
        Figure::Compared { against, medians, ratio } => format!(
            "| {} | {} | {against} | {} | {} | {goal} | {met} |\n",
            row.work,
            shown(medians.ours),
            shown(medians.theirs),
            shown(*ratio),
        ),
        Figure::Value(value, unit) => {
            format!("| {} | {} {unit} | | | | {goal} | {met} |\n", row.work, shown(*value))
        }
    }
}

/// Returns the lines of the table of sizes but for those of this version.
fn older_sizes<'a>(before: &'a str, version: &'a str) -> impl Iterator<Item = &'a str> {
    let part = before.split_once(SIZES).map_or("", |(_, part)| part);
    let lines = part.lines().filter(|line| line.starts_with("| 2"));
    lines.filter(move |line| line.split(" | ").nth(1) != Some(version))
}

#[cfg(test)]
mod tests {
    use super::super::comparison::Sample;
    use super::*;

    fn written(rows: &[Row], version: &str, before: &str) -> String {
        let sizes = Sizes {
            day: "2026-12-01".into(),
            version: version.into(),
            auth_service: 22 * 1_048_576,
            api_service: 17 * 1_048_576 + 524_288,
        };
        document(rows, &Context { machine: &[], instructions: "verify 1", sizes: &sizes, before })
    }

    #[test]
    fn document_shows_rows_and_counts_goals() {
        let samples = |ours| [Sample { ours, theirs: 60_000.0 }];
        let rows = [
            Row::compared("`GET /user/me`", "unguarded", Goal::Ratio(0.7), &samples(51_000.0)),
            Row::compared("`GET /verify`", "unguarded", Goal::Ratio(0.8), &samples(30_000.0)),
            Row::value("Start to ready", "ms", Goal::AtMost(50.0), vec![38.2]),
        ];
        let text = written(&rows, "0.1.0", "");
        assert!(text.contains("2 of 3 goals are met."), "{text}");
        let me = "| `GET /user/me` | 51000 | unguarded | 60000 | 0.85 | ≥ 0.70 | met |\n";
        assert!(text.contains(me), "{text}");
        assert!(text.contains("| 0.50 | ≥ 0.80 | **missed** |\n"), "{text}");
        assert!(text.contains("| Start to ready | 38.2 ms | | | | ≤ 50 | met |\n"), "{text}");
    }

    #[test]
    fn sizes_of_other_versions_stay() {
        let first = written(&[], "0.1.0", "");
        let second = written(&[], "0.2.0", &first);
        let again = written(&[], "0.2.0", &second);
        assert_eq!(second, again);
        let end = "| 2026-12-01 | 0.1.0 | 22.0 MiB | 17.5 MiB |\n\
            | 2026-12-01 | 0.2.0 | 22.0 MiB | 17.5 MiB |\n";
        assert!(second.ends_with(end), "{second}");
    }
}
