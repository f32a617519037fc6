//! Cancels a confirmed booking.

use domain::id::BookingId;

use crate::database::Database;
use crate::error::Error;
use crate::row::one_row;

const STATEMENT: &str = "SELECT outcome FROM boxoffice.cancel_booking($1::text, $2::boolean)";

/// What [`cancel_booking`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CancelBookingOutcome {
    /// Cancelled by this call: its places are for sale, its payment goes back.
    Cancelled,
    /// Cancelled or refunded before.
    AlreadyCancelled,
    /// There was no sale: it is held, released or expired.
    NotConfirmed,
    /// The event has begun, or somebody is in with a ticket: the owner may no longer cancel.
    OwnerTooLate,
    /// The ledger does not have the booking: it was never confirmed.
    BookingMissing,
}

/// Cancels a confirmed booking in one statement: its tickets go, its payment is given back, a saga
/// frees its places in Redis, a message tells of it.
///
/// # Errors
///
/// See [`Error`].
pub async fn cancel_booking<D: Database>(
    database: &D,
    booking: BookingId,
    by_owner: bool,
) -> Result<CancelBookingOutcome, Error> {
    let parameters = vec![booking.to_string().into(), by_owner.into()];
    let mut row = one_row(database, "cancel_booking", STATEMENT, parameters).await?;
    match row.text()?.as_str() {
        "cancelled" => Ok(CancelBookingOutcome::Cancelled),
        "already_cancelled" => Ok(CancelBookingOutcome::AlreadyCancelled),
        "not_confirmed" => Ok(CancelBookingOutcome::NotConfirmed),
        "event_started" => Ok(CancelBookingOutcome::OwnerTooLate),
        "booking_missing" => Ok(CancelBookingOutcome::BookingMissing),
        other => Err(row.unexpected(format!("outcome {other:?}"))),
    }
}
