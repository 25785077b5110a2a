//! One of the guards of a drill: a real api-service that the drill can stop, start and cut off.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::tunnel::Tunnel;
use support::http;
use support::metrics::Metrics;
use support::service::Service;

/// A guard, shared by the threads of a drill.
#[derive(Debug)]
pub struct Guard {
    /// Its name in reports.
    pub name: String,
    /// Its public address.
    pub url: String,
    /// The connection from the guard to the issuer.
    pub tunnel: Tunnel,
    management: String,
    service: Mutex<Service>,
}

impl Guard {
    /// A guard that reaches the issuer through `tunnel`.
    pub fn new(name: String, service: Service, tunnel: Tunnel) -> Self {
        let (url, management) = (service.url.clone(), service.management.clone());
        Self { name, url, tunnel, management, service: Mutex::new(service) }
    }

    /// Locks its process for the caller.
    pub fn service(&self) -> MutexGuard<'_, Service> {
        self.service.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The keys that the guard reports to hold; `None` if it does not answer.
    pub fn keys(&self) -> Option<Vec<String>> {
        let answer =
            http::request("GET", &format!("{}/status", self.management)).try_send().ok()?;
        let status: Value = serde_json::from_slice(&answer.body).ok()?;
        let kids = status["keys"].as_array()?;
        Some(kids.iter().filter_map(|kid| kid.as_str().map(str::to_owned)).collect())
    }

    /// The number of fetches of the key set since its start, without its regular polling.
    pub fn fetches_beyond_polling(&self) -> usize {
        let metrics = Metrics::of(&self.management);
        let of = |cause: &str| {
            let name = format!("signet_guard_key_fetches_total{{cause=\"{cause}\"}}");
            metrics.sample::<usize>(&name).unwrap_or(0)
        };
        of("announced") + of("unknown_key")
    }
}
