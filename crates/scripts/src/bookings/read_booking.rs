//! Reads a booking that is unresolved, or was resolved lately.

use std::time::Duration;

use cluster::{Cluster, Transport};
use domain::id::BookingId;
use domain::time::Instant;

use crate::call::call;
use crate::{Error, Hold, registry};

/// What reading found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BookingOutcome {
    /// The booking is unresolved.
    Found {
        /// The hold.
        hold: Hold,
        /// When it ends: later than `hold.booking.expires_at` while a payment is under way.
        expires_at: Instant,
        /// When it was read, on the clock of Redis.
        now: Instant,
    },
    /// Given back; the ledger may not know yet.
    Released(Hold),
    /// Its time was over; the ledger may not know yet.
    Expired(Hold),
    /// Never held here, sold, or resolved before: the ledger knows.
    Absent {
        /// When it was looked for, on the clock of Redis.
        now: Instant,
    },
    /// The event is not open in Redis.
    EventMissing,
}

/// Reads the booking.
///
/// # Errors
///
/// See [`Error`].
pub async fn read_booking<T: Transport>(
    cluster: &Cluster<T>,
    booking: BookingId,
    deadline: Duration,
) -> Result<BookingOutcome, Error> {
    let event = booking.event();
    let script = registry::read_booking(event);
    let arguments = vec![booking.to_string().into()];
    let reply = call(cluster, script, arguments, deadline).await?;
    match reply.outcome()? {
        "found" => Ok(BookingOutcome::Found {
            hold: reply.hold(1, booking)?,
            expires_at: reply.instant(2)?,
            now: reply.instant(3)?,
        }),
        "released" => Ok(BookingOutcome::Released(reply.hold(1, booking)?)),
        "expired" => Ok(BookingOutcome::Expired(reply.hold(1, booking)?)),
        "absent" => Ok(BookingOutcome::Absent { now: reply.instant(3)? }),
        "event_missing" => Ok(BookingOutcome::EventMissing),
        _ => Err(reply.unexpected()),
    }
}
