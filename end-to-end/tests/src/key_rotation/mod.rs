//! Key rotation beside running services: on schedule, acknowledged by the guards, noticed at once,
//! and complete after every sudden end.

use std::time::Duration;

use serde_json::{Value, json};
use support::http::Request;
use support::service::Service;
use support::signing_keys::{active, keys, state};
use support::token;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

mod crashes;
mod guards;
mod noticing;
mod revocation;
mod schedule;
mod script;

/// Five times the time that a loaded machine needs.
const LIMIT: Duration = Duration::from_mins(1);

/// The thumbprints of the published key set.
fn published(auth: &Service) -> Vec<String> {
    let set = auth.get("/.well-known/jwks.json").send().expect(200).json();
    let kids = set["keys"].as_array().expect("keys").iter();
    kids.map(|key| key["kid"].as_str().expect("a kid").to_owned()).collect()
}

/// The id of the key that signed a token.
fn kid_of(token: &str) -> String {
    token::read(token).0["kid"].as_str().expect("a kid").to_owned()
}

fn time_of(value: &Value) -> OffsetDateTime {
    OffsetDateTime::parse(value.as_str().expect("a time"), &Rfc3339).expect("RFC 3339")
}

/// Builds `POST /admin/keys/rotate`.
fn rotate(auth: &Service, token: &str, immediate: bool) -> Request {
    auth.post("/admin/keys/rotate").bearer(token).json(&json!({"immediate": immediate}))
}

/// Builds `POST /admin/keys/{kid}/revoke`.
fn revoke(auth: &Service, token: &str, kid: &str) -> Request {
    auth.post(&format!("/admin/keys/{kid}/revoke")).bearer(token)
}
