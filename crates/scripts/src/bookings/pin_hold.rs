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
    /// For whom: decides what is asked of a hold past its time.
    pub pinned_for: PinnedFor,
}

/// For whom a hold is pinned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinnedFor {
    /// A payment, or its owner: a hold past its time comes back while it could be reserved.
    Buyer,
    /// The organiser, whom neither a pause nor the limit per buyer binds.
    Organiser,
    /// The ledger says that this revives nothing: the hold is in time, or kept for its payment.
    /// Nothing is asked.
    Kept,
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
    /// It is past its time, and nothing can be reserved: cancelled, over, paused, not yet open.
    EventNotOnSale,
    /// It is past its time, and its buyer would have more tickets than allowed.
    BuyerLimitExceeded,
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
    let pinned_for = match request.pinned_for {
        PinnedFor::Buyer => "buyer",
        PinnedFor::Organiser => "organiser",
        PinnedFor::Kept => "kept",
    };
    let arguments = vec![
        request.booking.to_string().into(),
        request.section.as_str().into(),
        request.grace_ms.into(),
        request.retake.map(|retaken| record(HELD, retaken, false)).unwrap_or_default().into(),
        pinned_for.into(),
    ];
    let reply = call(cluster, script, arguments, deadline).await?;
    match reply.outcome()? {
        "pinned" => Ok(PinOutcome::Pinned(reply.hold(1, request.booking)?)),
        "confirmed" => Ok(PinOutcome::Confirmed(reply.hold(1, request.booking)?)),
        "seats_taken" => Ok(PinOutcome::SeatsTaken),
        "event_not_on_sale" => Ok(PinOutcome::EventNotOnSale),
        "buyer_limit_exceeded" => Ok(PinOutcome::BuyerLimitExceeded),
        "absent" => Ok(PinOutcome::Absent),
        "event_missing" => Ok(PinOutcome::EventMissing),
        _ => Err(reply.unexpected()),
    }
}
