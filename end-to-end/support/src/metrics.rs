//! A service's Prometheus metrics, read sample by sample.

use std::fmt::Debug;
use std::str::FromStr;

use crate::http;

/// The text of `/metrics`, at one moment.
#[derive(Debug)]
pub struct Metrics(String);

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
}
