//! `rush verify-draw`: checks a draw by what was published, without trusting the server.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufRead, stdin};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use data_encoding::{BASE64URL_NOPAD, HEXLOWER_PERMISSIVE};
use domain::id::EventId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Server;
use super::recomputed::Recomputed;

/// The formula that is written down here.
const ALGORITHM: &str = "boxoffice draw 1";
/// What a draw weighs beside a number in the order of a line.
const DRAW_WEIGHT: u64 = 1 << 32;
/// The draw of everybody who joined after the opening.
const DRAW_AFTER_OPENING: u64 = (1 << 21) - 1;

/// Check the draw of an event: the commitment, the own place, and any number of places.
#[derive(Args)]
pub(crate) struct VerifyDrawArguments {
    /// The event.
    event: EventId,
    #[command(flatten)]
    server: Server,
    /// What was published when the event was created, in hex, if you have noted it.
    #[arg(long)]
    commitment: Option<String>,
    /// The seed, in hex; then no server is asked.
    #[arg(long, requires_all = ["commitment", "count"])]
    seed: Option<String>,
    /// How many had joined by the opening.
    #[arg(long, requires = "seed")]
    count: Option<u64>,
    /// Show the place of this number.
    #[arg(long)]
    number: Option<u64>,
    /// Check your own place: a receipt of it.
    #[arg(long)]
    receipt: Option<String>,
    /// Check your own place: your token, to ask for it.
    #[arg(long)]
    token: Option<String>,
    /// Check `<number> <place>` lines from standard input.
    #[arg(long)]
    places: bool,
}

struct Published {
    commitment: String,
    /// Seed and count, once drawn.
    drawn: Option<(String, u64)>,
}

/// What was found. A draw that is not as it should be is an error instead.
#[derive(Debug, Default, Serialize)]
struct Verdict {
    event_id: Option<EventId>,
    commitment: String,
    /// Whether the seed is published; everything below is of that time.
    drawn: bool,
    /// How many numbers were drawn for.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    /// The number that was asked for, and its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    asked: Option<NumberedPlace>,
    /// What a receipt, and then the receipt of a token, says of a place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    receipts: Vec<CheckedReceipt>,
    /// How many places from standard input are as drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    places_checked: Option<usize>,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct NumberedPlace {
    number: u64,
    place: u64,
}

/// A receipt that agrees with the draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct CheckedReceipt {
    number: u64,
    /// The place that was drawn; `None` after all of them.
    place: Option<u64>,
    /// Whether the receipt says so, or is from before the draw.
    has_place: bool,
}

pub(crate) async fn run(arguments: VerifyDrawArguments) -> Result<()> {
    let verdict = verify(&arguments).await?;
    arguments.server.print(&verdict, &verdict)
}

async fn verify(arguments: &VerifyDrawArguments) -> Result<Verdict> {
    let published = published(arguments).await?;
    if let Some(noted) = &arguments.commitment {
        ensure!(
            noted.eq_ignore_ascii_case(&published.commitment),
            "what is published now is another commitment: {}",
            published.commitment
        );
    }
    let mut verdict = Verdict {
        event_id: Some(arguments.event),
        commitment: published.commitment,
        ..Verdict::default()
    };
    let Some((seed, count)) = published.drawn else { return Ok(verdict) };
    let draw = committed(&verdict.commitment, &seed, count, arguments.event)?;
    verdict.drawn = true;
    verdict.count = Some(count);
    if let Some(number) = arguments.number {
        verdict.asked = Some(NumberedPlace { number, place: draw.place(number)? });
    }
    if let Some(receipt) = &arguments.receipt {
        verdict.receipts.push(check_receipt(&draw, receipt)?);
    }
    if let Some(token) = &arguments.token {
        let place = arguments.server.client()?.position(token, arguments.event, None, 0).await?;
        let receipt = place.receipt.context("the place has no receipt")?;
        verdict.receipts.push(check_receipt(&draw, &receipt)?);
    }
    if arguments.places {
        verdict.places_checked = Some(check(&draw, stdin().lock())?);
    }
    Ok(verdict)
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(count) = self.count else {
            let commitment = &self.commitment;
            return write!(
                formatter,
                "The draw is still to come. Note the commitment: {commitment}"
            );
        };
        write!(formatter, "The seed is the one committed to; {count} numbers were drawn for.")?;
        if let Some(NumberedPlace { number, place }) = self.asked {
            write!(formatter, "\nNumber {number} has place {place}.")?;
        }
        for receipt in &self.receipts {
            write!(formatter, "\n{receipt}")?;
        }
        if let Some(checked) = self.places_checked {
            write!(formatter, "\n{checked} places are as drawn.")?;
        }
        Ok(())
    }
}

impl fmt::Display for CheckedReceipt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, place, has_place } = self;
        match (place, has_place) {
            (None, _) => write!(
                formatter,
                "Number {number} came after the opening, behind all that were drawn."
            ),
            (Some(place), false) => {
                write!(formatter, "Number {number}, from before the draw, has place {place}.")
            }
            (Some(place), true) => write!(
                formatter,
                "Number {number} was drawn place {place}, and that is the place it has."
            ),
        }
    }
}

