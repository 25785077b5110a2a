//! Drills: the whole system under a steady load while what must never be noticed happens to it.
//!
//! `rotation-drill` rotates and revokes signing keys, `logout-drill` ends sessions and takes guards
//! away. Both start real processes, count what a client sees, and measure how long a revocation
//! takes to reach each guard. A short run of each is a test; long ones are run by command
//! (`docs/drills.md`).

#![expect(clippy::cast_precision_loss, reason = "counts become figures of a report")]
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "this crate is test code: what goes wrong here fails the test that called it"
)]

pub mod chance;
pub mod fleet;
pub mod guard;
pub mod holder;
pub mod load;
pub mod logout;
pub mod minting;
pub mod operator;
pub mod pacer;
pub mod pool;
pub mod promises;
pub mod rotation;
pub mod showing;
pub mod spread;
pub mod tally;
pub mod tunnel;
