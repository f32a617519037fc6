//! Frees the places of a booking whose sale was undone.

use std::time::Duration;

use cluster::{Cluster, Transport};
use domain::id::BookingId;

use crate::call::call;
use crate::{Error, Hold, registry};

/// What cancelling did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelOutcome {
    /// The event is open; perhaps nothing of the booking was left.
    Freed {
        /// Places that this call freed.
        freed: i64,
        /// Places sold in the whole event.
        sold: i64,
        /// Places of the whole event.
        capacity: i64,
    },
    /// The event is not open in Redis.
    EventMissing,
}

/// Frees the places of `booking`, whose hold was once `hold`, as far as they are still its own. To
/// be called when the ledger has undone the sale.
///
/// # Errors
///
/// See [`Error`].
pub async fn cancel_booking<T: Transport>(
    cluster: &Cluster<T>,
    booking: BookingId,
    hold: &Hold,
    deadline: Duration,
) -> Result<CancelOutcome, Error> {
    let event = booking.event();
    let script = registry::cancel_booking(event, &hold.section);
    let arguments =
        vec![booking.to_string().into(), hold.section.as_str().into(), hold.to_string().into()];
    let reply = call(cluster, script, arguments, deadline).await?;
    let (freed, sold, capacity) = (reply.integer(1)?, reply.integer(2)?, reply.integer(3)?);
    match reply.outcome()? {
        "freed" | "absent" => Ok(CancelOutcome::Freed { freed, sold, capacity }),
        "event_missing" => Ok(CancelOutcome::EventMissing),
        _ => Err(reply.unexpected()),
    }
}