async fn published(arguments: &VerifyDrawArguments) -> Result<Published> {
    if let (Some(commitment), Some(seed), Some(count)) =
        (&arguments.commitment, &arguments.seed, arguments.count)
    {
        return Ok(Published {
            commitment: commitment.clone(),
            drawn: Some((seed.clone(), count)),
        });
    }
    let draw = arguments.server.client()?.draw(arguments.event).await?;
    ensure!(draw.algorithm == ALGORITHM, "not a formula that is known here: {}", draw.algorithm);
    Ok(Published { commitment: draw.commitment, drawn: draw.seed.zip(draw.count) })
}

/// The draw of a seed, if it is the one committed to.
fn committed(commitment: &str, seed: &str, count: u64, event: EventId) -> Result<Recomputed> {
    let decode = |hex: &str| HEXLOWER_PERMISSIVE.decode(hex.as_bytes());
    let seed = decode(seed).context("the seed is not hex")?;
    let commitment = decode(commitment).context("the commitment is not hex")?;
    ensure!(Sha256::digest(&seed)[..] == commitment[..], "the seed is not the one committed to");
    Ok(Recomputed { seed, event: *event.as_uuid().as_bytes(), count })
}

/// What a receipt says about a place.
#[derive(Deserialize)]
struct Said {
    /// The number given when joining.
    number: u64,
    score: u64,
}

/// Compares the order that a receipt states with the draw.
fn check_receipt(draw: &Recomputed, receipt: &str) -> Result<CheckedReceipt> {
    let claims = receipt.split('.').nth(1).context("not a receipt")?;
    let claims = BASE64URL_NOPAD.decode(claims.as_bytes()).context("not a receipt")?;
    let Said { number, score } = serde_json::from_slice(&claims).context("not a receipt")?;
    if number > draw.count || score / DRAW_WEIGHT == DRAW_AFTER_OPENING {
        let is_behind = number > draw.count && score / DRAW_WEIGHT == DRAW_AFTER_OPENING;
        ensure!(is_behind, "number {number} of {} has the order {score}", draw.count);
        return Ok(CheckedReceipt { number, place: None, has_place: true });
    }
    let place = draw.place(number)?;
    if score == number {
        return Ok(CheckedReceipt { number, place: Some(place), has_place: false });
    }
    let given = score / DRAW_WEIGHT;
    ensure!(given == place, "number {number} was drawn place {place} and given {given}");
    Ok(CheckedReceipt { number, place: Some(place), has_place: true })
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

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = "0192f0c1-2a3b-7c4d-8e5f-60718293a4b5";

    fn recomputed(event: EventId, count: u64) -> Recomputed {
        Recomputed { seed: vec![9; 32], event: *event.as_uuid().as_bytes(), count }
    }

    /// Two programs that share nothing but the written formula agree on 10,000 places.
    #[test]
    fn ten_thousand_places_are_computed_again() {
        let event = EVENT.parse().unwrap();
        let drawn = domain::draw::Draw::new(&[9; 32], event, 10_000);
        let lines: String = (1..=10_000)
            .map(|number| format!("{number} {}\n", drawn.place(number).unwrap()))
            .collect();
        let again = recomputed(event, 10_000);
        assert_eq!(check(&again, lines.as_bytes()).unwrap(), 10_000);
    }

    #[test]
    fn a_place_that_was_not_drawn_is_found() {
        let event = EVENT.parse().unwrap();
        let drawn = domain::draw::Draw::new(&[9; 32], event, 100);
        let again = recomputed(event, 100);
        let place = drawn.place(7).unwrap();
        assert!(check(&again, format!("7 {place}\n").as_bytes()).is_ok());
        for wrong in [format!("7 {}\n", place % 100 + 1), "101 1\n".to_owned(), "x\n".to_owned()] {
            assert!(check(&again, wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_commitment_binds_the_seed() {
        let promise = HEXLOWER_PERMISSIVE.encode(&domain::draw::commitment(&[9; 32]));
        let binds = |seed: &str| committed(&promise, seed, 1, EVENT.parse().unwrap()).is_ok();
        assert!(binds(&"09".repeat(32)));
        assert!(!binds(&"08".repeat(32)) && !binds("nonsense"));
    }

    #[test]
    fn a_receipt_states_the_place_that_was_drawn() {
        let draw = recomputed(EVENT.parse().unwrap(), 100);
        let receipt = |number: u64, score: u64| {
            let claims = format!(r#"{{"number":{number},"score":{score}}}"#);
            format!("x.{}.y", BASE64URL_NOPAD.encode(claims.as_bytes()))
        };
        let place = draw.place(7).unwrap();
        let other = place % 100 + 1;
        let after = DRAW_AFTER_OPENING * DRAW_WEIGHT;
        for (number, score, is_right) in [
            (7, place * DRAW_WEIGHT + 7, true),
            (7, 7, true),
            (101, after + 101, true),
            (7, other * DRAW_WEIGHT + 7, false),
            (7, after + 7, false),
            (101, 101, false),
            (101, DRAW_WEIGHT + 101, false),
        ] {
            let checked = check_receipt(&draw, &receipt(number, score));
            assert_eq!(checked.is_ok(), is_right, "{number} {score} {checked:?}");
        }
        assert!(check_receipt(&draw, "nonsense").is_err());
    }
}
