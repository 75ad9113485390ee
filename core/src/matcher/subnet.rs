//! Ranges of addresses.

use std::net::IpAddr;

/// The addresses that begin with the same bits: `10.1.0.0/16`; an address alone
/// is a range of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subnet {
    base: u128,
    mask: u128,
    is_v4: bool,
}

impl Subnet {
    /// Reads a range as rules write it; `None` where it is none.
    #[must_use]
    pub fn read(text: &str) -> Option<Subnet> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let (bits, is_v4) = bits(address.parse().ok()?);
        let width = if is_v4 { 32 } else { 128 };
        let length = length.unwrap_or(width);
        let rest = u32::checked_sub(width, length)?;
        let mask = u128::MAX.checked_shl(rest).unwrap_or(0);
        Some(Subnet { base: bits & mask, mask, is_v4 })
    }

    /// Whether the address is in it.
    #[must_use]
    pub fn contains(self, address: IpAddr) -> bool {
        let (bits, is_v4) = bits(address);
        is_v4 == self.is_v4 && bits & self.mask == self.base
    }
}

/// An address as a number, and whether it is of version 4. One of version 4 in
/// the clothes of version 6 is what it is.
fn bits(address: IpAddr) -> (u128, bool) {
    match address.to_canonical() {
        IpAddr::V4(address) => (u128::from(u32::from(address)), true),
        IpAddr::V6(address) => (u128::from(address), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(subnet: &str, address: &str) -> bool {
        Subnet::read(subnet).unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn a_range_is_its_first_bits() {
        assert!(contains("10.1.0.0/16", "10.1.255.3") && !contains("10.1.0.0/16", "10.2.0.0"));
        assert!(contains("10.1.2.3", "10.1.2.3") && !contains("10.1.2.3", "10.1.2.4"));
        assert!(contains("0.0.0.0/0", "255.0.0.1") && !contains("0.0.0.0/0", "::1"));
        assert!(contains("10.0.0.0/8", "::ffff:10.9.9.9"));
        assert!(contains("2001:db8::/32", "2001:db8:1::1") && !contains("2001:db8::/32", "2001:db9::"));
        assert!(contains("::/0", "::1"));
        for bad in ["", "10.1", "10.0.0.0/33", "10.0.0.0/-1", "::/129", "a/8", "10.0.0.0/"] {
            assert_eq!(Subnet::read(bad), None, "{bad}");
        }
    }
}
