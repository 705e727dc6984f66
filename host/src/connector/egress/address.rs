//! Which addresses a connector's requests may reach: public ones, and those that the grant names.
//!
//! The table is IANA's special-purpose registries (RFC 6890 and its successors). For IPv6 the rule is the other way
//! round: only 2000::/3 is global unicast, and the special blocks inside it are taken out.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A block of addresses, `10.4.0.0/16` or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AddressRange {
    network: IpAddr,
    bits: u8,
}

impl AddressRange {
    /// Whether the address lies in the block; an IPv4 address written as IPv6 counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.network, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.bits)).unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            _ => false,
        }
    }
}

impl FromStr for AddressRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{}` is no address or block; write 10.4.1.7, 10.4.0.0/16 or 2001:db8::/48",
                text.escape_debug()
            )
        };
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let network: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if network.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(bits) => bits.parse::<u8>().ok().filter(|bits| *bits <= most).ok_or_else(wrong)?,
            None => most,
        };
        // A mapped block means the IPv4 block inside it.
        match (network.to_canonical(), network) {
            (IpAddr::V4(inner), IpAddr::V6(_)) if bits >= 96 => Ok(Self {
                network: IpAddr::V4(inner),
                bits: bits - 96,
            }),
            _ => Ok(Self { network, bits }),
        }
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.network, self.bits)
    }
}

/// Whether a request may go to this address: it is public, or a range names it.
pub(super) fn may_reach(address: IpAddr, allowed: &[AddressRange]) -> bool {
    is_public(address) || is_named(address, allowed)
}

/// Whether a range of the grant names the address.
pub(super) fn is_named(address: IpAddr, allowed: &[AddressRange]) -> bool {
    allowed.iter().any(|range| range.contains(address))
}

/// Whether the address is an ordinary one of the public internet.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => !SPECIAL_V4.iter().any(|(network, bits)| in_v4(address, *network, *bits)),
        IpAddr::V6(address) => {
            in_v6(address, Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3)
                && !SPECIAL_V6.iter().any(|(network, bits)| in_v6(address, *network, *bits))
        }
    }
}

fn in_v4(address: Ipv4Addr, network: Ipv4Addr, bits: u8) -> bool {
    let range = AddressRange {
        network: IpAddr::V4(network),
        bits,
    };
    range.contains(IpAddr::V4(address))
}

fn in_v6(address: Ipv6Addr, network: Ipv6Addr, bits: u8) -> bool {
    let range = AddressRange {
        network: IpAddr::V6(network),
        bits,
    };
    range.contains(IpAddr::V6(address))
}

const SPECIAL_V4: [(Ipv4Addr, u8); 16] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),          // this network
    (Ipv4Addr::new(10, 0, 0, 0), 8),         // private
    (Ipv4Addr::new(100, 64, 0, 0), 10),      // carrier-grade NAT
    (Ipv4Addr::new(127, 0, 0, 0), 8),        // loopback
    (Ipv4Addr::new(169, 254, 0, 0), 16),     // link local, cloud metadata
    (Ipv4Addr::new(172, 16, 0, 0), 12),      // private
    (Ipv4Addr::new(192, 0, 0, 0), 24),       // protocol assignments
    (Ipv4Addr::new(192, 0, 2, 0), 24),       // documentation
    (Ipv4Addr::new(192, 88, 99, 0), 24),     // 6to4 relays
    (Ipv4Addr::new(192, 168, 0, 0), 16),     // private
    (Ipv4Addr::new(198, 18, 0, 0), 15),      // benchmarking
    (Ipv4Addr::new(198, 51, 100, 0), 24),    // documentation
    (Ipv4Addr::new(203, 0, 113, 0), 24),     // documentation
    (Ipv4Addr::new(224, 0, 0, 0), 4),        // multicast
    (Ipv4Addr::new(240, 0, 0, 0), 4),        // reserved
    (Ipv4Addr::new(255, 255, 255, 255), 32), // broadcast
];

const SPECIAL_V6: [(Ipv6Addr, u8); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // protocol assignments, Teredo, ORCHID
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4: an IPv4 address in disguise
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation
];

#[cfg(test)]
mod tests {
    use super::*;

    fn public(text: &str) -> bool {
        is_public(text.parse().unwrap())
    }

    #[test]
    fn private_special_and_disguised_addresses_are_not_public() {
        for inside in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.168.1.1",
            "198.19.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "ff02::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2001::1",
            "3fff::1",
            "100::1",
            "5f00::1",
            "fec0::1",
        ] {
            assert!(!public(inside), "{inside}");
        }
    }

    #[test]
    fn ordinary_addresses_are_public() {
        for outside in [
            "8.8.8.8",
            "172.32.0.1",
            "100.128.0.1",
            "145.97.1.1",
            "2a00:1450::1",
            "2001:610::1",
            "::ffff:8.8.8.8",
        ] {
            assert!(public(outside), "{outside}");
        }
    }

    #[test]
    fn a_named_range_opens_exactly_itself() {
        let ranges: Vec<AddressRange> = ["10.4.0.0/16", "::1"]
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
        assert!(may_reach("10.4.255.1".parse().unwrap(), &ranges));
        assert!(may_reach("::ffff:10.4.0.9".parse().unwrap(), &ranges));
        assert!(may_reach("::1".parse().unwrap(), &ranges));
        assert!(!may_reach("10.5.0.1".parse().unwrap(), &ranges));
        assert!(!may_reach("127.0.0.1".parse().unwrap(), &ranges));
    }

    #[test]
    fn a_mapped_range_means_the_block_inside_it_and_zero_bits_mean_everything() {
        let mapped: AddressRange = "::ffff:10.0.0.0/104".parse().unwrap();
        assert!(mapped.contains("10.200.0.1".parse().unwrap()));
        let all: AddressRange = "0.0.0.0/0".parse().unwrap();
        assert!(all.contains("192.168.1.1".parse().unwrap()));
        assert!(!all.contains("::1".parse().unwrap()));
    }

    #[test]
    fn nonsense_is_refused_with_the_way_to_write_it() {
        for wrong in [
            "",
            "10.0.0.0/33",
            "10.0.0",
            "localhost",
            "::/129",
            "10.0.0.0/-1",
            "10.0.0.0/8/8",
        ] {
            assert!(
                wrong.parse::<AddressRange>().unwrap_err().contains("10.4.0.0/16"),
                "{wrong}"
            );
        }
    }
}
