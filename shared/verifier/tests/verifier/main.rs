//! Tables of attacks on the verifier. Each table of refused tokens has controls that must pass, so
//! that a verifier that accepts or refuses every token fails.
#![expect(clippy::expect_used, reason = "a helper that fails shall end its test")]

mod algorithms;
mod claims;
mod form;
mod headers;
mod json;
mod key_sets;
mod minting;
mod padding;
mod signatures;
mod spellings;
mod times;
mod verdicts;
mod verify;
