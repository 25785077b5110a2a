//! `keys revoke`: revokes a key and prints a receipt of each guard.

use serde::Serialize;
use signet_service::failure::Failure;
use time::OffsetDateTime;
use time::serde::rfc3339;
use uuid::Uuid;

use super::super::{Context, database, output};
use crate::startup::keys::rotator;
use auth_app::keys::{self, CONFIRMATION_PATIENCE, RevokedKey};
use auth_domain::guards::Receipt;

#[derive(Serialize)]
struct Printed {
    kid: String,
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

pub(super) fn run(kid: String, wait: bool, json: bool, context: &Context) -> Result<(), Failure> {
    let store = database::existing(context)?;
    let (rotator, act) = (rotator(&context.settings), context.act());
    let revoked = keys::revoke_key(&rotator, &store, kid, &act, &*context.clock);
    let RevokedKey { kid, active, receipts } = revoked.map_err(Failure::failed)?;
    let guards: Vec<_> = receipts.into_iter().map(|receipt| Row::of(receipt, act.at)).collect();
    let missing = guards.iter().filter(|guard| guard.confirmed_at.is_none()).count();
    let live = guards.len();
    if json {
        output::json(&Printed { kid, active, guards })?;
    } else {
        output::line(&format!("{kid} is void; {active} signs"))?;
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
    if wait && missing > 0 {
        return Err(Failure::failed(format_args!(
            "{missing} of {live} live guards have not confirmed it within {} s",
            CONFIRMATION_PATIENCE.as_secs()
        )));
    }
    Ok(())
}
