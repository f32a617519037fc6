//! Reads a booking that is unresolved, or was resolved lately.

use std::time::Duration;

use cluster::{Cluster, Transport};
use domain::contact::Contact;
use domain::id::BookingId;
use domain::time::Instant;

use crate::call::{Fields, call};
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
    let mut reply = call(cluster, script, arguments, deadline).await?;
    let contact = Contact::from_text(&reply.take_last()?);
    let hold = |reply: &Fields| {
        let mut hold = reply.hold(1, booking)?;
        hold.booking.contact = contact;
        Ok::<_, Error>(hold)
    };
    match reply.outcome()? {
        "found" => Ok(BookingOutcome::Found {
            hold: hold(&reply)?,
            expires_at: reply.instant(2)?,
            now: reply.instant(3)?,
        }),
        "released" => Ok(BookingOutcome::Released(hold(&reply)?)),
        "expired" => Ok(BookingOutcome::Expired(hold(&reply)?)),
        "absent" => Ok(BookingOutcome::Absent { now: reply.instant(3)? }),
        "event_missing" => Ok(BookingOutcome::EventMissing),
        _ => Err(reply.unexpected()),
    }
}
