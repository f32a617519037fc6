//! Tells which of some bookings are being paid.

use domain::id::BookingId;

use crate::bookings::confirmed_among::bookings_among;
use crate::database::Database;
use crate::error::Error;

const STEP: &str = "open_payments_among";
const STATEMENT: &str = "SELECT booking_id FROM boxoffice.open_payments_among($1::text[])";

/// Tells which of `bookings` are kept for a payment that may still become a sale: begun or paid,
/// nothing decided, not given up, and for 120 s after the hold's end at most. The sagas of their
/// payments are made due, so that the provider is asked now.
///
/// # Errors
///
/// [`Error::TooMany`] for more than [`crate::CONFIRMED_AMONG_MAX`] bookings; see [`Error`].
pub async fn open_payments_among<D: Database>(
    database: &D,
    bookings: &[BookingId],
) -> Result<Vec<BookingId>, Error> {
    bookings_among(database, STEP, STATEMENT, bookings).await
}
