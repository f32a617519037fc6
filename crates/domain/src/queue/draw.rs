//! The draw: who stands where among those who joined before the sale opened. Anyone can check it.
//!
//! # Formula
//!
//! When the event is created a secret seed of 32 bytes is made, and its *commitment* SHA-256(seed)
//! is published. Until the sale opens, joiners get the numbers 1 to n. At the opening the seed and
//! n are published, and the place of number j is π(j − 1) + 1, where π permutes 0 to n − 1:
//!
//! - a = ⌈√n⌉ and b = ⌈n ÷ a⌉, so that a·b ≥ n; x is split into l = x mod a and r = ⌊x ÷ a⌋.
//! - In ten rounds i = 0 to 9: for even i, l = (l + F(i, r)) mod a; for odd i, r = (r + F(i, l))
//!   mod b. Then x = l + a·r.
//! - F(i, h) = the first 8 bytes, as a big-endian number, of HMAC-SHA256 under the seed of the text
//!   `boxoffice draw 1`, the 16 bytes of the event id, and n, i and h as big-endian numbers of 8, 1
//!   and 8 bytes.
//! - While x ≥ n, the rounds are applied again.
//!
//! This is the generalised Feistel cipher with cycle walking of J. Black and P. Rogaway, "Ciphers
//! with Arbitrary Finite Domains", CT-RSA 2002; NIST SP 800-38G takes ten rounds for small domains.
//! Every round can be undone, so π is a permutation: each place is given once. Nobody can choose
//! the seed after the numbers are known, for it must fit the commitment; nobody can choose a number
//! before, for the seed is secret.

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::id::EventId;

/// What F is computed over begins with this.
const CONTEXT: &[u8] = ALGORITHM.as_bytes();
/// Rounds of the cipher.
const ROUNDS: u8 = 10;

/// The secret of a draw until the sale opens.
pub type Seed = [u8; 32];

/// The name of the formula, as it is published.
pub const ALGORITHM: &str = "boxoffice draw 1";

/// A seed as it is kept and published.
pub fn seed_to_hex(seed: &Seed) -> String {
    HEXLOWER.encode(seed)
}

/// Reads a seed; nothing unless it is 64 lower-case hex digits.
pub fn seed_from_hex(text: &str) -> Option<Seed> {
    HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}

/// What is published of the seed before the sale opens.
pub fn commitment(seed: &Seed) -> [u8; 32] {
    Sha256::digest(seed).into()
}

/// The draw of one event.
pub struct Draw {
    keyed: Hmac<Sha256>,
    count: u64,
    /// The factors of the domain: a·b is `count` or a little more.
    a: u64,
    b: u64,
}

impl Draw {
    /// The draw among `count` numbers.
    pub fn new(seed: &Seed, event: EventId, count: u32) -> Self {
        let count = u64::from(count);
        let root = count.isqrt();
        let a = (if root * root < count { root + 1 } else { root }).max(1);
        // HMAC fills a key that is shorter than a block with zeros.
        let mut key = [0; 64];
        key[..seed.len()].copy_from_slice(seed);
        let mut keyed = Hmac::<Sha256>::new(&key.into());
        keyed.update(CONTEXT);
        keyed.update(event.as_uuid().as_bytes());
        keyed.update(&count.to_be_bytes());
        Self { keyed, count, a, b: count.div_ceil(a) }
    }

    /// The place of a number, 1 to the count; nothing for a number that was not drawn for.
    pub fn place(&self, number: u32) -> Option<u32> {
        let mut x = u64::from(number).checked_sub(1).filter(|x| *x < self.count)?;
        loop {
            x = self.permute(x);
            // x came from below the count, and its cycle leads back there.
            if x < self.count {
                return u32::try_from(x + 1).ok();
            }
        }
    }

