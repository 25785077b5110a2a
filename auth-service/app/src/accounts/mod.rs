//! Use cases of people on their own accounts: sign up, log in, change the password, log out.

mod change_password;
mod log_in;
mod log_out;
mod login_permit;
mod sign_up;

use std::net::IpAddr;

use uuid::Uuid;
use zeroize::Zeroizing;

use auth_store::{Store, StoreResult};

pub use change_password::change_password;
pub use log_in::{LoggedIn, log_in};
pub use log_out::{log_out, log_out_everywhere};
pub use sign_up::{SignUpOutcome, check_registration, sign_up};

/// The most attempts of a use case: it starts over if the account changes meanwhile.
const TRIES: u32 = 3;

/// Returns true if a log-in of the user came from the network of this address before.
fn is_known_network(store: &Store, public_id: Uuid, from: Option<IpAddr>) -> StoreResult<bool> {
    from.map_or(Ok(false), |from| store.has_logged_in_from(public_id, from))
}

/// Returns a password as the hashing pool takes it.
fn bytes(password: &str) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(password.as_bytes().to_vec())
}
