//! The operator of a drill: rotates and revokes keys by the routes for admins.

use std::time::Instant;

use serde_json::json;

use super::fleet::Fleet;

/// The kinds of rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The standby key signs when it is ripe: every guard holds it.
    Planned,
    /// The standby key signs at once.
    Immediate,
}

impl Way {
    /// The word for it in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Immediate => "immediate",
        }
    }
}

/// The outcome of a request for a rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    /// This key signs, or will sign when it is ripe.
    Begun {
        /// The thumbprint.
        kid: String,
        /// True if it signs already.
        active: bool,
    },
    /// The key set is full (`409`).
    Full,
}

/// A key's revocation.
#[derive(Debug, Clone)]
pub struct Revocation {
    /// The number of guards that had confirmed it at the time of the answer.
    pub confirmed: usize,
}

/// Sends `POST /admin/keys/rotate`.
pub fn rotate(fleet: &Fleet, way: Way) -> Rotation {
    let body = json!({"immediate": way == Way::Immediate});
    let request = fleet.auth.post("/admin/keys/rotate").bearer(&token(fleet)).json(&body);
    let answer = request.send();
    if answer.status == 409 {
        return Rotation::Full;
    }
    let told = answer.expect(202).json();
    let kid = told["kid"].as_str().expect("a kid").to_owned();
    Rotation::Begun { kid, active: told["state"] == "active" }
}

/// Sends `POST /admin/keys/{kid}/revoke`. Calls `about_to` just before the request.
pub fn revoke(fleet: &Fleet, kid: &str, about_to: impl FnOnce(Instant)) -> Revocation {
    // The token comes first, so that only the revocation is measured.
    let token = token(fleet);
    let request = fleet.auth.post(&format!("/admin/keys/{kid}/revoke")).bearer(&token);
    about_to(Instant::now());
    let told = request.send().expect(200).json();
    let guards = told["guards"].as_array().map_or(&[][..], Vec::as_slice);
    let confirmed = guards.iter().filter(|guard| guard["confirmed_at"].is_string()).count();
    Revocation { confirmed }
}

/// Gets a fresh token of the admin for the issuer's own routes.
fn token(fleet: &Fleet) -> String {
    fleet.admin.log_in_for(&fleet.auth, &fleet.auth.url)
}
