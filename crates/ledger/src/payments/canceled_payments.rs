//! Counts the payments of a booking that are given up.

use domain::id::BookingId;

use crate::database::Database;
use crate::error::Error;
use crate::row::one_row;

const STATEMENT: &str = "SELECT canceled FROM boxoffice.canceled_payments($1::text)";

/// Counts the payments of a booking that are given up: cancelled, given back, or decided to be.
/// It is the number of the next attempt: as long as one is open, beginning a payment again finds
/// the same one at the provider.
///
/// # Errors
///
/// See [`Error`].
pub async fn canceled_payments<D: Database>(
    database: &D,
    booking: BookingId,
) -> Result<u32, Error> {
    let parameters = vec![booking.to_string().into()];
    one_row(database, "canceled_payments", STATEMENT, parameters).await?.count()
}
