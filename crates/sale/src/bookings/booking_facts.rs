//! A booking as each of the two stores is told of it.

use domain::booking::Booking;
use ledger::BookingFacts;
use scripts::{Hold, HoldState};

use crate::Error;

/// The booking as Postgres is told of it.
///
/// # Errors
///
/// [`Error::Disagreement`] when one of its seats is none.
pub fn booking_facts(booking: &Booking) -> Result<BookingFacts, Error> {
    let seats = booking.seats.iter().map(|seat| seat.parse()).collect::<Result<Vec<_>, _>>();
    Ok(BookingFacts {
        booking: booking.booking_id,
        user: booking.user_id,
        section: booking.section.clone(),
        seats: seats.map_err(|_| Error::Disagreement("a booking has a seat that is none"))?,
        quantity: booking.quantity,
        amount: booking.amount,
        currency: booking.currency.clone(),
        created_at: booking.created_at,
        expires_at: booking.expires_at,
    })
}

/// The hold that Redis forgot, as it was.
pub(crate) fn hold_of(booking: &Booking) -> Result<Hold, Error> {
    let facts = booking_facts(booking)?;
    Ok(Hold {
        state: HoldState::Confirming,
        user: facts.user,
        section: facts.section,
        quantity: facts.quantity,
        amount: facts.amount,
        currency: facts.currency,
        created_at: facts.created_at,
        expires_at: facts.expires_at,
        seats: facts.seats.iter().map(|seat| (seat.row, seat.number)).collect(),
    })
}
