//! Finds the bookings that name a mailbox.

use domain::booking::BookingStatus;
use domain::id::{BookingId, UserId};
use domain::time::Instant;

use crate::database::Database;
use crate::error::Error;
use crate::row::rows;

const STATEMENT: &str = "SELECT user_id, booking_id, status, event_name, starts_at_ms, time_zone \
     FROM boxoffice.bookings_of_mailbox($1::text, $2::bigint)";

/// A booking that names a mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxBooking {
    /// Whose booking it is: guests are many, their mailbox may be one.
    pub user: UserId,
    /// The booking.
    pub booking: BookingId,
    /// Where it stands; nothing that came to nothing.
    pub status: BookingStatus,
    /// The title of its event.
    pub event_name: String,
    /// When that begins.
    pub starts_at: Instant,
    /// The zone in which people are told its times.
    pub time_zone: String,
}

/// The bookings that name a mailbox, in any letter case, newest first, `limit` at most. Nobody has
/// proved that it is the buyer's: tell only the mailbox itself.
///
/// # Errors
///
/// See [`Error`].
pub async fn bookings_of_mailbox<D: Database>(
    database: &D,
    email: &str,
    limit: u32,
) -> Result<Vec<MailboxBooking>, Error> {
    rows(database, "bookings_of_mailbox", STATEMENT, vec![email.into(), limit.into()])
        .await?
        .map(|mut row| {
            Ok(MailboxBooking {
                user: row.parsed()?,
                booking: row.parsed()?,
                status: row.parsed()?,
                event_name: row.text()?,
                starts_at: row.instant()?,
                time_zone: row.text()?,
            })
        })
        .collect()
}
