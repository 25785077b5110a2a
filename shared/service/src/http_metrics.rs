//! Counts requests by route, method and status, and measures the time to their answers.
//!
//! The counters are atomic numbers in a table that is made once. A request takes no lock, and a
//! stranger can't make a new series: every other path is `unmatched`, every other method `other`.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix_web::Error;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::docs_page;
use super::metrics::encoding::{counters, describe, gauge};
use super::well_known;

/// The labels of the methods. The last one is the label of every method that a route does not take.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", OTHER];

const OTHER: &str = "other";

/// The label of a path without a route, and of a request with a panic in its handler.
const UNMATCHED: &str = "unmatched";

const STATUSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];

/// The upper ends of the buckets in microseconds.
const BUCKETS: [u64; 14] = [
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000, 5_000_000, 10_000_000,
];

/// The counters of one listener; cheap to clone.
#[derive(Clone)]
pub struct HttpMetrics(Arc<Table>);

struct Table {
    /// The place of each route in `routes`, by its template.
    places: HashMap<String, usize>,
    /// The routes, and last the paths without a route.
    routes: Vec<Route>,
    in_progress: AtomicU64,
}

struct Route {
    template: String,
    /// True if the time to an answer is no measure of the service.
    long_poll: bool,
    methods: [Counts; METHODS.len()],
}

/// The counts of a route and a method.
#[derive(Default)]
struct Counts {
    /// True if the route takes the method, or if the label stands for the others. Its series exist
    /// from the start.
    exists: bool,
    statuses: [AtomicU64; STATUSES.len()],
    /// The answers in each bucket, and last the slower ones.
    buckets: [AtomicU64; BUCKETS.len() + 1],
    microseconds: AtomicU64,
}

/// The paths of an OpenAPI document, and the methods of each.
#[derive(Deserialize)]
#[expect(clippy::zero_sized_map_values, reason = "an object of JSON, of which the names count")]
struct Description {
    paths: BTreeMap<String, BTreeMap<String, IgnoredAny>>,
}

impl HttpMetrics {
    /// Creates the counters of the documents page and of the routes that an OpenAPI document
    /// describes. `long_polls` are routes of which only the number of requests counts.
    ///
    /// # Errors
    ///
    /// The text is not an OpenAPI document.
    pub fn new(openapi: &str, long_polls: &[&str]) -> Result<Self, serde_json::Error> {
        let description: Description = serde_json::from_str(openapi)?;
        let described = description.paths.iter().map(|(template, item)| {
            let methods = item.keys().map(|method| method.to_ascii_uppercase());
            (template.as_str(), methods.collect())
        });
        let page = docs_page::TEMPLATES.map(|template| (template, vec!["GET".to_owned()]));
        let unmatched = (UNMATCHED, vec!["GET".to_owned(), "POST".to_owned()]);
        let routes: Vec<_> = described
            .chain(page)
            .chain([unmatched])
            .map(|(template, methods)| Route::new(template, &methods, long_polls))
            .collect();
        let places = routes.iter().enumerate().map(|(at, route)| (route.template.clone(), at));
        let in_progress = AtomicU64::new(0);
        Ok(Self(Arc::new(Table { places: places.collect(), routes, in_progress })))
    }

    /// Answers a request by `next` and counts it, for [`actix_web::App::wrap_fn`]. It must be the
    /// outermost middleware, so that it counts every answer.
    pub fn measure<S, B>(
        &self,
        request: ServiceRequest,
        next: &S,
    ) -> impl Future<Output = Result<ServiceResponse<B>, Error>> + use<S, B>
    where
        S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    {
        let progress = InProgress::begin(Arc::clone(&self.0));
        let method = place_of(request.method());
        let answer = next.call(request);
        async move {
            let answer = answer.await;
            let (route, status) = match &answer {
                Ok(response) => (response.request().match_pattern(), response.status()),
                Err(error) => (None, error.as_response_error().status_code()),
            };
            progress.end(route.as_deref(), method, status);
            answer
        }
    }
}

/// A request without an answer. If the client gives up first, nothing but the gauge changes.
struct InProgress {
    table: Arc<Table>,
    began: Instant,
}

impl InProgress {
    fn begin(table: Arc<Table>) -> Self {
        table.in_progress.fetch_add(1, Ordering::Relaxed);
        Self { table, began: Instant::now() }
    }

