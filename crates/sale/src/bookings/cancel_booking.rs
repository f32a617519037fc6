//! Cancels a confirmed booking: Postgres decides, Redis follows, the payment goes back by its saga.

use cluster::Transport;
use domain::booking::{Booking, BookingStatus};
use domain::id::BookingId;
use ledger::{CancelBookingOutcome, Database};
use scripts::MarkKind;

use crate::best_effort::best_effort;
use crate::bookings::find_booking::find_booking;
use crate::{Error, Stores};

/// What became of the booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CancelSaleOutcome {
    /// It is cancelled, by this call or an earlier one; its status is `cancelled`, or `refunded`
    /// once the money is back.
    Cancelled(Booking),
    /// It is not confirmed: this is how it stands.
    NotConfirmed(Booking),
    /// The event has begun, and its owner may no longer cancel.
    EventStarted,
    /// There is no such booking.
    Missing,
}

/// Cancels `booking`. `by_owner`: the organiser may cancel at any time, the owner until the event
/// starts.
///
/// # Errors
///
/// See [`Error`]. The same call again says what happened.
pub async fn cancel_booking<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    booking: BookingId,
    by_owner: bool,
) -> Result<CancelSaleOutcome, Error> {
    let outcome = ledger::cancel_booking(&stores.database, booking, by_owner).await?;
    match outcome {
        CancelBookingOutcome::EventStarted => return Ok(CancelSaleOutcome::EventStarted),
        CancelBookingOutcome::NotConfirmed | CancelBookingOutcome::BookingMissing => {
            return Ok(match find_booking(stores, booking).await? {
                Some(found) => CancelSaleOutcome::NotConfirmed(found.into_booking()),
                None => CancelSaleOutcome::Missing,
            });
        }
        CancelBookingOutcome::Cancelled | CancelBookingOutcome::AlreadyCancelled => {}
    }
    let cancelled = find_cancelled(stores, booking).await?;
    if outcome == CancelBookingOutcome::Cancelled {
        // The saga does it again, should this fail.
        let freed = free(stores, &cancelled).await;
        best_effort(stores, MarkKind::Cancellation, freed).await;
    }
    Ok(CancelSaleOutcome::Cancelled(cancelled))
}

/// Frees the places of a cancelled booking in Redis, as far as they are still its own.
///
/// # Errors
///
/// See [`Error`].
pub(crate) async fn free_cancelled<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    booking: BookingId,
) -> Result<(), Error> {
    let cancelled = find_cancelled(stores, booking).await?;
    free(stores, &cancelled).await
}

async fn find_cancelled<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    booking: BookingId,
) -> Result<Booking, Error> {
    let recorded = ledger::find_booking(&stores.database, booking).await?;
    let recorded = recorded.ok_or(Error::Disagreement("a cancelled booking has vanished"))?;
    match recorded.status {
        BookingStatus::Cancelled | BookingStatus::Refunded => {}
        BookingStatus::Reserved
        | BookingStatus::Confirmed
        | BookingStatus::Released
        | BookingStatus::Expired => {
            return Err(Error::Disagreement("a booking to be freed is not cancelled"));
        }
    }
    Ok(recorded)
}

async fn free<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    cancelled: &Booking,
) -> Result<(), Error> {
    // Postgres first: it says the same of the event, whether Redis answers or not.
    ledger::mark_sold_out(&stores.database, cancelled.event_id, false).await?;
    // Where Redis has lost the event, or let it go after its end, nothing is freed: where it is
    // rebuilt, this sale is not in it.
    scripts::cancel_booking(&stores.cluster, cancelled, stores.redis_deadline).await?;
    Ok(())
}
