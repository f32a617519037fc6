//! Frees the places that a booking no longer owns.

use std::time::Duration;

use cluster::{Cluster, Transport};
use domain::booking::Booking;

use crate::bookings::record::{HELD, NO_SEATS, record, seats_of};
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
    free(cluster, booking, None, deadline).await
}

/// Frees what `sold`, a booking with every place that was ever sold to it, has and `left` has not;
/// what is left is sold. To be called when the ledger has taken in that a part was given up.
///
/// # Errors
///
/// See [`Error`].
pub async fn free_part<T: Transport>(
    cluster: &Cluster<T>,
    sold: &Booking,
    left: &Booking,
    deadline: Duration,
) -> Result<CancelOutcome, Error> {
    free(cluster, sold, Some(left), deadline).await
}

async fn free<T: Transport>(
    cluster: &Cluster<T>,
    sold: &Booking,
    left: Option<&Booking>,
    deadline: Duration,
) -> Result<CancelOutcome, Error> {
    let script = registry::cancel_booking(sold.event_id, &sold.section);
    let (units_left, seats_left) =
        left.map_or_else(|| (0, NO_SEATS.to_owned()), |left| (left.quantity, seats_of(left)));
    let arguments = vec![
        sold.booking_id.to_string().into(),
        sold.section.as_str().into(),
        record(HELD, sold, false).into(),
        i64::from(units_left).into(),
        seats_left.into(),
    ];
    let reply = call(cluster, script, arguments, deadline).await?;
    let (freed, sold, capacity) = (reply.integer(1)?, reply.integer(2)?, reply.integer(3)?);
    match reply.outcome()? {
        "freed" | "absent" => Ok(CancelOutcome::Freed { freed, sold, capacity }),
        "event_missing" => Ok(CancelOutcome::EventMissing),
        _ => Err(reply.unexpected()),
    }
}
