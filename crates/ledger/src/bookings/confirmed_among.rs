//! Tells which of some bookings are sold.

use domain::id::BookingId;

use crate::database::{Database, Value};
use crate::error::Error;
use crate::row::rows;

/// Bookings of one call at most: one sweep of due holds asks once.
pub const CONFIRMED_AMONG_MAX: usize = 1000;

const STEP: &str = "confirmed_among";
const STATEMENT: &str = "SELECT booking_id FROM boxoffice.confirmed_among($1::text[])";

/// Tells which of `bookings` are confirmed. The worker asks before it expires a hold: a sale whose
/// news did not reach Redis is then confirmed there, and its seats are not given away.
///
/// # Errors
///
/// [`Error::TooMany`] for more than [`CONFIRMED_AMONG_MAX`] bookings; see [`Error`].
pub async fn confirmed_among<D: Database>(
    database: &D,
    bookings: &[BookingId],
) -> Result<Vec<BookingId>, Error> {
    bookings_among(database, STEP, STATEMENT, bookings).await
}

/// Those of `bookings` that `statement` picks: it takes their ids and returns some of them.
pub(crate) async fn bookings_among<D: Database>(
    database: &D,
    step: &'static str,
    statement: &'static str,
    bookings: &[BookingId],
) -> Result<Vec<BookingId>, Error> {
    if bookings.len() > CONFIRMED_AMONG_MAX {
        return Err(Error::TooMany { step, limit: CONFIRMED_AMONG_MAX });
    }
    let ids = bookings.iter().map(ToString::to_string).collect();
    rows(database, step, statement, vec![Value::Texts(ids)])
        .await?
        .map(|mut row| row.parsed())
        .collect()
}
