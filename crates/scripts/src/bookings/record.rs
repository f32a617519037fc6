//! The record of a hold, as scripts store it and the journal carries it.

use std::fmt;
use std::str::FromStr;

use domain::booking::{Booking, BookingStatus};
use domain::id::{BookingId, UserId};
use domain::section::SectionName;
use domain::time::Instant;

/// Whether a payment is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HoldState {
    /// Waiting for a payment.
    Held,
    /// A payment is under way: the owner cannot release it.
    Confirming,
}

/// A hold: places taken for a buyer until they are paid, given back or overdue.
///
/// # Format
///
/// One line, single spaces: `<held|confirming> <user> <section> <quantity> <amount> <currency>
/// <created_ms> <expires_ms> <seats>`; `<seats>` is `row-number,row-number` or `-` for standing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Whether a payment is under way.
    pub state: HoldState,
    /// The buyer.
    pub user: UserId,
    /// The section of all places.
    pub section: SectionName,
    /// How many places.
    pub quantity: u32,
    /// The price of all places in minor units of `currency`.
    pub amount: i64,
    /// ISO 4217, upper case.
    pub currency: String,
    /// When the places were taken, on the clock of Redis.
    pub created_at: Instant,
    /// When the hold ends if no payment begins.
    pub expires_at: Instant,
    /// Row and number of each seat, both from 1; empty for a standing section.
    pub seats: Vec<(u32, u32)>,
}

impl Hold {
    /// The labels of the seats, `A-1-12`; none for a standing section.
    pub fn seat_labels(&self) -> Vec<String> {
        self.seats.iter().map(|(row, number)| format!("{}-{row}-{number}", self.section)).collect()
    }

    /// The record of a sale, for restoring it: the same with another state.
    pub(crate) fn sold_record(&self) -> String {
        let record = self.to_string();
        record.split_once(' ').map_or_else(String::new, |(_, rest)| format!("sold {rest}"))
    }

    /// The booking as clients see it while it is unresolved.
    pub fn to_booking(&self, booking: BookingId) -> Booking {
        Booking {
            booking_id: booking,
            event_id: booking.event(),
            user_id: self.user,
            status: BookingStatus::Reserved,
            section: self.section.clone(),
            seats: self.seat_labels(),
            quantity: self.quantity,
            amount: self.amount,
            currency: self.currency.clone(),
            expires_at: self.expires_at,
            created_at: self.created_at,
        }
    }
}

/// The text is not the record of a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the record of a hold")]
pub struct InvalidHold;

impl fmt::Display for Hold {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            HoldState::Held => "held",
            HoldState::Confirming => "confirming",
        };
        let seats: Vec<String> =
            self.seats.iter().map(|(row, number)| format!("{row}-{number}")).collect();
        let seats = if seats.is_empty() { "-".to_owned() } else { seats.join(",") };
        write!(
            formatter,
            "{state} {} {} {} {} {} {} {} {seats}",
            self.user,
            self.section,
            self.quantity,
            self.amount,
            self.currency,
            self.created_at.unix_ms(),
            self.expires_at.unix_ms(),
        )
    }
}

impl FromStr for Hold {
    type Err = InvalidHold;

    fn from_str(text: &str) -> Result<Self, InvalidHold> {
        let words: Vec<&str> = text.split(' ').collect();
        let [state, user, section, quantity, amount, currency, created_ms, expires_ms, seats] =
            words[..]
        else {
            return Err(InvalidHold);
        };
        let state = match state {
            "held" => HoldState::Held,
            "confirming" => HoldState::Confirming,
            _ => return Err(InvalidHold),
        };
        let hold = Self {
            state,
            user: parse(user)?,
            section: parse(section)?,
            quantity: parse(quantity)?,
            amount: parse(amount)?,
            currency: currency.to_owned(),
            created_at: Instant::from_unix_ms(parse(created_ms)?),
            expires_at: Instant::from_unix_ms(parse(expires_ms)?),
            seats: parse_seats(seats)?,
        };
        let counted = hold.seats.is_empty() || hold.seats.len() == hold.quantity as usize;
        let is_currency = currency.len() == 3 && currency.bytes().all(|it| it.is_ascii_uppercase());
        // As in the scripts, numbers have one spelling.
        let canonical = hold.to_string() == text && hold.amount >= 0 && hold.quantity > 0;
        (counted && is_currency && canonical).then_some(hold).ok_or(InvalidHold)
    }
}

fn parse<V: FromStr>(word: &str) -> Result<V, InvalidHold> {
    word.parse().map_err(|_| InvalidHold)
}

fn parse_seats(seats: &str) -> Result<Vec<(u32, u32)>, InvalidHold> {
    if seats == "-" {
        return Ok(Vec::new());
    }
    seats
        .split(',')
        .map(|seat| {
            let (row, number) = seat.split_once('-').ok_or(InvalidHold)?;
            Ok((parse(row)?, parse(number)?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: &str = "0192f0c1-2a3b-7c4d-8e5f-60718293a4b5";

    #[test]
    fn a_record_reads_back() {
        for text in [
            format!("held {USER} A 2 10000 EUR 1795000000000 1795000600000 1-12,1-13"),
            format!("confirming {USER} FLOOR 3 0 JPY 1795000000000 1795000600000 -"),
        ] {
            let hold: Hold = text.parse().unwrap();
            assert_eq!(hold.to_string(), text);
        }
    }

    #[test]
    fn a_damaged_record_is_refused() {
        for text in [
            String::new(),
            format!("sold {USER} A 1 1 EUR 1 2 1-1"),
            format!("held {USER} A 2 1 EUR 1 2 1-1"),
            format!("held {USER} A 1 1 EUR 1 2"),
            format!("held {USER} A 1 1 EUR 1 2 1-1 more"),
            format!("held {USER} A 1 1 EUR 1 2 11"),
            format!("held {USER} A +1 1 EUR 1 2 1-1"),
            format!("held {USER} A 1 -1 EUR 1 2 1-1"),
            format!("held {USER} A 1 1 eur 1 2 1-1"),
            format!("held {USER} A 1 1 EUR -1 2 1-1"),
            format!("held {USER} A 1 1 EUR 1 2 01-1"),
            format!("held {USER} F 0 1 EUR 1 2 -"),
            "held nobody A 1 1 EUR 1 2 1-1".to_owned(),
        ] {
            assert!(text.parse::<Hold>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_hold_is_a_reserved_booking() {
        let hold: Hold = format!("held {USER} A 1 5000 EUR 1 2 1-12").parse().unwrap();
        let event = USER.parse().unwrap();
        let booking = hold.to_booking(BookingId::new(event, hold.user.as_uuid()));
        assert_eq!(booking.seats, ["A-1-12"]);
    }
}
