//! The issuer's signing keys, as the operator's command lists them.

use serde_json::Value;

use crate::service::Service;

/// Every key that the issuer ever had, oldest first.
pub fn keys(auth: &Service) -> Vec<Value> {
    let listed = auth.command_json(&["keys", "list"]);
    listed["keys"].as_array().expect("keys").clone()
}

/// The state of a known key.
#[track_caller]
pub fn state(auth: &Service, kid: &str) -> String {
    let keys = keys(auth);
    let key = keys.iter().find(|key| key["kid"] == kid).expect("known");
    key["state"].as_str().expect("a state").to_owned()
}

/// The only key that signs.
#[track_caller]
pub fn active(auth: &Service) -> String {
    let keys = keys(auth);
    let active: Vec<_> = keys.iter().filter(|key| key["state"] == "active").collect();
    assert_eq!(active.len(), 1, "{keys:?}");
    active[0]["kid"].as_str().expect("a kid").to_owned()
}
