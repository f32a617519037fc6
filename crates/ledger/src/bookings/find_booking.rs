//! Reads one booking.

use domain::booking::Booking;
use domain::id::BookingId;

use crate::bookings::booking::{BOOKING_COLUMNS, read_booking};
use crate::database::Database;
use crate::error::Error;
use crate::row::rows;

/// Reads one booking; `None` when there is none. A hold appears here once the journal is drained.
///
/// # Errors
///
/// See [`Error`].
pub async fn find_booking<D: Database>(
    database: &D,
    booking: BookingId,
) -> Result<Option<Booking>, Error> {
    let statement = format!("SELECT {BOOKING_COLUMNS} FROM boxoffice.find_booking($1::text)");
    let mut found =
        rows(database, "find_booking", &statement, vec![booking.to_string().into()]).await?;
    found.next().map(|mut row| read_booking(&mut row)).transpose()
}
