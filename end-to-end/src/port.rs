//! Free ports for the processes under test.

use std::net::{Ipv4Addr, TcpListener};

use uuid::Uuid;

/// Below the range from which the kernel takes the ports of outgoing connections: a port found
/// free stays so until the process that is told of it has bound it, even over a restart.
const RANGE: std::ops::Range<u16> = 10_000..32_000;

/// A port of the loopback address on which nothing listens.
pub fn free() -> u16 {
    for _ in 0..1_000 {
        let (random, _) = Uuid::new_v4().as_u64_pair();
        let port = u16::try_from(random % u64::from(RANGE.end - RANGE.start)).unwrap_or(0);
        let port = RANGE.start + port;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
    panic!("no free port among a thousand tries")
}
