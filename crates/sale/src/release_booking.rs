//! Gives a hold back.

use cluster::Transport;
use domain::booking::Booking;
use ledger::Database;
use scripts::{ReleaseReason, ReleaseSeats, release_seats};

use crate::{Error, Stores};

/// What became of the hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReleaseOutcome {
    /// Its seats are free, by this call.
    Released,
    /// It is not in Redis: somebody resolved it before.
    Resolved,
    /// Its time is over; the sweeper frees the seats.
    Expired,
    /// A payment of it is being processed.
    Confirming,
}

/// Releases the hold of `booking`.
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
    let outcome = release_seats(&stores.cluster, &request, stores.redis_deadline).await?;
    Ok(match outcome {
        scripts::ReleaseOutcome::Released(_) => ReleaseOutcome::Released,
        scripts::ReleaseOutcome::Absent | scripts::ReleaseOutcome::EventMissing => {
            ReleaseOutcome::Resolved
        }
        scripts::ReleaseOutcome::BookingExpired(_) => ReleaseOutcome::Expired,
        scripts::ReleaseOutcome::Confirming(_) => ReleaseOutcome::Confirming,
    })
}
