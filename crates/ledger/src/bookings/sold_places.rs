//! What of a booking is sold, and what was.

use domain::booking::Booking;
use domain::id::BookingId;

use crate::bookings::booking::{Document, read_seats};
use crate::database::Database;
use crate::error::Error;
use crate::row::rows;

const STATEMENT: &str =
    "SELECT document, given_up_seats, given_up FROM boxoffice.sold_places($1::text)";

/// A booking and its places at the time of its sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoldPlaces {
    /// As it is now.
    pub booking: Booking,
    /// With every place that it gave up since it was sold.
    pub as_sold: Booking,
}

/// A booking, as it is and with all places that it ever had, in one moment; `None` without it.
///
/// # Errors
///
/// See [`Error`].
pub async fn sold_places<D: Database>(
    database: &D,
    booking: BookingId,
) -> Result<Option<SoldPlaces>, Error> {
    let parameters = vec![booking.to_string().into()];
    let found = rows(database, "sold_places", STATEMENT, parameters).await?.next();
    let Some(mut row) = found else { return Ok(None) };
    let booking = row.document::<Document>()?.into_booking();
    let mut as_sold = booking.clone();
    as_sold.seats.extend(read_seats(&mut row)?);
    as_sold.seats.sort_unstable();
    as_sold.quantity = as_sold.quantity.saturating_add(row.count()?);
    Ok(Some(SoldPlaces { booking, as_sold }))
}
