//! A draw, computed again from what was published.
//!
//! The formula stands in `domain::draw` and is written down here a second time on purpose: a
//! checker that shared the code would share its mistakes. Nothing of the project is used here, so
//! tests of the draw elsewhere take this very file.

use anyhow::{Context, Result, ensure};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A draw, computed the slow and simple way.
pub(crate) struct Recomputed {
    /// The seed that was published.
    pub(crate) seed: Vec<u8>,
    /// The 16 bytes of the event's id.
    pub(crate) event: [u8; 16],
    /// How many numbers were drawn for.
    pub(crate) count: u64,
}

impl Recomputed {
    /// The place of a number.
    ///
    /// # Errors
    ///
    /// When the number was not drawn for.
    pub(crate) fn place(&self, number: u64) -> Result<u64> {
        ensure!((1..=self.count).contains(&number), "number {number} was not drawn for");
        let n = self.count;
        let a = (1..).find(|a| a * a >= n).context("no root")?;
        let b = n.div_ceil(a);
        let mut x = number - 1;
        loop {
            let (mut l, mut r) = (x % a, x / a);
            for round in 0..10 {
                if round % 2 == 0 {
                    l = (l + self.f(round, r)? % a) % a;
                } else {
                    r = (r + self.f(round, l)? % b) % b;
                }
            }
            x = l + a * r;
            if x < n {
                return Ok(x + 1);
            }
        }
    }

    fn f(&self, round: u8, half: u64) -> Result<u64> {
        let mut text = b"boxoffice draw 1".to_vec();
        text.extend(self.event);
        text.extend(self.count.to_be_bytes());
        text.push(round);
        text.extend(half.to_be_bytes());
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.seed)?;
        mac.update(&text);
        let digest = mac.finalize().into_bytes();
        Ok(u64::from_be_bytes(digest[..8].try_into()?))
    }
}