    fn end(self, template: Option<&str>, method: usize, status: StatusCode) {
        let took = self.began.elapsed();
        if let Some(counts) = self.table.route(template).and_then(|route| route.counts(method)) {
            counts.add(status, took);
        }
    }
}

impl Drop for InProgress {
    fn drop(&mut self) {
        self.table.in_progress.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Table {
    fn route(&self, template: Option<&str>) -> Option<&Route> {
        let place = template.and_then(|template| {
            let template = template.strip_suffix(well_known::BEHIND).unwrap_or(template);
            self.places.get(template)
        });
        place.map_or(self.routes.last(), |place| self.routes.get(*place))
    }

    /// Returns the counts of each route and method.
    fn counts(&self) -> impl Iterator<Item = (&Route, &'static str, &Counts)> {
        self.routes.iter().flat_map(|route| {
            let methods = METHODS.iter().zip(&route.methods);
            let existing = methods.filter(|(_, counts)| counts.exists);
            existing.map(move |(method, counts)| (route, *method, counts))
        })
    }
}

impl Route {
    fn new(template: &str, described: &[String], long_polls: &[&str]) -> Self {
        let mut methods: [Counts; METHODS.len()] = Default::default();
        for (method, counts) in METHODS.iter().zip(&mut methods) {
            // A route that takes GET takes HEAD.
            let method = if *method == "HEAD" { "GET" } else { method };
            counts.exists = method == OTHER || described.iter().any(|one| one == method);
        }
        let long_poll = long_polls.contains(&template);
        Self { template: template.to_owned(), long_poll, methods }
    }

    /// Returns the counts of a method, by its place in [`METHODS`].
    fn counts(&self, method: usize) -> Option<&Counts> {
        self.methods.get(method).filter(|counts| counts.exists).or(self.methods.last())
    }
}

impl Counts {
    fn add(&self, status: StatusCode, took: Duration) {
        let class = usize::from(status.as_u16() / 100).saturating_sub(2);
        if let Some(count) = self.statuses.get(class) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BUCKETS.iter().position(|end| micros <= *end).unwrap_or(BUCKETS.len());
        if let Some(count) = self.buckets.get(bucket) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.microseconds.fetch_add(micros, Ordering::Relaxed);
    }

    /// Returns the number of answers in each bucket, with the end of the bucket in seconds.
    fn buckets(&self) -> Vec<(f64, u64)> {
        let seconds = BUCKETS.iter().map(|end| Duration::from_micros(*end).as_secs_f64());
        let counts = self.buckets.iter().map(|count| count.load(Ordering::Relaxed));
        seconds.chain([f64::INFINITY]).zip(counts).collect()
    }
}

impl fmt::Debug for HttpMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HttpMetrics")
    }
}

impl Collector for HttpMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let table = &self.0;
        let answers = table.counts().flat_map(|(route, method, counts)| {
            let statuses = STATUSES.iter().zip(&counts.statuses);
            statuses.map(move |(status, count)| {
                let route = route.template.as_str();
                let labels = [("route", route), ("method", method), ("status", *status)];
                (labels, count.load(Ordering::Relaxed))
            })
        });
        counters(
            &mut encoder,
            "signet_http_requests",
            "Requests that were answered, by route, method and class of the status",
            answers,
        )?;
        let mut durations = describe(
            &mut encoder,
            "signet_http_request_duration_seconds",
            "Time from the head of a request to the head of its answer",
            MetricType::Histogram,
        )?;
        for (route, method, counts) in table.counts() {
            let buckets = counts.buckets();
            let count = buckets.iter().map(|(_, count)| count).sum();
            if route.long_poll {
                continue;
            }
            let sum = Duration::from_micros(counts.microseconds.load(Ordering::Relaxed));
            let labels = [("route", route.template.as_str()), ("method", method)];
            let mut series = durations.encode_family(&labels)?;
            series.encode_histogram::<NoLabelSet>(sum.as_secs_f64(), count, &buckets, None)?;
        }
        gauge(
            &mut encoder,
            "signet_http_requests_in_progress",
            "Requests without an answer, long polls included",
            table.in_progress.load(Ordering::Relaxed),
        )
    }
}

/// Returns the place of a method in [`METHODS`].
fn place_of(method: &Method) -> usize {
    METHODS.iter().position(|known| *known == method.as_str()).unwrap_or(METHODS.len() - 1)
}

#[cfg(test)]
#[path = "http_metrics_tests.rs"]
mod tests;
