//! A service's Prometheus metrics, and the page that documents them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::http;

/// The text of `/metrics`, at one moment.
#[derive(Debug)]
pub struct Metrics(String);

/// The samples of one metric, which differ in the values of their labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// `counter`, `gauge` or `histogram`.
    pub kind: String,
    /// The names of the labels, without `le`.
    pub labels: BTreeSet<String>,
}

impl Metrics {
    /// Reads the metrics of the service with this management address.
    pub fn of(management: &str) -> Self {
        Self(http::request("GET", &format!("{management}/metrics")).send().expect(200).text())
    }

    /// The sample with this name and these labels, if the text holds it.
    pub fn sample<T: FromStr<Err: Debug>>(&self, name: &str) -> Option<T> {
        let values = self.0.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        values.map(|value| value.trim().parse().expect("a number")).next()
    }

    /// The sum of the counters that begin with this name and these labels.
    pub fn total(&self, start: &str) -> u64 {
        let lines = self.0.lines().filter(|line| line.starts_with(start));
        let values = lines.filter_map(|line| line.rsplit_once(' '));
        values.map(|(_, value)| value.parse::<u64>().expect("a number")).sum()
    }

    /// Every metric that has a sample, by name.
    pub fn families(&self) -> BTreeMap<String, Family> {
        let types = self.0.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
        let families = types.filter_map(|(name, kind)| {
            let parts: &[&str] =
                if kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
            let names: Vec<_> = parts.iter().map(|part| format!("{name}{part}")).collect();
            let samples = self.0.lines().filter_map(|line| {
                let (series, _) = line.rsplit_once(' ')?;
                let (sample, labels) = series.split_once('{').unwrap_or((series, ""));
                names.iter().any(|name| name == sample).then_some(labels)
            });
            let samples: Vec<_> = samples.collect();
            // A label has no comma in its value: templates, words, versions and ids.
            let labels = samples.iter().flat_map(|labels| labels.trim_end_matches('}').split(','));
            let labels = labels.filter_map(|label| Some(label.split_once('=')?.0.to_owned()));
            let labels = labels.filter(|label| label != "le").collect();
            let family = Family { kind: kind.to_owned(), labels };
            (!samples.is_empty()).then(|| (name.to_owned(), family))
        });
        families.collect()
    }
}

/// The path of a page or a folder in `docs`.
pub fn page(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name)
}

/// The metrics in the tables of `docs/metrics.md`, by section.
pub fn documented() -> BTreeMap<String, BTreeMap<String, Family>> {
    let text = std::fs::read_to_string(page("metrics.md")).expect("a page");
    let sections = text.split("\n## ").skip(1).map(|section| {
        let (title, rest) = section.split_once('\n').expect("a title");
        let rows = rest.lines().filter(|line| line.starts_with("| `signet_")).map(row);
        (title.to_owned(), rows.collect())
    });
    sections.collect()
}

/// Reads a row of a table: name, type, labels, unit, meaning.
fn row(line: &str) -> (String, Family) {
    let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
    let [name, kind, labels, _, _] = cells[..] else { panic!("five cells: {line}") };
    let code = |text: &str| text.trim_matches('`').to_owned();
    let labels = labels.split(", ").filter(|label| !label.is_empty()).map(code).collect();
    (code(name), Family { kind: kind.to_owned(), labels })
}
