//! Reads, page by page, what is sold of an event.

use domain::id::{BookingId, EventId, UserId};
use domain::seat::Seat;
use domain::section::SectionName;

use crate::database::Database;
use crate::error::Error;
use crate::row::one_row;

/// Bookings of a page: half a megabyte of JSON at most, read in some 20 ms.
pub const SOLD_PAGE_MAX: u32 = 5_000;

const STATEMENT: &str =
    "SELECT page FROM boxoffice.sold_bookings($1::text::uuid, $2::text, $3::bigint)";

/// A sale, as far as the audit needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoldBooking {
    /// The booking.
    pub booking: BookingId,
    /// Its owner.
    pub user: UserId,
    /// The section of its places.
    pub section: SectionName,
    /// Its seats; none when standing.
    pub seats: Vec<Seat>,
    /// How many places.
    pub quantity: u32,
}

/// Reads the page after booking `after`, the first one without; fewer than [`SOLD_PAGE_MAX`] are
/// the last page.
///
/// # Errors
///
/// See [`Error`].
pub async fn sold_bookings<D: Database>(
    database: &D,
    event: EventId,
    after: Option<BookingId>,
) -> Result<Vec<SoldBooking>, Error> {
    let parameters = vec![
        event.to_string().into(),
        after.map(|booking| booking.to_string()).unwrap_or_default().into(),
        SOLD_PAGE_MAX.into(),
    ];
    let mut row = one_row(database, "sold_bookings", STATEMENT, parameters).await?;
    let entries: Vec<(BookingId, UserId, SectionName, Vec<Seat>, u32)> = row.document()?;
    Ok(entries
        .into_iter()
        .map(|(booking, user, section, seats, quantity)| SoldBooking {
            booking,
            user,
            section,
            seats,
            quantity,
        })
        .collect())
}
