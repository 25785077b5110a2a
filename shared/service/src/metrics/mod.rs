//! The metrics of a service, for Prometheus: the registry of every service, and the answer to
//! `GET /metrics`.

pub mod encoding;
mod process;
mod readiness;

use std::fmt;
use std::sync::Arc;

use actix_web::http::header::{ACCEPT, Accept, CACHE_CONTROL, Header, Quality, VARY};
use actix_web::{HttpRequest, HttpResponse};
use prometheus_client::encoding::{prometheus_text, text};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::http_metrics::HttpMetrics;
use super::management::Readiness;
use super::telemetry;
use process::Process;
use readiness::Parts;

/// The media type of OpenMetrics.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The program that runs.
#[derive(Debug, Clone, Copy)]
pub struct Build {
    /// The name of the service.
    pub service: &'static str,
    /// The version of the service.
    pub version: &'static str,
}

/// Returns a registry with the metrics that every service has.
pub fn registry(build: Build, http: &HttpMetrics, readiness: Arc<dyn Readiness>) -> Registry {
    let mut registry = Registry::default();
    let labels = [("service", build.service), ("version", build.version)];
    registry.register("signet_build", "The program that runs, always 1", Info::new(labels));
    registry.register_collector(Box::new(Process::default()));
    registry.register_collector(Box::new(Parts(readiness)));
    registry.register_collector(Box::new(http.clone()));
    telemetry::register_metrics(&mut registry);
    registry
}

/// Returns the answer to `GET /metrics`: OpenMetrics if the request prefers it, otherwise
/// Prometheus text.
pub(super) fn answer(request: &HttpRequest, registry: &Registry) -> HttpResponse {
    match encoded(prefers_open_metrics(request), registry) {
        Ok((media_type, text)) => HttpResponse::Ok()
            .content_type(media_type)
            .insert_header((CACHE_CONTROL, "no-store"))
            .insert_header((VARY, ACCEPT.as_str()))
            .body(text),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}

fn encoded(open_metrics: bool, registry: &Registry) -> Result<(&'static str, String), fmt::Error> {
    let mut text = String::new();
    let media_type = if open_metrics {
        text::encode(&mut text, registry)?;
        OPEN_METRICS
    } else {
        prometheus_text::encode(&mut text, registry)?;
        prometheus_text::CONTENT_TYPE
    };
    Ok((media_type, text))
}

/// Returns true if `Accept` gives OpenMetrics at least the quality of Prometheus text (RFC 9110
/// §12.5.1). A missing `Accept`, or one without either format, means Prometheus text.
fn prefers_open_metrics(request: &HttpRequest) -> bool {
    let Ok(Accept(ranges)) = Accept::parse(request) else { return false };
    let best = |accepts: fn(&str, Option<&str>) -> bool| {
        let fitting = ranges.iter().filter(|range| {
            let version = range.item.get_param("version").map(|version| version.as_str());
            accepts(range.item.essence_str(), version)
        });
        fitting.map(|range| range.quality).max().unwrap_or(Quality::ZERO)
    };
    let open_metrics = best(|range, version| match range {
        "application/openmetrics-text" => version.is_none_or(|version| version == "1.0.0"),
        "application/*" => true,
        _ => false,
    });
    let prometheus = best(|range, version| match range {
        "text/plain" => version.is_none_or(|version| version == "0.0.4"),
        "text/*" | "*/*" => true,
        _ => false,
    });
    open_metrics > Quality::ZERO && open_metrics >= prometheus
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn accept_chooses_the_format() {
        let prometheus = "application/openmetrics-text;version=1.0.0,\
             application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        for (accept, expected) in [
            (prometheus, true),
            ("application/openmetrics-text", true),
            ("application/openmetrics-text; version=1.0.0; charset=utf-8", true),
            ("Application/OpenMetrics-Text", true),
            ("text/plain;q=0.5, application/openmetrics-text;q=0.6", true),
            ("application/openmetrics-text, */*", true),
            ("application/*", true),
            ("application/openmetrics-text;version=0.0.1", false),
            ("application/openmetrics-text;version=2.0.0, */*;q=0.1", false),
            ("application/openmetrics-text;q=0.4, text/plain;q=0.5", false),
            ("application/openmetrics-text;q=0", false),
            ("application/openmetrics-text;q=0.1, */*", false),
            ("text/plain", false),
            ("text/plain;version=0.0.4", false),
            ("*/*", false),
            ("application/json", false),
            ("not a media type", false),
            ("", false),
        ] {
            let request = TestRequest::default().insert_header((ACCEPT, accept)).to_http_request();
            assert_eq!(prefers_open_metrics(&request), expected, "{accept}");
        }
        assert!(!prefers_open_metrics(&TestRequest::default().to_http_request()), "no header");
    }

    #[test]
    fn several_accept_lines_count_as_one() {
        let request = TestRequest::default()
            .append_header((ACCEPT, "text/plain;q=0.1"))
            .append_header((ACCEPT, "application/openmetrics-text"));
        assert!(prefers_open_metrics(&request.to_http_request()));
    }
}
