//! The state of this service for operators: readiness, metrics, and the full state of the guard.

mod metrics;
mod readiness;
mod report;

use std::sync::Arc;

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, web};
use signet_guard::Guard;
use signet_service::http_metrics::HttpMetrics;
use signet_service::management::Management;
use signet_service::resource::read;
use signet_service::shutdown::Shutdown;

pub use report::Report;

/// The path of the guard's full state, for the command `status`.
pub const STATUS_PATH: &str = "/status";

/// Creates the readiness and the metrics of `guard`. `http` has the counts of its requests.
pub fn management(guard: &Guard, http: &HttpMetrics, shutdown: Shutdown) -> Management {
    let readiness = Arc::new(readiness::GuardReadiness(guard.clone()));
    let metrics = metrics::registry(guard, http, Arc::clone(&readiness) as _);
    Management { readiness, metrics: Arc::new(metrics), shutdown }
}

/// Returns the routes that only this service has.
pub fn routes(guard: Guard) -> impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static {
    move |config| {
        config.app_data(web::Data::new(guard.clone())).service(read(STATUS_PATH, status));
    }
}

async fn status(guard: web::Data<Guard>) -> HttpResponse {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(Report::of(&guard.status()))
}
