//! Gives a hold back.

use cluster::Transport;
use domain::booking::{Booking, BookingStatus};
use ledger::{Database, ReleaseBookingOutcome};
use scripts::{ReleaseReason, ReleaseSeats, release_seats};

use crate::booking_facts::booking_facts;
use crate::confirm_sale::{let_go, mark_sold};
use crate::{Error, Stores};

/// What became of the hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReleaseOutcome {
    /// Its seats are free, by this call.
    Released,
    /// Somebody resolved it before.
    Resolved,
    /// Its time is over; the sweeper frees the seats.
    Expired,
    /// It was paid, and the payment is being settled.
    Confirming,
}

/// Releases the hold of `booking`, as it was found.
///
/// Redis decides about a hold that it has and that nobody confirms. Where a confirmation is under
/// way or has failed, or Redis has lost the hold, Postgres decides: there a release and a sale meet
/// at one row, and only one of them wins.
///
/// # Errors
///
/// See [`Error`].
pub async fn release_booking<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    booking: &Booking,
) -> Result<ReleaseOutcome, Error> {
    let request = ReleaseSeats {
        booking: booking.booking_id,
        section: &booking.section,
        reason: ReleaseReason::Released,
    };
    match release_seats(&stores.cluster, &request, stores.redis_deadline).await? {
        scripts::ReleaseOutcome::Released(_) => Ok(ReleaseOutcome::Released),
        scripts::ReleaseOutcome::BookingExpired(_) => Ok(ReleaseOutcome::Expired),
        scripts::ReleaseOutcome::Confirming(hold) => {
            release_in_ledger(stores, &hold.to_booking(booking.booking_id)).await
        }
        scripts::ReleaseOutcome::Absent | scripts::ReleaseOutcome::EventMissing
            if booking.status == BookingStatus::Reserved =>
        {
            release_in_ledger(stores, booking).await
        }
        scripts::ReleaseOutcome::Absent | scripts::ReleaseOutcome::EventMissing => {
            Ok(ReleaseOutcome::Resolved)
        }
    }
}

async fn release_in_ledger<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    booking: &Booking,
) -> Result<ReleaseOutcome, Error> {
    let facts = booking_facts(booking)?;
    match ledger::release_booking(&stores.database, &facts).await? {
        ReleaseBookingOutcome::Released => {
            // Released, whatever Redis says now: the sweeper frees what is left there.
            let _ = let_go(stores, booking).await;
            Ok(ReleaseOutcome::Released)
        }
        ReleaseBookingOutcome::AlreadyConfirmed => {
            let _ = mark_sold(stores, booking).await;
            Ok(ReleaseOutcome::Resolved)
        }
        ReleaseBookingOutcome::Cancelled => {
            let _ = let_go(stores, booking).await;
            Ok(ReleaseOutcome::Resolved)
        }
        ReleaseBookingOutcome::BookingExpired => Ok(ReleaseOutcome::Expired),
        ReleaseBookingOutcome::PaymentUnderWay => Ok(ReleaseOutcome::Confirming),
        ReleaseBookingOutcome::BookingDiffers => {
            Err(Error::Disagreement("Redis and Postgres name different owners of a booking"))
        }
    }
}
