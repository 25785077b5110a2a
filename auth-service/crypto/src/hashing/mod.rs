//! Password hashing: argon2id, on threads of its own.
//!
//! One hash takes 19 MiB and some 20 ms of a core. If each request hashed on the thread that serves
//! it, a few hundred log-ins at once would take all memory and stop every other answer. Here one
//! thread for each core does it, and keeps its working memory. A caller that would have to wait too
//! long gets an error at once. Networks are served in turn, so that a flood from one of them does
//! not keep the others waiting (`fair_queue`).
//!
//! Imported accounts bring hashes of other methods (`werkzeug`, `django`, `bcrypt_hash`). Each is
//! verified on the same threads, in at most 64 MiB, and replaced at the first log-in that succeeds
//! with it.

mod argon2id;
mod bcrypt_hash;
mod cost;
mod digest;
mod django;
mod fair_queue;
mod hash_fault;
mod imported;
mod job;
mod permit;
mod pool;
mod queue;
mod scheme;
mod werkzeug;

pub use argon2id::{HashError, Verified, hash};
pub use hash_fault::HashFault;
pub use permit::{Busy, HashPermit, PoolError};
pub use pool::HashingPool;
pub use queue::QueueCounts;
pub use scheme::check;
