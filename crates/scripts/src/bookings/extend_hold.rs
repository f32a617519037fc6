//! Gives a hold more time.

use std::time::Duration;

use cluster::{Cluster, Transport};
use domain::booking::Booking;

use crate::call::call;
use crate::{Error, Hold, registry};

/// The longest extension, in ms: a hold of an hour does not block its seats for two.
pub(super) const EXTENSION_MAX_MS: i64 = 900_000;

/// What extending did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExtendOutcome {
    /// The hold ends later.
    Extended(Box<Hold>),
    /// It was extended before.
    AlreadyExtended,
    /// It is past its time.
    BookingExpired,
    /// The event is over or cancelled.
    EventNotOnSale,
    /// There is no hold: it was resolved, or lost.
    Absent,
    /// The event is not open in Redis.
    EventMissing,
}

/// Extends the hold of `booking`, as the caller knows it, by the time that a new hold of the event
/// gets, 15 minutes at most.
///
/// # Errors
///
/// See [`Error`].
pub async fn extend_hold<T: Transport>(
    cluster: &Cluster<T>,
    booking: &Booking,
    deadline: Duration,
) -> Result<ExtendOutcome, Error> {
    let id = booking.booking_id;
    let script = registry::extend_hold(id.event());
    let known_ms = booking.expires_at.unix_ms();
    let arguments = vec![id.to_string().into(), known_ms.into(), EXTENSION_MAX_MS.into()];
    let reply = call(cluster, script, arguments, deadline).await?;
    match reply.outcome()? {
        "extended" => {
            let mut hold = reply.hold(1, id)?;
            // The record does not have it, and nobody changes it.
            hold.booking.contact = booking.contact.clone();
            Ok(ExtendOutcome::Extended(Box::new(hold)))
        }
        "already_extended" => Ok(ExtendOutcome::AlreadyExtended),
        "booking_expired" => Ok(ExtendOutcome::BookingExpired),
        "event_not_on_sale" => Ok(ExtendOutcome::EventNotOnSale),
        "absent" => Ok(ExtendOutcome::Absent),
        "event_missing" => Ok(ExtendOutcome::EventMissing),
        _ => Err(reply.unexpected()),
    }
}
