//! Frees the seats of a booking whose sale was undone.

use std::time::Duration;

use cluster::{Cluster, Transport};
use domain::booking::Booking;

use crate::bookings::record::{HELD, record};
use crate::call::call;
use crate::{Error, registry};

/// What cancelling did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelOutcome {
    /// The event is open; perhaps nothing of the booking was left.
    Freed {
        /// Seats that this call freed.
        freed: i64,
        /// Seats sold in the whole event.
        sold: i64,
        /// Seats of the whole event.
        capacity: i64,
    },
    /// The event is not open in Redis.
    EventMissing,
}

/// Frees the seats of `booking` as far as they are still its own. To be called when the ledger has
/// undone the sale.
///
/// # Errors
///
/// See [`Error`].
pub async fn cancel_booking<T: Transport>(
    cluster: &Cluster<T>,
    booking: &Booking,
    deadline: Duration,
) -> Result<CancelOutcome, Error> {
    let script = registry::cancel_booking(booking.event_id, &booking.section);
    let arguments = vec![
        booking.booking_id.to_string().into(),
        booking.section.as_str().into(),
        record(HELD, booking, false).into(),
    ];
    let reply = call(cluster, script, arguments, deadline).await?;
    let (freed, sold, capacity) = (reply.integer(1)?, reply.integer(2)?, reply.integer(3)?);
    match reply.outcome()? {
        "freed" | "absent" => Ok(CancelOutcome::Freed { freed, sold, capacity }),
        "event_missing" => Ok(CancelOutcome::EventMissing),
        _ => Err(reply.unexpected()),
    }
}
