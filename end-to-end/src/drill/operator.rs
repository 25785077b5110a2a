//! The operator of a drill: rotates and revokes keys by command, beside the running issuer.

use std::time::Instant;

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
    /// The key set holds as many keys as it may.
    Full,
}

/// A key's revocation.
#[derive(Debug, Clone)]
pub struct Revocation {
    /// When it was asked for.
    pub asked: Instant,
    /// How many guards had confirmed it when it was done.
    pub confirmed: usize,
}

/// Asks for a rotation.
pub fn rotate(fleet: &Fleet, way: Way) -> Rotation {
    let mut arguments = vec!["keys", "rotate", "--json"];
    if way == Way::Immediate {
        arguments.push("--immediate");
    }
    let ended = fleet.auth.command(&arguments);
    if ended.code == Some(1) && ended.err.contains("which is the most") {
        return Rotation::Full;
    }
    let told: serde_json::Value = serde_json::from_str(&ended.done().out).expect("JSON");
    Rotation::Begun(told["kid"].as_str().expect("a kid").to_owned())
}

/// Revokes a key. `about_to` is told the moment before it is asked for.
pub fn revoke(fleet: &Fleet, kid: &str, about_to: impl FnOnce(Instant)) -> Revocation {
    let asked = Instant::now();
    about_to(asked);
    let told = fleet.auth.command_json(&["keys", "revoke", kid]);
    let guards = told["guards"].as_array().map_or(&[][..], Vec::as_slice);
    let confirmed = guards.iter().filter(|guard| guard["confirmed_at"].is_string()).count();
    Revocation { asked, confirmed }
}

/// The keys that sign, by the operator's list.
pub fn active_keys(fleet: &Fleet) -> Vec<String> {
    let listed = fleet.auth.command_json(&["keys", "list"]);
    let rows = listed.as_array().or_else(|| listed["keys"].as_array()).expect("keys");
    let active = rows.iter().filter(|key| key["state"] == "active");
    active.filter_map(|key| key["kid"].as_str().map(str::to_owned)).collect()
}
