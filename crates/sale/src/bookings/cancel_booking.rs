//! Cancels a confirmed booking: Postgres decides, Redis follows, the payment goes back by its saga.

use cluster::Transport;
use domain::booking::{Booking, BookingStatus};
use domain::id::BookingId;
use ledger::{CancelBookingOutcome, Database, SoldPlaces};
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
    /// The event has begun, or somebody is in with a ticket: the owner may no longer cancel.
    OwnerTooLate,
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
        CancelBookingOutcome::OwnerTooLate => return Ok(CancelSaleOutcome::OwnerTooLate),
        CancelBookingOutcome::NotConfirmed | CancelBookingOutcome::BookingMissing => {
            return Ok(match find_booking(stores, booking).await? {
                Some(found) => CancelSaleOutcome::NotConfirmed(found.into_booking()),
                None => CancelSaleOutcome::Missing,
            });
        }
        CancelBookingOutcome::Cancelled | CancelBookingOutcome::AlreadyCancelled => {}
    }
    let places = find_places(stores, booking).await?;
    if outcome == CancelBookingOutcome::Cancelled {
        // The saga does it again, should this fail.
        let freed = free(stores, &places).await;
        best_effort(stores, MarkKind::Cancellation, freed).await;
    }
    Ok(CancelSaleOutcome::Cancelled(places.booking))
}

/// Frees in Redis what a booking no longer owns, as far as it is still its own: all its places when
/// it is cancelled, else those that it gave up.
///
/// # Errors
///
/// See [`Error`].
pub(crate) async fn free_given_up<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    booking: BookingId,
) -> Result<(), Error> {
    let places = find_places(stores, booking).await?;
    free(stores, &places).await
}

/// The places of a booking that was sold, as it is now and as it was then.
///
/// # Errors
///
/// See [`Error`].
pub(crate) async fn find_places<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    booking: BookingId,
) -> Result<SoldPlaces, Error> {
    let places = ledger::sold_places(&stores.database, booking).await?;
    let places = places.ok_or(Error::Disagreement("a booking that was sold has vanished"))?;
    match places.booking.status {
        BookingStatus::Confirmed | BookingStatus::Cancelled | BookingStatus::Refunded => {}
        BookingStatus::Reserved | BookingStatus::Released | BookingStatus::Expired => {
            return Err(Error::Disagreement("a booking to be freed was not sold"));
        }
    }
    Ok(places)
}

/// Frees those of the places that are no longer the booking's.
///
/// # Errors
///
/// See [`Error`].
pub(crate) async fn free<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    places: &SoldPlaces,
) -> Result<(), Error> {
    let SoldPlaces { booking, as_sold } = places;
    // Postgres first: it says the same of the event, whether Redis answers or not.
    ledger::mark_sold_out(&stores.database, booking.event_id, false).await?;
    // Where Redis has lost the event, or let it go after its end, nothing is freed: where it is
    // rebuilt, this sale is in it as it is now.
    let (cluster, deadline) = (&stores.cluster, stores.redis_deadline);
    if booking.status == BookingStatus::Confirmed {
        scripts::free_part(cluster, as_sold, booking, deadline).await?;
    } else {
        scripts::cancel_booking(cluster, as_sold, deadline).await?;
    }
    Ok(())
}
