//! `rush verify-draw`: computes a draw again from what was published, trusting nobody.
//!
//! The formula stands in `domain::draw` and is written down here a second time on purpose: a
//! checker that shared the code would share its mistakes.

use std::collections::BTreeMap;
use std::io::{BufRead, stdin};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use data_encoding::HEXLOWER_PERMISSIVE;
use domain::id::EventId;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// Check the draw of an event: the commitment, and any number of places.
#[derive(Args)]
pub(crate) struct VerifyDrawArguments {
    /// The event.
    event: EventId,
    /// What was published when the event was created, in hex.
    #[arg(long)]
    commitment: String,
    /// What was published at the opening, in hex.
    #[arg(long)]
    seed: String,
    /// How many had joined by then.
    #[arg(long)]
    count: u64,
    /// Show the place of this number.
    #[arg(long)]
    number: Option<u64>,
    /// Check `<number> <place>` lines from standard input.
    #[arg(long)]
    places: bool,
}

pub(crate) fn run(arguments: VerifyDrawArguments) -> Result<()> {
    let decode = |hex: &str| HEXLOWER_PERMISSIVE.decode(hex.as_bytes());
    let seed = decode(&arguments.seed).context("the seed is not hex")?;
    let commitment = decode(&arguments.commitment).context("the commitment is not hex")?;
    ensure!(Sha256::digest(&seed)[..] == commitment[..], "the seed is not the one committed to");
    println!("The seed is the one committed to.");
    let draw = Recomputed { seed, event: arguments.event, count: arguments.count };
    if let Some(number) = arguments.number {
        println!("Number {number} has place {}.", draw.place(number)?);
    }
    if arguments.places {
        let checked = check(&draw, stdin().lock())?;
        println!("{checked} places are as drawn.");
    }
    Ok(())
}

/// Compares each line with the draw; how many there were.
fn check(draw: &Recomputed, lines: impl BufRead) -> Result<usize> {
    let mut seen = BTreeMap::new();
    for line in lines.lines() {
        let line = line?;
        let mut words = line.split_whitespace().map(str::parse::<u64>);
        let (Some(Ok(number)), Some(Ok(place)), None) = (words.next(), words.next(), words.next())
        else {
            bail!("not `<number> <place>`: {line}");
        };
        let drawn = draw.place(number)?;
        ensure!(place == drawn, "number {number} was drawn place {drawn} and given {place}");
        if let Some(other) = seen.insert(place, number) {
            ensure!(other == number, "place {place} was given to {other} and to {number}");
        }
    }
    Ok(seen.len())
}

/// A draw, computed the slow and simple way.
struct Recomputed {
    seed: Vec<u8>,
    event: EventId,
    count: u64,
}

impl Recomputed {
    fn place(&self, number: u64) -> Result<u64> {
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
        text.extend(self.event.as_uuid().as_bytes());
        text.extend(self.count.to_be_bytes());
        text.push(round);
        text.extend(half.to_be_bytes());
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.seed)?;
        mac.update(&text);
        let digest = mac.finalize().into_bytes();
        Ok(u64::from_be_bytes(digest[..8].try_into()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = "0192f0c1-2a3b-7c4d-8e5f-60718293a4b5";

    /// Two programs that share nothing but the written formula agree on 10,000 places.
    #[test]
    fn ten_thousand_places_are_computed_again() {
        let event = EVENT.parse().unwrap();
        let drawn = domain::draw::Draw::new(&[9; 32], event, 10_000);
        let lines: String = (1..=10_000)
            .map(|number| format!("{number} {}\n", drawn.place(number).unwrap()))
            .collect();
        let again = Recomputed { seed: vec![9; 32], event, count: 10_000 };
        assert_eq!(check(&again, lines.as_bytes()).unwrap(), 10_000);
    }

    #[test]
    fn a_place_that_was_not_drawn_is_found() {
        let event = EVENT.parse().unwrap();
        let drawn = domain::draw::Draw::new(&[9; 32], event, 100);
        let again = Recomputed { seed: vec![9; 32], event, count: 100 };
        let place = drawn.place(7).unwrap();
        assert!(check(&again, format!("7 {place}\n").as_bytes()).is_ok());
        for wrong in [format!("7 {}\n", place % 100 + 1), "101 1\n".to_owned(), "x\n".to_owned()] {
            assert!(check(&again, wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_commitment_binds_the_seed() {
        let arguments = |seed: &str| VerifyDrawArguments {
            event: EVENT.parse().unwrap(),
            commitment: HEXLOWER_PERMISSIVE.encode(&domain::draw::commitment(&[9; 32])),
            seed: seed.to_owned(),
            count: 1,
            number: None,
            places: false,
        };
        assert!(run(arguments(&"09".repeat(32))).is_ok());
        assert!(run(arguments(&"08".repeat(32))).is_err());
        assert!(run(arguments("nonsense")).is_err());
    }
}
