//! What a hold says about a booking, and a booking as the ledger keeps it.

use domain::booking::Booking;
use domain::id::{BookingId, UserId};
use domain::seat::Seat;
use domain::section::SectionName;
use domain::time::Instant;

use crate::database::Value;
use crate::error::Error;
use crate::row::Row;

/// What a hold says about a booking. It is fixed when the seats are held, except for the expiry.
/// The event is part of the booking's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookingFacts {
    /// The booking.
    pub booking: BookingId,
    /// Its owner.
    pub user: UserId,
    /// The section of all its places.
    pub section: SectionName,
    /// All its seats; empty for a standing section.
    pub seats: Vec<Seat>,
    /// How many places: the number of seats when there are seats.
    pub quantity: u32,
    /// What it costs, in minor units of `currency`.
    pub amount: i64,
    /// ISO 4217, upper case.
    pub currency: String,
    /// When the seats were held.
    pub created_at: Instant,
    /// When the hold ends.
    pub expires_at: Instant,
}

impl BookingFacts {
    /// The seats as labels in one order, so that equal bookings have equal texts and all sales
    /// take their seats in the same order.
    pub(crate) fn seat_labels(&self) -> Vec<String> {
        let mut labels: Vec<String> = self.seats.iter().map(ToString::to_string).collect();
        labels.sort_unstable();
        labels
    }

    /// The booking as the first ten parameters of the functions that decide about it.
    pub(crate) fn parameters(&self) -> Vec<Value> {
        vec![
            self.booking.to_string().into(),
            self.booking.event().to_string().into(),
            self.user.to_string().into(),
            self.section.as_str().into(),
            Value::Texts(self.seat_labels()),
            self.quantity.into(),
            self.amount.into(),
            self.currency.as_str().into(),
            self.created_at.unix_ms().into(),
            self.expires_at.unix_ms().into(),
        ]
    }
}

/// The columns of the type `boxoffice.booking_row`, in the order in which [`read_booking`] takes
/// them.
pub(crate) const BOOKING_COLUMNS: &str = "booking_id, event_id, user_id, status, section, seats, \
     quantity, amount, currency, expires_at_ms, created_at_ms";

/// Reads [`BOOKING_COLUMNS`].
pub(crate) fn read_booking(row: &mut Row) -> Result<Booking, Error> {
    Ok(Booking {
        booking_id: row.parsed()?,
        event_id: row.parsed()?,
        user_id: row.parsed()?,
        status: row.parsed()?,
        section: row.parsed()?,
        seats: read_seats(row)?,
        quantity: row.count()?,
        amount: row.integer()?,
        currency: row.text()?,
        expires_at: row.instant()?,
        created_at: row.instant()?,
    })
}

/// Reads seat labels joined by commas, and puts them in the order of the hall (2 before 12).
fn read_seats(row: &mut Row) -> Result<Vec<String>, Error> {
    let text = row.text()?;
    let mut seats: Vec<Seat> = text
        .split(',')
        .filter(|label| !label.is_empty())
        .map(str::parse)
        .collect::<Result<_, _>>()
        .map_err(|_| row.unexpected(format!("seats {text:?}")))?;
    seats.sort_unstable();
    Ok(seats.iter().map(ToString::to_string).collect())
}
