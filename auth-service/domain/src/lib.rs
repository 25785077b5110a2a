//! The domain of the issuer: its rules, in plain synchronous Rust over the contract's types.
//!
//! It depends on no web framework, no database and no environment. The store calls its decisions
//! inside transactions. The time is a parameter.

pub mod audit;
pub mod caller;
pub mod clients;
pub mod directory;
pub mod email;
pub mod feed;
pub mod guards;
pub mod import;
pub mod keys;
pub mod login;
pub mod network;
pub mod page;
pub mod password;
pub mod password_change;
pub mod refresh;
pub mod service_tokens;
pub mod sessions;
pub mod sign_up;
pub mod sign_up_limit;
pub mod throttle;
pub mod tokens;
pub mod users;

/// The roles of a user: `user`, and `admin` for operators.
pub fn roles(admin: bool) -> Vec<String> {
    use signet_contract::claims::{ROLE_ADMIN, ROLE_USER};
    let roles: &[&str] = if admin { &[ROLE_USER, ROLE_ADMIN] } else { &[ROLE_USER] };
    roles.iter().map(|role| (*role).to_owned()).collect()
}
