//! The management listener: liveness, readiness of each part, and metrics for Prometheus.
//!
//! It has no authentication. Bind it to an address that only operators can reach.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, RETRY_AFTER};
use actix_web::{App, HttpRequest, HttpResponse, middleware, web};
use prometheus_client::registry::Registry;
use serde::Serialize;

use super::metrics;
use super::problem_response::not_found;
use super::protection::protect;
use super::resource::read;
use super::serving::Serving;
use super::shutdown::Shutdown;

/// The time that an idle connection of an operator is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// The state of one part of a service.
#[derive(Debug, Clone, Serialize)]
pub struct Part {
    /// True if this part is ready to answer requests with a good token.
    pub ok: bool,
    /// Seconds since this part was last known to be good. `None` if this is not recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<f64>,
    /// The details for an operator, in a few words without secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Reports the state of a service's parts, by name. Called on a worker thread: it must not block.
pub trait Readiness: Send + Sync {
    /// Returns the state of all parts.
    fn parts(&self) -> BTreeMap<&'static str, Part>;
}

/// The data that the management listener serves.
#[derive(Clone)]
pub struct Management {
    /// Called at each `GET /health/ready`.
    pub readiness: Arc<dyn Readiness>,
    /// Encoded at each `GET /metrics`.
    pub metrics: Arc<Registry>,
    /// Once it has begun, the service is not ready: load balancers send their requests elsewhere.
    pub shutdown: Shutdown,
}

#[derive(Debug, Serialize)]
struct Report {
    status: &'static str,
    parts: BTreeMap<&'static str, Part>,
}

/// Starts the listener.
pub fn serve(listener: TcpListener, management: Management) -> std::io::Result<Serving> {
    serve_with(listener, management, |_| {})
}

/// Starts the listener with routes in addition to those of every service.
pub fn serve_with(
    listener: TcpListener,
    management: Management,
    more: impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
) -> std::io::Result<Serving> {
    super::server::serve(listener, Some(1), KEEP_ALIVE, move || {
        App::new()
            .wrap(middleware::from_fn(protect))
            .app_data(web::Data::new(management.clone()))
            .service(read("/health/live", live))
            .service(read("/livez", live))
            .service(read("/health/ready", ready))
            .service(read("/readyz", ready))
            .service(read("/metrics", scrape))
            .configure(&more)
            .default_service(web::to(not_found))
    })
}

async fn live() -> HttpResponse {
    let report = Report { status: "live", parts: BTreeMap::new() };
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(report)
}

async fn ready(management: web::Data<Management>) -> HttpResponse {
    let mut parts = management.readiness.parts();
    if management.shutdown.begun() {
        let detail = Some("it has begun; requests in progress are finished".to_owned());
        parts.insert("shutdown", Part { ok: false, age_seconds: None, detail });
    }
    let ready = parts.values().all(|part| part.ok);
    let mut response = if ready {
        HttpResponse::Ok()
    } else {
        let mut response = HttpResponse::ServiceUnavailable();
        response.insert_header((RETRY_AFTER, "1"));
        response
    };
    response.insert_header((CACHE_CONTROL, "no-store"));
    response.json(Report { status: if ready { "ready" } else { "not ready" }, parts })
}

async fn scrape(request: HttpRequest, management: web::Data<Management>) -> HttpResponse {
    metrics::answer(&request, &management.metrics)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::{probe, shutdown};

    struct Switch(AtomicBool);

    impl Readiness for Switch {
        fn parts(&self) -> BTreeMap<&'static str, Part> {
            let ok = self.0.load(Ordering::SeqCst);
            BTreeMap::from([
                ("database", Part { ok, age_seconds: Some(1.5), detail: None }),
                ("key", Part { ok: true, age_seconds: None, detail: Some("words".into()) }),
            ])
        }
    }

    fn start(readiness: Arc<dyn Readiness>, shutdown: Shutdown) -> SocketAddr {
        let mut metrics = Registry::default();
        let requests = prometheus_client::metrics::counter::Counter::<u64>::default();
        metrics.register("requests", "Requests", requests.clone());
        requests.inc();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("its address");
        let management = Management { readiness, metrics: Arc::new(metrics), shutdown };
        tokio::spawn(serve(listener, management).expect("a server"));
        address
    }

    async fn get(address: SocketAddr, path: &'static str) -> probe::Answer {
        let asked = tokio::task::spawn_blocking(move || probe::get(address, path));
        asked.await.expect("no panic").expect("an answer")
    }

    #[actix_web::test]
    async fn readiness_needs_every_part_and_liveness_needs_none() {
        let switch = Arc::new(Switch(AtomicBool::new(true)));
        let (_trigger, shutdown) = shutdown::channel();
        let address = start(switch.clone(), shutdown);
        let ready = get(address, "/health/ready").await;
        assert_eq!(ready.status, 200);
        assert_eq!(get(address, "/readyz").await, ready);
        assert_eq!(
            ready.body,
            r#"{"status":"ready","parts":{"database":{"ok":true,"age_seconds":1.5},"key":{"ok":true,"detail":"words"}}}"#
        );
        switch.0.store(false, Ordering::SeqCst);
        let ready = get(address, "/health/ready").await;
        assert_eq!((ready.status, ready.body.contains("not ready")), (503, true));
        assert_eq!(get(address, "/readyz").await, ready);
        let live = get(address, "/health/live").await;
        assert_eq!(live.status, 200);
        assert_eq!(get(address, "/livez").await, live);
        assert_eq!(get(address, "/").await.status, 404);
    }

    #[actix_web::test]
    async fn shutdown_ends_readiness_at_once_and_not_liveness() {
        let (trigger, shutdown) = shutdown::channel();
        let address = start(Arc::new(Switch(AtomicBool::new(true))), shutdown);
        trigger.fire();
        for path in ["/health/ready", "/readyz"] {
            let ready = get(address, path).await;
            assert_eq!(ready.status, 503, "{path}");
            assert!(ready.body.contains(r#""shutdown":{"ok":false"#), "{}", ready.body);
        }
        assert_eq!(get(address, "/livez").await.status, 200);
    }

    #[actix_web::test]
    async fn metrics_are_prometheus_text() {
        let (_trigger, shutdown) = shutdown::channel();
        let address = start(Arc::new(Switch(AtomicBool::new(true))), shutdown);
        let metrics = get(address, "/metrics").await;
        assert_eq!(metrics.status, 200);
        assert!(metrics.body.contains("requests_total 1\n"), "{}", metrics.body);
        assert!(metrics.body.contains("# TYPE requests_total counter\n"), "{}", metrics.body);
    }
}
