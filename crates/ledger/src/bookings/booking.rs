//! A booking as the functions of the ledger take and give it.

use domain::booking::{Booking, BookingStatus};
use domain::contact::Contact;
use domain::id::{BookingId, EventId, UserId};
use domain::seat::Seat;
use domain::section::SectionName;
use domain::time::Instant;
use serde::Deserialize;

use crate::database::Value;
use crate::error::Error;
use crate::row::Row;

/// The seats as labels in one order, so that equal bookings have equal texts and all sales take
/// their seats in the same order.
pub(crate) fn seat_labels(booking: &Booking) -> Vec<String> {
    let mut labels: Vec<String> = booking.seats.iter().map(ToString::to_string).collect();
    labels.sort_unstable();
    labels
}

/// What a hold fixes of a booking, as the first ten parameters of the functions that decide about
/// it. The status is not part of it: the ledger knows that better than anybody.
pub(crate) fn parameters(booking: &Booking) -> Vec<Value> {
    vec![
        booking.booking_id.to_string().into(),
        booking.event_id.to_string().into(),
        booking.user_id.to_string().into(),
        booking.section.as_str().into(),
        Value::Texts(seat_labels(booking)),
        booking.quantity.into(),
        booking.amount.into(),
        booking.currency.as_str().into(),
        booking.created_at.unix_ms().into(),
        booking.expires_at.unix_ms().into(),
    ]
}

/// The columns of the type `boxoffice.booking_row`, in the order in which [`read_booking`] takes
/// them. It has no contact: it is for what frees places.
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
        contact: Contact::default(),
    })
}

/// What `boxoffice.booking_document` writes. Members that are not known here are ignored, so that a
/// later release may add some.
#[derive(Deserialize)]
pub(crate) struct Document {
    booking_id: BookingId,
    event_id: EventId,
    user_id: UserId,
    status: BookingStatus,
    section: SectionName,
    seats: Vec<Seat>,
    quantity: u32,
    amount: i64,
    currency: String,
    expires_at_ms: i64,
    created_at_ms: i64,
    confirmed_at_ms: Option<i64>,
    #[serde(flatten)]
    contact: Contact,
}

impl Document {
    /// When the ledger made the sale, if it did.
    pub(crate) fn confirmed_at(&self) -> Option<Instant> {
        self.confirmed_at_ms.map(Instant::from_unix_ms)
    }

    /// The booking, its seats in the order of the hall (2 before 12).
    pub(crate) fn into_booking(mut self) -> Booking {
        self.seats.sort_unstable();
        Booking {
            booking_id: self.booking_id,
            event_id: self.event_id,
            user_id: self.user_id,
            status: self.status,
            section: self.section,
            seats: self.seats,
            quantity: self.quantity,
            amount: self.amount,
            currency: self.currency,
            expires_at: Instant::from_unix_ms(self.expires_at_ms),
            created_at: Instant::from_unix_ms(self.created_at_ms),
            contact: self.contact,
        }
    }
}

/// Reads seat labels joined by commas, and puts them in the order of the hall (2 before 12).
pub(crate) fn read_seats(row: &mut Row) -> Result<Vec<Seat>, Error> {
    let text = row.text()?;
    let mut seats: Vec<Seat> = text
        .split(',')
        .filter(|label| !label.is_empty())
        .map(str::parse)
        .collect::<Result<_, _>>()
        .map_err(|_| row.unexpected(format!("seats {text:?}")))?;
    seats.sort_unstable();
    Ok(seats)
}