    /// The permutation of 0 to a·b − 1.
    fn permute(&self, x: u64) -> u64 {
        let (mut l, mut r) = (x % self.a, x / self.a);
        for round in 0..ROUNDS {
            // Both halves are below 2^17 and the remainder below a or b: no sum overflows.
            if round % 2 == 0 {
                l = (l + self.scramble(round, r) % self.a) % self.a;
            } else {
                r = (r + self.scramble(round, l) % self.b) % self.b;
            }
        }
        l + self.a * r
    }

    fn scramble(&self, round: u8, half: u64) -> u64 {
        let mut mac = self.keyed.clone();
        mac.update(&[round]);
        mac.update(&half.to_be_bytes());
        let digest = mac.finalize().into_bytes();
        digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn draw(seed: u8, count: u32) -> Draw {
        Draw::new(&[seed; 32], "0192f0c1-2a3b-7c4d-8e5f-60718293a4b5".parse().unwrap(), count)
    }

    #[test]
    fn each_place_is_given_once() {
        for count in (0..70).chain([99, 100, 101, 1_000, 4_097, 10_000]) {
            let draw = draw(7, count);
            let places: BTreeSet<_> =
                (1..=count).map(|number| draw.place(number).unwrap()).collect();
            assert_eq!(places, (1..=count).collect(), "{count}");
            assert_eq!((draw.place(0), draw.place(count + 1)), (None, None));
        }
        assert!(draw(7, u32::MAX).place(u32::MAX).is_some());
    }

    #[test]
    fn seed_event_and_count_decide_together() {
        let places = |draw: Draw| (1..=20).map(|number| draw.place(number)).collect::<Vec<_>>();
        let first = places(draw(1, 1_000));
        assert_eq!(first, places(draw(1, 1_000)));
        assert_ne!(first, places(draw(2, 1_000)));
        assert_ne!(first, places(draw(1, 1_001)));
        let other = "0192f0c1-2a3b-7c4d-8e5f-60718293a4b6".parse().unwrap();
        assert_ne!(first, places(Draw::new(&[1; 32], other, 1_000)));
    }

    /// The formula must never change: draws that were published could not be checked any more.
    #[test]
    fn the_formula_stays() {
        let draw = draw(42, 10);
        let places: Vec<_> = (1..=10).map(|number| draw.place(number).unwrap()).collect();
        assert_eq!(places, [5, 8, 6, 2, 3, 4, 9, 1, 10, 7]);
        assert_eq!(HEXLOWER.encode(&commitment(&[42; 32]))[..16], *"544e62cee8033709");
    }

    #[test]
    fn a_seed_has_one_spelling() {
        let seed: Seed = std::array::from_fn(|index| u8::try_from(index * 8).unwrap());
        assert_eq!(seed_from_hex(&seed_to_hex(&seed)), Some(seed));
        for other in ["", "00", &seed_to_hex(&seed).to_uppercase(), &"g".repeat(64)] {
            assert_eq!(seed_from_hex(other), None, "{other}");
        }
    }

    /// No number is favoured: over many seeds the first number's place is in each tenth about as
    /// often (χ² with 9 degrees of freedom is below 27.9 in 999 of 1,000 cases).
    #[test]
    fn no_number_is_favoured() {
        for number in [1, 500, 1_000] {
            let mut tenths = [0_f64; 10];
            for seed in 0..2_000_u32 {
                let mut bytes = [0; 32];
                bytes[..4].copy_from_slice(&seed.to_be_bytes());
                let event = "0192f0c1-2a3b-7c4d-8e5f-60718293a4b5".parse().unwrap();
                let place = Draw::new(&bytes, event, 1_000).place(number).unwrap();
                tenths[usize::try_from((place - 1) / 100).unwrap()] += 1.0;
            }
            let chi_squared: f64 =
                tenths.iter().map(|seen| (seen - 200.0) * (seen - 200.0) / 200.0).sum();
            assert!(chi_squared < 27.9, "{number}: {chi_squared}");
        }
    }
}
