//! Password hashing: argon2id, on threads of its own.
//!
//! One hash takes 19 MiB and some 20 ms of a core. Done wherever a request happens to run, a few
//! hundred log-ins at once would take all memory and stop every other answer. Here as many threads
//! as cores do it, each keeping its working memory, and whoever would have to wait too long is
//! told so at once.

mod argon2id;
mod cost;
mod pool;
mod queue;
mod turn;

pub use argon2id::{HashError, Verified, hash};
pub use pool::HashingPool;
pub use turn::{Busy, PoolError, Turn};
