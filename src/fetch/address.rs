//! Which addresses may be connected to. Everything that IANA's special-purpose registries hold is refused unless it is known to
//! be globally reachable; of IPv6, only global unicast (2000::/3) counts. An address that wraps an IPv4 address is as good as
//! what it wraps.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where an address leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// The public internet.
    Global,
    /// This machine or a network of the operator: for hosts that the operator named, and no other.
    Internal,
    /// Link-local (where clouds keep their metadata), multicast, reserved, and tunnels to such: nobody may ask for these.
    Never,
}

/// Where this address leads.
pub(super) fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => reach_v4(address),
        IpAddr::V6(address) => reach_v6(address),
    }
}

fn reach_v4(address: Ipv4Addr) -> Reach {
    match address.octets() {
        [10, ..] | [127, ..] | [192, 168, ..] => Reach::Internal,
        [172, 16..=31, ..] => Reach::Internal,
        [100, 64..=127, ..] => Reach::Internal, // shared by carriers, RFC 6598
        [0, ..] => Reach::Never,                // "this network", which Linux takes for loopback
        [169, 254, ..] => Reach::Never,         // link-local
        [192, 0, 0, _] => Reach::Never,         // IETF protocol assignments
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Reach::Never, // documentation
        [192, 88, 99, _] => Reach::Never,       // 6to4 relays, withdrawn by RFC 7526
        [198, 18..=19, ..] => Reach::Never,     // benchmarks
        [224..=255, ..] => Reach::Never,        // multicast, reserved, broadcast
        _ => Reach::Global,
    }
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    let segments = address.segments();
    match segments {
        [0, 0, 0, 0, 0, 0, 0, 1] => Reach::Internal,
        [0xfc00..=0xfdff, ..] => Reach::Internal, // unique local, RFC 4193
        [0, 0, 0, 0, 0, 0xffff, high, low] => wrapped(high, low), // IPv4-mapped
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => wrapped(high, low), // NAT64, RFC 6052
        [0x2002, high, low, ..] => wrapped(high, low), // 6to4
        [0x2001, 0..=0x1ff, ..] => Reach::Never,  // protocol assignments: Teredo, benchmarks, ORCHID
        [0x2001, 0xdb8, ..] => Reach::Never,      // documentation
        [0x3fff, 0..=0xfff, ..] => Reach::Never,  // documentation, RFC 9637
        [0x2000..=0x3fff, ..] => Reach::Global,
        // Unspecified, IPv4-compatible, local NAT64, discard-only, segment routing, link-local, site-local, multicast, and what
        // nobody was given.
        _ => Reach::Never,
    }
}

/// A wrapped public address is public. A wrapped internal one has no honest use: who names an internal host has its address.
fn wrapped(high: u16, low: u16) -> Reach {
    let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
    match reach_v4(Ipv4Addr::new(a, b, c, d)) {
        Reach::Global => Reach::Global,
        Reach::Internal | Reach::Never => Reach::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn expect(reach_expected: Reach, addresses: &[&str]) {
        for text in addresses {
            assert_eq!(reach(text.parse().unwrap()), reach_expected, "{text}");
        }
    }

    #[test]
    fn public_addresses_may_be_reached() {
        expect(
            Reach::Global,
            &[
                "1.1.1.1",
                "8.8.8.8",
                "9.255.255.255",
                "11.0.0.0",
                "93.184.215.14",
                "100.63.255.255",
                "100.128.0.0",
                "126.255.255.255",
                "128.0.0.1",
                "169.253.255.255",
                "169.255.0.0",
                "172.15.255.255",
                "172.32.0.0",
                "191.255.255.255",
                "192.0.1.0",
                "192.0.3.0",
                "192.31.196.1",
                "192.88.98.255",
                "192.88.100.0",
                "192.167.255.255",
                "192.169.0.0",
                "198.17.255.255",
                "198.20.0.0",
                "198.51.99.255",
                "198.51.101.0",
                "203.0.112.255",
                "203.0.114.0",
                "223.255.255.255",
                "2000::1",
                "2001:200::1",
                "2001:4860:4860::8888",
                "2001:db7:ffff::",
                "2001:db9::",
                "2606:4700:4700::1111",
                "2a00:1450:4007::1",
                "3ffe:ffff::1",
                "3fff:1000::",
                "::ffff:8.8.8.8",
                "64:ff9b::8.8.8.8",
                "2002:808:808::1",
            ],
        );
    }

    #[test]
    fn addresses_of_the_operators_own_are_internal() {
        expect(
            Reach::Internal,
            &[
                "10.0.0.0",
                "10.255.255.255",
                "100.64.0.0",
                "100.127.255.255",
                "127.0.0.1",
                "127.255.255.254",
                "172.16.0.0",
                "172.31.255.255",
                "192.168.0.0",
                "192.168.255.255",
                "::1",
                "fc00::",
                "fd12:3456::1",
                "fdff:ffff::1",
            ],
        );
    }

    #[test]
    fn nobody_reaches_what_has_no_place_on_the_web() {
        expect(
            Reach::Never,
            &[
                "0.0.0.0",
                "0.255.255.255",
                "169.254.0.1",
                "169.254.169.254",
                "192.0.0.1",
                "192.0.0.170",
                "192.0.2.1",
                "192.88.99.1",
                "198.18.0.0",
                "198.19.255.255",
                "198.51.100.7",
                "203.0.113.255",
                "224.0.0.1",
                "239.255.255.250",
                "240.0.0.1",
                "255.255.255.255",
                "::",
                "::2",
                "::8.8.8.8",
                "::127.0.0.1",
                "::ffff:127.0.0.1",
                "::ffff:10.0.0.1",
                "::ffff:169.254.169.254",
                "::ffff:0.0.0.0",
                "::ffff:0:8.8.8.8",
                "64:ff9b::10.0.0.1",
                "64:ff9b::127.0.0.1",
                "64:ff9b:1::8.8.8.8",
                "64:ff9b:0:1::8.8.8.8",
                "100::1",
                "1fff:ffff::1",
                "2001::1",
                "2001:0:4136:e378::1",
                "2001:2::1",
                "2001:10::1",
                "2001:20::1",
                "2001:1ff:ffff::1",
                "2001:db8::1",
                "2002:a00:1::1",
                "2002:7f00:1::1",
                "2002:c0a8:101::1",
                "2002:a9fe:a9fe::1",
                "3fff::1",
                "3fff:fff:ffff::1",
                "4000::1",
                "5f00::1",
                "fbff::1",
                "fe00::1",
                "fe80::1",
                "febf::1",
                "fec0::1",
                "feff::1",
                "ff02::1",
                "ff0e::1",
            ],
        );
    }
}
