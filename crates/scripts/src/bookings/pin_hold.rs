//! Keeps a hold for a payment that is under way.

use std::time::Duration;

use cluster::{Cluster, Transport};
use domain::booking::Booking;
use domain::id::BookingId;
use domain::section::SectionName;

use crate::bookings::record::{HELD, record};
use crate::call::call;
use crate::{Error, Hold, registry};

/// What to pin.
#[derive(Debug, Clone, Copy)]
pub struct PinHold<'a> {
    /// The booking.
    pub booking: BookingId,
    /// The section of the booking; another one is answered with [`Error::Protocol`].
    pub section: &'a SectionName,
    /// How long the hold stays at least, in ms from now.
    pub grace_ms: i64,
    /// The booking, to take its seats again when its hold is gone. Give it only for a booking
    /// that the ledger does not show as confirmed: after a rebuild Redis no longer knows which
    /// booking a sold seat belongs to.
    pub retake: Option<&'a Booking>,
}

/// What pinning did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PinOutcome {
    /// The seats are held for the payment.
    Pinned(Hold),
    /// No hold is left, but the seats are this booking's: it was confirmed before.
    Confirmed(Hold),
    /// The hold is gone and not all of its seats are free.
    SeatsTaken,
    /// The hold is gone and no record was given.
    Absent,
    /// The event is not open in Redis.
    EventMissing,
}

/// Pins the hold, or takes its seats again.
///
/// # Errors
///
/// See [`Error`].
pub async fn pin_hold<T: Transport>(
    cluster: &Cluster<T>,
    request: &PinHold<'_>,
    deadline: Duration,
) -> Result<PinOutcome, Error> {
    let event = request.booking.event();
    let script = registry::pin_hold(event, request.section);
    let arguments = vec![
        request.booking.to_string().into(),
        request.section.as_str().into(),
        request.grace_ms.into(),
        request.retake.map(|retaken| record(HELD, retaken)).unwrap_or_default().into(),
    ];
    let reply = call(cluster, script, arguments, deadline).await?;
    match reply.outcome()? {
        "pinned" => Ok(PinOutcome::Pinned(reply.hold(1, request.booking)?)),
        "confirmed" => Ok(PinOutcome::Confirmed(reply.hold(1, request.booking)?)),
        "seats_taken" => Ok(PinOutcome::SeatsTaken),
        "absent" => Ok(PinOutcome::Absent),
        "event_missing" => Ok(PinOutcome::EventMissing),
        _ => Err(reply.unexpected()),
    }
}
