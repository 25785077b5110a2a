//! Attacks on the verifier, as tables: what must be refused, each table beside controls that must
//! pass, so that neither a verifier that takes everything nor one that takes nothing gets by.
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
