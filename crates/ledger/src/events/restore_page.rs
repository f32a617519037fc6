//! Reads, page by page, what Redis must know again of an event.

use domain::booking::{Booking, BookingStatus, StoredBooking};
use domain::contact::Contact;
use domain::id::{BookingId, EventId, UserId};
use domain::seat::Seat;
use domain::section::SectionName;
use domain::time::Instant;

use crate::database::Database;
use crate::error::Error;
use crate::events::lease_rebuild::REBUILD_LEASE_MS;
use crate::row::rows;

/// Bookings of a page: some 250 KB of JSON, read in a few milliseconds, and as many as one script
/// takes.
pub const RESTORE_PAGE_MAX: u32 = 1000;

const STATEMENT: &str = "SELECT page FROM boxoffice.restore_page(\
     $1::text::uuid, $2::bigint, $3::bigint, $4::text, $5::text, $6::bigint)";

/// Which bookings are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestoreKind {
    /// What is sold.
    Sold,
    /// What is held and not expired.
    Held,
}

/// A booking on the wire: an array, because a page has many.
pub(crate) type Entry =
    (BookingId, UserId, SectionName, Vec<Seat>, u32, i64, String, i64, i64, bool);

/// Reads the page after booking `after`, the first one without; fewer than [`RESTORE_PAGE_MAX`]
/// bookings are the last page. `None` when somebody else has begun a newer generation. Renews the
/// lease.
///
/// # Errors
///
/// See [`Error`].
pub async fn restore_page<D: Database>(
    database: &D,
    event: EventId,
    generation: i64,
    kind: RestoreKind,
    after: Option<BookingId>,
) -> Result<Option<Vec<StoredBooking>>, Error> {
    let status = match kind {
        RestoreKind::Sold => BookingStatus::Confirmed,
        RestoreKind::Held => BookingStatus::Reserved,
    };
    let parameters = vec![
        event.to_string().into(),
        generation.into(),
        REBUILD_LEASE_MS.into(),
        status.as_str().into(),
        after.map(|booking| booking.to_string()).unwrap_or_default().into(),
        RESTORE_PAGE_MAX.into(),
    ];
    let mut found = rows(database, "restore_page", STATEMENT, parameters).await?;
    let Some(mut row) = found.next() else { return Ok(None) };
    let entries: Vec<Entry> = row.document()?;
    Ok(Some(entries.into_iter().map(|entry| restored(entry, status)).collect()))
}

/// The booking that a page tells of.
pub(crate) fn restored(entry: Entry, status: BookingStatus) -> StoredBooking {
    let (
        booking_id,
        user_id,
        section,
        seats,
        quantity,
        amount,
        currency,
        created_ms,
        expires_ms,
        extended,
    ) = entry;
    let booking = Booking {
        booking_id,
        event_id: booking_id.event(),
        user_id,
        status,
        section,
        seats,
        quantity,
        amount,
        currency,
        expires_at: Instant::from_unix_ms(expires_ms),
        created_at: Instant::from_unix_ms(created_ms),
        contact: Contact::default(),
    };
    StoredBooking { booking, extended }
}
