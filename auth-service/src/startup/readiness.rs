//! The readiness of the database and the signing key, for the management listener.

use std::collections::BTreeMap;
use std::sync::Arc;

use signet_service::management::{Part, Readiness};

use auth_app::jobs::health::Health;

/// Shows the health that the upkeep updates.
pub(super) struct UpkeepHealth(pub(super) Arc<Health>);

impl Readiness for UpkeepHealth {
    fn parts(&self) -> BTreeMap<&'static str, Part> {
        let report = self.0.report();
        let database = Part {
            ok: report.database_ok(),
            age_seconds: report.database_age.map(|age| age.as_secs_f64()),
            detail: report.database_failed.then(|| "it can't be read; see the log".to_owned()),
        };
        let detail = if report.nothing_signs {
            Some("the active key was revoked, and its successor has no good file; see the log")
        } else if report.keys_behind {
            // The last good key is published, so its tokens are valid.
            Some("the active key has no good file, so the last good one signs; see the log")
        } else {
            None
        };
        let signing_key = Part {
            ok: !report.nothing_signs,
            age_seconds: None,
            detail: detail.map(str::to_owned),
        };
        BTreeMap::from([("database", database), ("signing_key", signing_key)])
    }
}
