//! The issuer.
mod domain;
fn main() {}
