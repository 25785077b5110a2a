//! The operator of a drill: rotates and revokes keys by the routes for admins.

use std::time::Instant;

use serde_json::json;

use super::fleet::Fleet;

/// How keys are exchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Published first, signing when every guard has it.
    Planned,
    /// Signing at once.
    Immediate,
}

impl Way {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Immediate => "immediate",
        }
    }
}

/// What became of a request for a rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    /// This key signs, or will.
    Begun(String),
    /// The key set holds as many keys as it may (`409`).
    Full,
}

/// A key's revocation.
#[derive(Debug, Clone)]
pub struct Revocation {
    /// How many guards had confirmed it when it was answered.
    pub confirmed: usize,
}

/// `POST /admin/keys/rotate`.
pub fn rotate(fleet: &Fleet, way: Way) -> Rotation {
    let body = json!({"immediate": way == Way::Immediate});
    let request = fleet.auth.post("/admin/keys/rotate").bearer(&token(fleet)).json(&body);
    let answer = request.send();
    if answer.status == 409 {
        return Rotation::Full;
    }
    let told = answer.expect(202).json();
    Rotation::Begun(told["kid"].as_str().expect("a kid").to_owned())
}

/// `POST /admin/keys/{kid}/revoke`. `about_to` is told the moment before the call is sent.
pub fn revoke(fleet: &Fleet, kid: &str, about_to: impl FnOnce(Instant)) -> Revocation {
    // The token is got first: what is measured is the revocation.
    let token = token(fleet);
    let request = fleet.auth.post(&format!("/admin/keys/{kid}/revoke")).bearer(&token);
    about_to(Instant::now());
    let told = request.send().expect(200).json();
    let guards = told["guards"].as_array().map_or(&[][..], Vec::as_slice);
    let confirmed = guards.iter().filter(|guard| guard["confirmed_at"].is_string()).count();
    Revocation { confirmed }
}

/// The keys that sign, by the operator's list.
pub fn active_keys(fleet: &Fleet) -> Vec<String> {
    let listed = fleet.auth.command_json(&["keys", "list"]);
    let rows = listed.as_array().or_else(|| listed["keys"].as_array()).expect("keys");
    let active = rows.iter().filter(|key| key["state"] == "active");
    active.filter_map(|key| key["kid"].as_str().map(str::to_owned)).collect()
}

/// A fresh token of the admin's for the issuer's own routes.
fn token(fleet: &Fleet) -> String {
    fleet.admin.log_in_for(&fleet.auth, &fleet.auth.url)
}
