//! Gives the seats of a hold back.

use std::time::Duration;

use cluster::{Cluster, Transport};
use domain::id::BookingId;
use domain::section::SectionName;

use crate::call::call;
use crate::{Error, Hold, registry};

/// Why the seats come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReleaseReason {
    /// The ledger has ended the hold. One that is overdue or being paid stays.
    Released,
    /// The ledger has released it or refused its sale: whatever the state and the time.
    Refused,
    /// The event is cancelled, whatever the state: the hold reads as released, or as expired when
    /// its time was over.
    Cancelled,
}

/// What to release.
#[derive(Debug, Clone, Copy)]
pub struct ReleaseSeats<'a> {
    /// The booking.
    pub booking: BookingId,
    /// The section of the booking; another one is answered with [`Error::Protocol`].
    pub section: &'a SectionName,
    /// Why.
    pub reason: ReleaseReason,
}

/// What releasing did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseOutcome {
    /// The seats are free again.
    Released(Hold),
    /// The hold is overdue; the sweeper frees its seats.
    BookingExpired(Hold),
    /// A payment is under way; nothing changed.
    Confirming(Hold),
    /// There is no hold: it was resolved before, by an earlier call perhaps. The journal and the
    /// ledger know how.
    Absent,
    /// The event is not open in Redis.
    EventMissing,
}

/// Frees the seats of the hold.
///
/// # Errors
///
/// See [`Error`].
pub async fn release_seats<T: Transport>(
    cluster: &Cluster<T>,
    request: &ReleaseSeats<'_>,
    deadline: Duration,
) -> Result<ReleaseOutcome, Error> {
    let event = request.booking.event();
    let script = registry::release_seats(event, request.section);
    let reason = match request.reason {
        ReleaseReason::Released => "released",
        ReleaseReason::Refused => "refused",
        ReleaseReason::Cancelled => "cancelled",
    };
    let arguments =
        vec![request.booking.to_string().into(), request.section.as_str().into(), reason.into()];
    let reply = call(cluster, script, arguments, deadline).await?;
    match reply.outcome()? {
        "released" => Ok(ReleaseOutcome::Released(reply.hold(1, request.booking)?)),
        "booking_expired" => Ok(ReleaseOutcome::BookingExpired(reply.hold(1, request.booking)?)),
        "confirming" => Ok(ReleaseOutcome::Confirming(reply.hold(1, request.booking)?)),
        "absent" => Ok(ReleaseOutcome::Absent),
        "event_missing" => Ok(ReleaseOutcome::EventMissing),
        _ => Err(reply.unexpected()),
    }
}
