//! What happened to the crowd, counted while it happens.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use domain::id::BookingId;

use super::cheat::{Cheat, Verdict};
use crate::problem::Failure;

/// How many errors are kept word for word: enough to see a pattern.
const ERRORS_SHOWN_MAX: usize = 5;
/// How many abandoned bookings are looked at again after they should have expired.
const ABANDONED_KEPT_MAX: usize = 50;

/// How often a cheat was tried, and how it went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct CheatCount {
    /// Attempts that reached the server.
    pub(crate) tried: u64,
    /// Attempts that got through.
    pub(crate) accepted: u64,
}

/// Everything that is counted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    /// Buyers who are done.
    pub(crate) finished: u64,
    /// Buyers who wait for a pass.
    pub(crate) waiting: u64,
    /// Tickets whose payment was acknowledged.
    pub(crate) paid: i64,
    /// Bookings of these tickets.
    pub(crate) paid_bookings: u64,
    /// Tickets paid for after the hold had run out, whose seats were gone: money to give back.
    pub(crate) paid_too_late: i64,
    pub(crate) released: u64,
    pub(crate) abandoned: u64,
    /// The queue ended before the buyer was admitted.
    pub(crate) closed: u64,
    /// Buyers who were admitted and found nothing that fits.
    pub(crate) empty_handed: u64,
    /// Streams of places that broke off and were gone on with.
    pub(crate) streams_lost: u64,
    /// Polls of those for whom no stream held.
    pub(crate) polls: u64,
    /// Refusals of reservations by the code of the contract.
    pub(crate) refused: BTreeMap<String, u64>,
    /// Cheats by their place in [`Cheat::ALL`].
    pub(crate) cheats: [CheatCount; Cheat::ALL.len()],
    /// Answers that no client should get, after all retries.
    pub(crate) errors: u64,
    pub(crate) error_texts: Vec<String>,
    /// The first bookings that were left to expire, and who can read them.
    pub(crate) abandoned_bookings: Vec<(String, BookingId)>,
}

impl Counts {
    /// How many bookings were made and had an ending of their buyer's own.
    pub(crate) fn holds(&self) -> u64 {
        self.paid_bookings + self.released + self.abandoned
    }

    /// How many cheats got through.
    pub(crate) fn cheats_accepted(&self) -> u64 {
        self.cheats.iter().map(|cheat| cheat.accepted).sum()
    }
}

/// The counts behind a lock that is held for an addition.
pub(crate) struct Tally {
    counts: Mutex<Counts>,
}

impl Tally {
    /// Nothing has happened yet.
    pub(crate) fn new() -> Self {
        Self { counts: Mutex::new(Counts::default()) }
    }

    /// The counts so far.
    pub(crate) fn counts(&self) -> Counts {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Tickets whose payment was acknowledged.
    pub(crate) fn paid(&self) -> i64 {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).paid
    }

    pub(crate) fn add(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// An answer that no client should get.
    pub(crate) fn error(&self, text: impl Into<String>) {
        self.add(|counts| {
            counts.errors += 1;
            if counts.error_texts.len() < ERRORS_SHOWN_MAX {
                counts.error_texts.push(text.into());
            }
        });
    }

    /// The value of an answer; a failure counts as an error of `during`.
    pub(crate) fn expect<T>(&self, during: &str, answer: Result<T, Failure>) -> Option<T> {
        answer.map_err(|failure| self.error(format!("{during}: {failure}"))).ok()
    }

    /// A reservation was refused.
    pub(crate) fn refused(&self, code: &str) {
        self.add(|counts| *counts.refused.entry(code.to_owned()).or_default() += 1);
    }

    /// A booking is left to expire.
    pub(crate) fn abandoned(&self, token: &str, booking: BookingId) {
        self.add(|counts| {
            counts.abandoned += 1;
            if counts.abandoned_bookings.len() < ABANDONED_KEPT_MAX {
                counts.abandoned_bookings.push((token.to_owned(), booking));
            }
        });
    }

    /// A cheat came to an end.
    pub(crate) fn judge(&self, cheat: Cheat, verdict: Verdict) {
        if let Verdict::Odd(answer) = &verdict {
            self.error(format!("cheat \"{}\": {answer}", cheat.name()));
        }
        self.add(|counts| {
            let position = Cheat::ALL.iter().position(|known| *known == cheat);
            if let Some(count) = position.and_then(|index| counts.cheats.get_mut(index)) {
                count.tried += 1;
                count.accepted += u64::from(verdict == Verdict::Accepted);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_accepted_cheats_count_against_the_server() {
        let tally = Tally::new();
        tally.judge(Cheat::NoPass, Verdict::Refused);
        tally.judge(Cheat::NoPass, Verdict::Accepted);
        tally.judge(Cheat::OverLimit, Verdict::Odd("500".to_owned()));
        let counts = tally.counts();
        assert_eq!(counts.cheats_accepted(), 1);
        assert_eq!(counts.errors, 1);
        assert_eq!(counts.cheats.iter().map(|cheat| cheat.tried).sum::<u64>(), 3);
    }

    #[test]
    fn only_the_first_errors_are_kept() {
        let tally = Tally::new();
        for number in 0..100 {
            tally.error(number.to_string());
        }
        assert_eq!(tally.counts().errors, 100);
        assert_eq!(tally.counts().error_texts, ["0", "1", "2", "3", "4"]);
    }
}
