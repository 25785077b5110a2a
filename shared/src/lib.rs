//! What both services agree on, and the guard that any service can reuse.
//!
//! - [`contract`]: what travels between clients, issuer and guards. Both sides compile against it.
//! - [`verifier`]: the strict access-token profile, without any transport.
//! - [`guard`]: key cache, revocations, feed reader, actix extractor and middleware.
//! - [`service`]: what a Signet binary is wrapped in; of no use to a third service.
//!
//! A thing enters this crate only when both services use it and a mismatch would break a client,
//! a token or an operator.

pub mod clock;
pub mod contract;
#[cfg(any(feature = "service", feature = "guard"))]
pub mod durable_file;

#[cfg(feature = "guard")]
pub mod guard;
#[cfg(feature = "service")]
pub mod service;
#[cfg(feature = "verifier")]
pub mod verifier;
