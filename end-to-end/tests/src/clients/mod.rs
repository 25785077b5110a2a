//! Libraries and tools of other authors, against a running pair.

mod minting;
mod schemathesis;
mod verifying;
