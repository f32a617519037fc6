//! Gives a hold back.

use cluster::Transport;
use domain::booking::{Booking, BookingStatus};
use ledger::{Database, ReleaseBookingOutcome};
use scripts::{MarkKind, ReleaseReason};

use crate::best_effort::best_effort;
use crate::bookings::marks::{try_mark_sold, unpin};
use crate::{Error, Stores};

/// What became of the hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReleaseOutcome {
    /// It is given back, by this call or one at the same time.
    Released,
    /// It was resolved otherwise.
    Resolved,
    /// Its time is over; the sweeper frees the seats.
    Expired,
    /// It was paid, and the payment is being settled.
    Confirming,
}

/// Releases the hold of `booking`, as it was found.
///
/// Postgres decides: there a release and a sale meet at one row, and only one of them wins. What
/// Redis says of the hold may be older than its sale, because a failover can lose that news.
///
/// # Errors
///
/// See [`Error`].
pub async fn release_booking<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    booking: &Booking,
) -> Result<ReleaseOutcome, Error> {
    match booking.status {
        BookingStatus::Reserved => {}
        BookingStatus::Expired => return Ok(ReleaseOutcome::Expired),
        BookingStatus::Confirmed
        | BookingStatus::Released
        | BookingStatus::Cancelled
        | BookingStatus::Refunded => return Ok(ReleaseOutcome::Resolved),
    }
    // mutant: redis-releases-alone
    match ledger::release_booking(&stores.database, booking).await? {
        ReleaseBookingOutcome::Released => {
            // Should this fail, the same call again does it, or else the audit.
            unpin(stores, booking, ReleaseReason::Refused).await?;
            Ok(ReleaseOutcome::Released)
        }
        ReleaseBookingOutcome::AlreadyConfirmed => {
            try_mark_sold(stores, booking).await;
            Ok(ReleaseOutcome::Resolved)
        }
        ReleaseBookingOutcome::Cancelled => {
            let freed = unpin(stores, booking, ReleaseReason::Refused).await;
            best_effort(stores, MarkKind::Release, freed).await;
            Ok(ReleaseOutcome::Resolved)
        }
        ReleaseBookingOutcome::BookingExpired => Ok(ReleaseOutcome::Expired),
        ReleaseBookingOutcome::PaymentUnderWay => Ok(ReleaseOutcome::Confirming),
        ReleaseBookingOutcome::BookingDiffers => {
            Err(Error::Disagreement("Redis and Postgres name different owners of a booking"))
        }
    }
}
