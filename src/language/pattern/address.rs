//! Internet addresses: blocks (`cidr`), and plain strings that look like an address and are compared as one.

use std::net::Ipv6Addr;

/// An address as hexadecimal digits from the top, 8 for IPv4 and 32 for IPv6, kept in the upper bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The digits, the first in the highest four bits.
    pub bits: u128,
    /// How many there are.
    pub digits: u32,
}

impl Address {
    /// The address that a text is, if it is one.
    pub fn read(text: &str) -> Option<Address> {
        Self::v4(text).or_else(|| Self::v6(text))
    }

    /// Four decimal numbers below 256; zeros in front change nothing, as long as the text is no longer than an address can be.
    fn v4(text: &str) -> Option<Address> {
        if text.len() > "255.255.255.255".len() {
            return None;
        }
        let mut bits = 0u32;
        let mut parts = 0;
        for part in text.split('.') {
            if parts == 4 || part.is_empty() || part.len() > 10 || !part.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            bits = bits << 8 | u32::from(part.parse::<u8>().ok()?);
            parts += 1;
        }
        (parts == 4).then(|| Address { bits: u128::from(bits) << 96, digits: 8 })
    }

    fn v6(text: &str) -> Option<Address> {
        if !text.contains(':') || !text.bytes().all(|b| b.is_ascii_hexdigit() || b == b':') {
            return None;
        }
        // More zeros in front of a group than it has room for change nothing (as in Java).
        let groups = text.split(':').map(|group| {
            let zeros = group.len() - group.trim_start_matches('0').len();
            &group[group.len().saturating_sub(4).min(zeros)..]
        });
        let address: Ipv6Addr = groups.collect::<Vec<_>>().join(":").parse().ok()?;
        Some(match address.to_ipv4_mapped() {
            // An IPv4 address in IPv6 clothes is the IPv4 address.
            Some(v4) => Address { bits: u128::from(u32::from(v4)) << 96, digits: 8 },
            None => Address { bits: u128::from(address), digits: 32 },
        })
    }

    fn top(self, digits: u32) -> u128 {
        if digits == 0 { 0 } else { self.bits >> (128 - 4 * digits) }
    }
}

/// A block of addresses, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    low: Address,
    high: Address,
}

impl Block {
    /// The block of one address.
    pub fn one(address: Address) -> Block {
        Block { low: address, high: address }
    }

    /// The block in CIDR notation. Bits of the host part are ignored.
    pub fn read(cidr: &str) -> Result<Block, String> {
        let parts: Vec<&str> = cidr.trim_end_matches('/').split('/').collect();
        let [ip, mask] = parts.as_slice() else {
            return Err(format!("`{cidr}` is not a block of addresses: one `/` is expected, as in \"10.0.0.0/24\""));
        };
        let mask: i64 = mask.parse().map_err(|_| format!("`{mask}` is not a number of mask bits"))?;
        let address = Address::read(ip).ok_or_else(|| format!("`{ip}` is not an IP address"))?;
        let most = i64::from(address.digits) * 4;
        if !(0..most).contains(&mask) {
            let kind = if address.digits == 8 { "an IPv4" } else { "an IPv6" };
            return Err(format!("{kind} block has 0 to {} mask bits, not {mask}", most - 1));
        }
        let ones = u128::MAX.checked_shr(mask as u32).unwrap_or(0);
        let used = if most == 128 { u128::MAX } else { !(u128::MAX >> most) };
        let low = Address { bits: address.bits & !ones & used, ..address };
        let high = Address { bits: (address.bits | ones) & used, ..address };
        Ok(Block { low, high })
    }

    /// Whether an address is inside. Addresses are compared digit by digit from the left, which decides as soon as it can: so
    /// an IPv4 block takes IPv6 addresses that begin like one of its own, as event-ruler does.
    pub fn holds(&self, address: Address) -> bool {
        let digits = self.low.digits;
        if address.digits >= digits {
            let here = address.top(digits);
            return (self.low.top(digits)..=self.high.top(digits)).contains(&here);
        }
        // Shorter than the block's own: inside only if that is certain before its digits run out.
        let here = address.top(address.digits);
        self.low.top(address.digits) < here && here < self.high.top(address.digits)
    }

    /// The lowest and highest 128-bit number that any address inside begins with.
    pub fn span(&self) -> (u128, u128) {
        let below = u128::MAX.checked_shr(self.high.digits * 4).unwrap_or(0);
        (self.low.bits, self.high.bits | below)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(cidr: &str, ip: &str) -> bool {
        Block::read(cidr).unwrap().holds(Address::read(ip).unwrap())
    }

    #[test]
    fn addresses_of_one_value_are_one_address() {
        assert_eq!(Address::read("10.0.0.01"), Address::read("10.0.0.1"));
        assert_eq!(Address::read("2001:DB8::1"), Address::read("2001:0db8:0:0:0:0:0:1"));
        assert_eq!(Address::read("::ffff:a00:1"), Address::read("10.0.0.1"));
        assert_eq!(Address::read("::00001"), Address::read("::1"));
        for text in ["10.0.0.256", "10.0.0", "hello", "1.2.3.4.5", "", "::1.2.3.4", ":", "1:2", "a:b", "10.0.0.000000001", "::10000f"] {
            assert_eq!(Address::read(text), None, "{text}");
        }
    }

    #[test]
    fn blocks_hold_what_their_mask_says() {
        assert!(holds("192.168.4.0/22", "192.168.7.255"));
        assert!(!holds("192.168.4.0/22", "192.168.8.0"));
        assert!(holds("10.0.0.77/24", "10.0.0.3"), "bits of the host part are ignored");
        assert!(holds("2001:db8::/32", "2001:DB8:ffff::"));
        assert!(!holds("2001:db8::/32", "2001:db9::1"));
        assert!(holds("::/0", "2001:db8::"));
    }

    #[test]
    fn digits_are_compared_from_the_left() {
        assert!(holds("0.0.0.0/0", "::1"));
        assert!(holds("10.0.0.0/8", "a12::1"), "0a12 begins like 10.18");
        assert!(holds("::/0", "10.0.0.1"));
        assert!(!holds("2001:db8::/32", "32.1.13.184"), "all its digits fit and still nothing is decided");
        assert!(!holds("::/0", "0.0.0.0"));
    }

    #[test]
    fn malformed_blocks_say_what_is_wrong() {
        for (cidr, reason) in [
            ("10.0.0.0", "one `/`"),
            ("10.0.0.0/24/8", "one `/`"),
            ("10.0.0.0/x", "mask bits"),
            ("10.0.0.0/32", "0 to 31"),
            ("10.0.0.0/-1", "0 to 31"),
            ("2001:db8::/128", "0 to 127"),
            ("10.0.0.300/24", "not an IP address"),
        ] {
            assert!(Block::read(cidr).unwrap_err().contains(reason), "{cidr}");
        }
    }
}
