//! The network of a caller: the unit by which limits and queues count.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// The network of one subscriber: an IPv4 address, or an IPv6 network of 64 bits.
///
/// An IPv4 address that is mapped into IPv6 counts as that IPv4 address. A caller chooses the port
/// and the lower half of an IPv6 address freely, so no limit may depend on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Network(IpAddr);

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => IpAddr::V4(address),
            IpAddr::V6(address) => {
                IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)))
            }
        })
    }
}

/// Writes the first address of the network.
impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &str, other: &str) -> bool {
        let of = |text: &str| Network::from(text.parse::<IpAddr>().unwrap());
        of(one) == of(other)
    }

    #[test]
    fn ipv6_addresses_of_one_64_bit_network_are_one_network() {
        assert!(same("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff"));
        assert!(!same("2001:db8::1", "2001:db8:0:1::1"));
    }

    #[test]
    fn mapped_ipv4_address_is_the_network_of_its_ipv4_address() {
        assert!(!same("192.0.2.1", "192.0.2.2"));
        assert!(same("192.0.2.1", "::ffff:192.0.2.1"));
        assert!(!same("::ffff:192.0.2.1", "::ffff:192.0.2.2"));
    }
}
