//! The record of a hold, as scripts store it and the journal carries it.

use std::str::FromStr;

use domain::booking::{Booking, BookingStatus};
use domain::contact::Contact;
use domain::id::BookingId;
use domain::seat::Seat;
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

/// A hold: seats taken for a buyer until they are paid, given back or overdue.
///
/// # Format
///
/// One line, single spaces: `<held|confirming> <user> <section> <quantity> <amount> <currency>
/// <created_ms> <expires_ms> <seats>[ extended]`; `<seats>` is `row-number,row-number` or `-` for
/// standing. The booking's id is where the record is found. The buyer's contact is not in it but in
/// a key of its own, see [`keys::contacts`](crate::keys::contacts).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Whether a payment is under way.
    pub state: HoldState,
    /// Whether its time was extended, which happens once.
    pub extended: bool,
    /// The booking, which is [`Reserved`](BookingStatus::Reserved); it expires when the hold ends
    /// if no payment begins.
    pub booking: Booking,
}

impl Hold {
    /// Reads the record of `booking`.
    ///
    /// # Errors
    ///
    /// [`InvalidHold`] when the text is not what [`record`](Self::record) writes.
    pub fn parse(booking: BookingId, record: &str) -> Result<Self, InvalidHold> {
        let (words, extended) = match record.strip_suffix(EXTENDED) {
            Some(words) => (words, true),
            None => (record, false),
        };
        let words: Vec<&str> = words.split(' ').collect();
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
        let section: SectionName = parse(section)?;
        let booking = Booking {
            booking_id: booking,
            event_id: booking.event(),
            user_id: parse(user)?,
            status: BookingStatus::Reserved,
            seats: parse_seats(&section, seats)?,
            section,
            quantity: parse(quantity)?,
            amount: parse(amount)?,
            currency: currency.to_owned(),
            expires_at: Instant::from_unix_ms(parse(expires_ms)?),
            created_at: Instant::from_unix_ms(parse(created_ms)?),
            contact: Contact::default(),
        };
        let seats = booking.seats.len();
        let counted = seats == 0 || seats == booking.quantity as usize;
        let is_currency = currency.len() == 3 && currency.bytes().all(|it| it.is_ascii_uppercase());
        let is_positive = booking.amount >= 0 && booking.quantity > 0;
        let hold = Self { state, extended, booking };
        // As in the scripts, numbers have one spelling.
        let is_canonical = hold.record() == record;
        (counted && is_currency && is_positive && is_canonical).then_some(hold).ok_or(InvalidHold)
    }

    /// The record as the scripts keep it.
    pub fn record(&self) -> String {
        let state = match self.state {
            HoldState::Held => HELD,
            HoldState::Confirming => "confirming",
        };
        record(state, &self.booking, self.extended)
    }
}

/// The state of a record whose hold nobody pays.
pub(crate) const HELD: &str = "held";
/// What ends the record of a hold that was given more time.
const EXTENDED: &str = " extended";
/// The state of a record that is restored as a sale.
pub(crate) const SOLD: &str = "sold";

/// What stands where a record has its seats when there are none.
pub(crate) const NO_SEATS: &str = "-";

/// The seats of a booking as a record has them.
pub(crate) fn seats_of(booking: &Booking) -> String {
    let seats: Vec<String> =
        booking.seats.iter().map(|seat| format!("{}-{}", seat.row, seat.number)).collect();
    if seats.is_empty() { NO_SEATS.to_owned() } else { seats.join(",") }
}

/// The record of a booking's hold in this state.
pub(crate) fn record(state: &str, booking: &Booking, extended: bool) -> String {
    let seats = seats_of(booking);
    let extended = if extended { EXTENDED } else { "" };
    format!(
        "{state} {} {} {} {} {} {} {} {seats}{extended}",
        booking.user_id,
        booking.section,
        booking.quantity,
        booking.amount,
        booking.currency,
        booking.created_at.unix_ms(),
        booking.expires_at.unix_ms(),
    )
}

/// The text is not the record of a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the record of a hold")]
pub struct InvalidHold;

fn parse<V: FromStr>(word: &str) -> Result<V, InvalidHold> {
    word.parse().map_err(|_| InvalidHold)
}

fn parse_seats(section: &SectionName, seats: &str) -> Result<Vec<Seat>, InvalidHold> {
    if seats == NO_SEATS {
        return Ok(Vec::new());
    }
    seats
        .split(',')
        .map(|seat| {
            let (row, number) = seat.split_once('-').ok_or(InvalidHold)?;
            Ok(Seat { section: section.clone(), row: parse(row)?, number: parse(number)? })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: &str = "0192f0c1-2a3b-7c4d-8e5f-60718293a4b5";

    fn booking() -> BookingId {
        let user: domain::id::UserId = USER.parse().unwrap();
        BookingId::new(USER.parse().unwrap(), user.as_uuid())
    }

    #[test]
    fn a_record_reads_back() {
        for text in [
            format!("held {USER} A 2 10000 EUR 1795000000000 1795000600000 1-12,1-13"),
            format!("confirming {USER} FLOOR 3 0 JPY 1795000000000 1795000600000 -"),
            format!("held {USER} A 1 0 JPY 1795000000000 1795001200000 1-12 extended"),
        ] {
            let hold = Hold::parse(booking(), &text).unwrap();
            assert_eq!(hold.record(), text);
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
            assert_eq!(Hold::parse(booking(), &text), Err(InvalidHold), "{text:?}");
        }
    }

    #[test]
    fn a_hold_is_a_reserved_booking() {
        let record = format!("held {USER} A 1 5000 EUR 1 2 1-12");
        let hold = Hold::parse(booking(), &record).unwrap();
        assert_eq!(
            (hold.booking.booking_id, hold.booking.event_id),
            (booking(), booking().event())
        );
        assert_eq!(hold.booking.status, BookingStatus::Reserved);
        assert_eq!(hold.booking.seat_labels(), ["A-1-12"]);
    }
}
