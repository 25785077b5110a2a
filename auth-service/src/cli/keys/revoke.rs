//! `keys revoke`: revokes one key or all keys, and prints a receipt of each guard.

use serde::Serialize;
use signet_service::failure::Failure;
use time::OffsetDateTime;
use time::serde::rfc3339;
use uuid::Uuid;

use super::super::{Context, database, output};
use super::next_standby;
use crate::startup::keys::rotator;
use auth_app::keys::{self, CONFIRMATION_PATIENCE, RevokedKeys, Target};
use auth_domain::guards::Receipt;

#[derive(Serialize)]
struct Printed {
    /// The key, if one was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
    /// The void keys, if all were revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    kids: Option<Vec<String>>,
    active: String,
    guards: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    client_id: String,
    instance: Uuid,
    #[serde(with = "rfc3339::option")]
    confirmed_at: Option<OffsetDateTime>,
    /// The time from the revocation to the confirmation.
    seconds: Option<f64>,
}

impl Row {
    fn of(Receipt { id, confirmed_at }: Receipt, revoked_at: OffsetDateTime) -> Self {
        let seconds = confirmed_at.map(|at| (at - revoked_at).as_seconds_f64().max(0.0));
        Self { client_id: id.client_id, instance: id.instance, confirmed_at, seconds }
    }
}

/// Revokes the key `kid`, or all keys without one.
pub(super) fn run(
    kid: Option<String>,
    wait: bool,
    json: bool,
    context: &Context,
) -> Result<(), Failure> {
    let store = database::existing(context)?;
    let (rotator, act) = (rotator(&context.settings), context.act());
    let target = kid.clone().map_or(Target::All, Target::Key);
    let revoked = keys::revoke_keys(&rotator, &store, &target, &act, &*context.clock);
    let RevokedKeys { kids, active, receipts, elsewhere } = revoked.map_err(Failure::failed)?;
    let guards: Vec<_> = receipts.into_iter().map(|receipt| Row::of(receipt, act.at)).collect();
    let missing = guards.iter().filter(|guard| guard.confirmed_at.is_none()).count();
    let live = guards.len();
    if json {
        let kids = kid.is_none().then_some(kids);
        output::json(&Printed { kid, kids, active, guards })?;
    } else {
        for kid in kids {
            output::line(&format!("{kid} is void"))?;
        }
        output::line(&format!("{active} signs"))?;
        let cells = guards.into_iter().map(|row| {
            let took = row.seconds.map_or_else(
                || "has not confirmed it yet".into(),
                |seconds| format!("after {:.0} ms", seconds * 1_000.0),
            );
            let confirmed_at = row.confirmed_at.map_or_else(String::new, output::exact_time);
            vec![row.client_id, row.instance.to_string(), confirmed_at, took]
        });
        output::table(&["client_id", "guard", "confirmed at", "delay"], cells)?;
    }
    if elsewhere {
        let folder = context.settings.keys_dir.display();
        return Err(Failure::failed(format_args!(
            "the new key is in {folder}, which did not have the file of the active key; if the server \
             has another AUTH_KEYS_DIR, move the new file there"
        )));
    }
    let standby = next_standby(&rotator, &store, context);
    if wait && missing > 0 {
        return Err(Failure::failed(format_args!(
            "{missing} of {live} live guards have not confirmed it within {} s",
            CONFIRMATION_PATIENCE.as_secs()
        )));
    }
    standby
}
