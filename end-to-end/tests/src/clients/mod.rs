//! Libraries of other authors' services, against a running pair.

mod minting;
mod verifying;
