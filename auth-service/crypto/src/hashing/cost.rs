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
