//! The strict access-token profile (RFC 9068), without any transport.
//!
//! The issuer and the guards check a token with the same code. There are two steps, so that the
//! owner of the keys can decide between them if a key must be fetched:
//!
//! 1. [`inspect`] checks everything that needs no key. A token refused here never causes a fetch.
//! 2. [`Unverified::verify`] checks the signature with the key that the token names, and only
//!    then returns the claims.
//!
//! [`verify`] does both for a caller that holds all keys.
//!
//! The verifier does not know what changes during the life of a token: revocations, the user's
//! state, the held keys. The caller checks them at every request, also after a [`Verdicts`] hit.

mod access_token;
#[cfg(feature = "actix")]
mod actix;
mod claims;
mod compact;
mod header;
mod inspection;
mod json;
mod jwk;
mod key_set;
mod numeric_date;
mod outline;
mod presented;
mod profile;
mod provider;
mod refusal;
mod verdicts;

pub use access_token::{AccessToken, Subject};
pub use compact::MAX_TOKEN_BYTES;
pub use header::access_token_header;
pub use inspection::{Unverified, inspect, verify};
pub use jwk::{JwkError, PublicKey, thumbprint};
pub use key_set::{
    DroppedKey, KeySetError, MAX_KEY_SET_BYTES, MAX_KEY_SET_KEYS, ParsedKeySet, parse_key_set,
};
pub use outline::{Outline, outline};
pub use presented::{RequestHeaders, presented};
pub use profile::Profile;
pub use provider::SigningKey;
pub use refusal::Refusal;
pub use verdicts::{TokenHash, Verdicts};

pub use signet_contract::bearer::Reason;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
