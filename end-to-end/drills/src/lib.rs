//! Drills: the whole system under a steady load, while operations run that clients must not notice.
//!
//! `rotation-drill` rotates and revokes signing keys. `logout-drill` ends sessions and stops
//! guards. Both start real processes, count the answers that a client gets, and measure the time
//! that a revocation takes to reach each guard. A short run of each is a test; long ones are run by
//! command (`docs/drills.md`).
//!
//! `instructions` puts no load on anything: it counts the instructions of fixed pieces of work.

#![expect(clippy::cast_precision_loss, reason = "counts become figures of a report")]
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "this crate is test code: what goes wrong here fails the test that called it"
)]

pub mod bench;
pub mod chance;
pub mod figures;
pub mod fleet;
pub mod foreign;
pub mod guard;
pub mod holder;
pub mod instructions;
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
