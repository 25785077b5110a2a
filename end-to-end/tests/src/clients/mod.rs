//! Libraries that other people's services use, against a running pair.

mod minting;
mod verifying;
