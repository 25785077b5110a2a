//! `keys revoke`: revokes a key and prints a receipt of each guard.

use std::thread::park_timeout;
use std::time::{Duration, Instant};

use serde::Serialize;
use signet_service::failure::Failure;
use time::OffsetDateTime;

use super::super::{Context, database, output};
use super::rotator;
use auth_app::keys::Revoked;
use auth_domain::guards::{Receipt, receipts};
use auth_store::Store;

/// The longest time to wait for the guards.
const PATIENCE: Duration = Duration::from_secs(5);

/// The interval between checks for confirmations.
const LOOK: Duration = Duration::from_millis(20);

#[derive(Serialize)]
struct Told<'a> {
    kid: &'a str,
    active: String,
    guards: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    client_id: String,
    instance: String,
    confirmed_at: Option<String>,
    /// The time from the revocation to the confirmation.
    seconds: Option<f64>,
}

impl Row {
    fn of(receipt: Receipt, revoked_at: OffsetDateTime) -> Self {
        let took = receipt.confirmed_at.map(|at| (at - revoked_at).as_seconds_f64().max(0.0));
        Self {
            client_id: receipt.id.client_id,
            instance: receipt.id.instance.to_string(),
            confirmed_at: receipt.confirmed_at.map(output::exact_time),
            seconds: took,
        }
    }
}

pub(super) fn run(kid: &str, wait: bool, json: bool, context: &Context) -> Result<(), Failure> {
    let database = database::existing(context)?;
    let act = context.act();
    let revoked_at = act.at;
    let revoked = rotator(context).revoke_key(&database, kid, &act).map_err(Failure::failed)?;
    let Revoked { seq, active } = revoked;
    let receipts = collect(&database, seq, context)?;
    let missing = receipts.iter().filter(|receipt| receipt.confirmed_at.is_none()).count();
    let rows: Vec<Row> = receipts.into_iter().map(|receipt| Row::of(receipt, revoked_at)).collect();
    let live = rows.len();
    if json {
        output::json(&Told { kid, active, guards: rows })?;
    } else {
        output::line(&format!("{kid} is void; {active} signs"))?;
        let cells = rows.into_iter().map(|row| {
            let took = row.seconds.map_or_else(
                || "has not confirmed it yet".into(),
                |seconds| format!("after {:.0} ms", seconds * 1_000.0),
            );
            vec![row.client_id, row.instance, row.confirmed_at.unwrap_or_default(), took]
        });
        output::table(&["client_id", "guard", "confirmed at", ""], cells)?;
    }
    if wait && missing > 0 {
        return Err(Failure::failed(format_args!(
            "{missing} of {live} live guards have not confirmed it within {} s",
            PATIENCE.as_secs()
        )));
    }
    Ok(())
}

/// Returns the receipts as soon as all guards have confirmed, or after [`PATIENCE`].
fn collect(database: &Store, seq: u64, context: &Context) -> Result<Vec<Receipt>, Failure> {
    let began = Instant::now();
    loop {
        let now = context.clock.now();
        let guards = database.list_guards(now).map_err(Failure::failed)?;
        let told = receipts(&guards, seq);
        let all = told.iter().all(|receipt| receipt.confirmed_at.is_some());
        if all || began.elapsed() >= PATIENCE {
            return Ok(told);
        }
        park_timeout(LOOK);
    }
}
