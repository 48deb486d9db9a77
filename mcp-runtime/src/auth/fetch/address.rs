//! Which addresses are on the public internet, and so may be dialled on a stranger's word.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address is global unicast (the registries of RFC 6890): not this machine, not its network, nothing
/// reserved, and no IPv6 form that carries an IPv4 address inside.
pub(super) fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(ip) => is_global_v4(ip),
        IpAddr::V6(ip) => is_global_v6(ip),
    }
}

fn is_global_v4(ip: Ipv4Addr) -> bool {
    const NOT: [(Ipv4Addr, u8); 15] = [
        (Ipv4Addr::new(0, 0, 0, 0), 8),
        (Ipv4Addr::new(10, 0, 0, 0), 8),
        (Ipv4Addr::new(100, 64, 0, 0), 10),
        (Ipv4Addr::new(127, 0, 0, 0), 8),
        (Ipv4Addr::new(169, 254, 0, 0), 16),
        (Ipv4Addr::new(172, 16, 0, 0), 12),
        (Ipv4Addr::new(192, 0, 0, 0), 24),
        (Ipv4Addr::new(192, 0, 2, 0), 24),
        (Ipv4Addr::new(192, 88, 99, 0), 24),
        (Ipv4Addr::new(192, 168, 0, 0), 16),
        (Ipv4Addr::new(198, 18, 0, 0), 15),
        (Ipv4Addr::new(198, 51, 100, 0), 24),
        (Ipv4Addr::new(203, 0, 113, 0), 24),
        (Ipv4Addr::new(224, 0, 0, 0), 4),
        (Ipv4Addr::new(240, 0, 0, 0), 4),
    ];
    let inside = |(net, bits): &(Ipv4Addr, u8)| {
        (ip.to_bits() ^ net.to_bits()).leading_zeros() >= u32::from(*bits)
    };
    !NOT.iter().any(inside)
}

fn is_global_v6(ip: Ipv6Addr) -> bool {
    const fn net(a: u16, b: u16) -> Ipv6Addr {
        Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0)
    }
    // Within 2000::/3: protocol assignments (Teredo, benchmarking, ORCHID), documentation, 6to4.
    const NOT: [(Ipv6Addr, u8); 4] = [
        (net(0x2001, 0), 23),
        (net(0x2001, 0xdb8), 32),
        (net(0x2002, 0), 16),
        (net(0x3fff, 0), 20),
    ];
    let inside =
        |net: Ipv6Addr, bits: u8| (ip.to_bits() ^ net.to_bits()).leading_zeros() >= u32::from(bits);
    let [.., a, b, _, _] = ip.segments();
    // An interface of ISATAP (RFC 5214 §6.1) stands for the IPv4 address in its last half.
    let isatap = a & 0xfdff == 0 && b == 0x5efe;
    inside(net(0x2000, 0), 3) && !isatap && !NOT.iter().any(|(net, bits)| inside(*net, *bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn item_20_only_global_unicast_addresses() {
        let judged = |text: &str| is_global(text.parse().expect(text));
        for good in [
            "1.1.1.1",
            "100.63.255.255",
            "172.32.0.1",
            "192.0.1.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450::1",
            "2001:4860:4860::8888",
        ] {
            assert!(judged(good), "{good}");
        }
        for bad in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:8.8.8.8",
            "::8.8.8.8",
            "64:ff9b::8.8.8.8",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:808:808::1",
            "2600::5efe:10.0.0.1",
            "2600::200:5efe:10.0.0.1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!judged(bad), "{bad}");
        }
    }
}
