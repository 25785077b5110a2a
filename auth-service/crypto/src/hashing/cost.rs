//! The cost of a hash: the parameters of new hashes, and the limits for stored ones.

use argon2::{Params, ParamsBuilder};

/// Memory of a new hash, in KiB (OWASP Password Storage Cheat Sheet: 19 MiB with two passes).
const MEMORY_KIB: u32 = 19_456;

/// Passes of a new hash over its memory.
const PASSES: u32 = 2;

/// Lanes of a new hash. One: the pool already keeps every core busy.
const LANES: u32 = 1;

/// Bytes of a new hash.
pub(super) const OUTPUT_BYTES: usize = 32;

/// The most memory that a stored hash may ask for, in KiB. A row that asks for more is damaged or
/// planted, and verifying it would be a denial of service.
const MOST_MEMORY_KIB: u32 = 64 * 1024;

/// The most passes that a stored hash may ask for.
const MOST_PASSES: u32 = 16;

/// The most lanes that a stored hash may ask for.
const MOST_LANES: u32 = 8;

/// The most memory that scrypt may take, in bytes: the same as a stored argon2id hash.
const MOST_SCRYPT_MEMORY: u64 = 64 * 1024 * 1024;

/// The most times that scrypt may repeat its work, without using more memory.
const MOST_SCRYPT_LANES: u64 = 16;

/// The widest block of scrypt. Werkzeug's is 8; a wide one would take memory beside that counted.
const WIDEST_SCRYPT_BLOCK: u64 = 32;

/// The most iterations of PBKDF2. The default of werkzeug and Django has risen to a million.
pub(super) const MOST_ITERATIONS: u64 = 2_000_000;

/// The highest cost of bcrypt. It takes about a second; each step doubles the time.
pub(super) const MOST_BCRYPT_COST: u32 = 14;

/// The lowest cost of bcrypt.
pub(super) const LEAST_BCRYPT_COST: u32 = 4;

/// Returns true if scrypt with these parameters costs no more than this service allows.
pub(super) fn scrypt_within_limits(n: u64, r: u64, p: u64) -> bool {
    let memory = 128_u64.saturating_mul(n).saturating_mul(r);
    memory <= MOST_SCRYPT_MEMORY && r <= WIDEST_SCRYPT_BLOCK && p <= MOST_SCRYPT_LANES
}

/// Returns the parameters of new hashes.
pub(super) fn current() -> Result<Params, argon2::Error> {
    ParamsBuilder::new()
        .m_cost(MEMORY_KIB)
        .t_cost(PASSES)
        .p_cost(LANES)
        .output_len(OUTPUT_BYTES)
        .build()
}

/// Returns true if a stored hash costs no more than this service allows.
pub(super) fn within_limits(params: &Params) -> bool {
    params.m_cost() <= MOST_MEMORY_KIB
        && params.t_cost() <= MOST_PASSES
        && params.p_cost() <= MOST_LANES
}

/// Returns true if a stored hash is weaker than a new one would be.
pub(super) fn outdated(params: &Params) -> bool {
    params.m_cost() < MEMORY_KIB || params.t_cost() < PASSES || params.p_cost() != LANES
}
