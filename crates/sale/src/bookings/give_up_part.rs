//! Gives up a part of a confirmed booking: Postgres decides, Redis follows, the share goes back by
//! the saga of the payment.

use cluster::Transport;
use domain::booking::Booking;
use domain::part::Part;
use ledger::{Database, GiveUpPartOutcome};
use scripts::MarkKind;

use crate::best_effort::best_effort;
use crate::bookings::cancel_booking::{find_places, free};
use crate::bookings::find_booking::find_booking;
use crate::{Error, Stores};

/// What became of the part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GiveUpOutcome {
    /// It is given up, by this call or an earlier one: this is what the booking is now. Its status
    /// is `confirmed` with what is left, else that of a cancelled one.
    GivenUp(Booking),
    /// It is not confirmed: this is how it stands.
    NotConfirmed(Booking),
    /// The event has begun, or somebody is in with it: the owner may no longer give it up.
    OwnerTooLate,
    /// There is no such booking.
    Missing,
    /// Seats were named of a standing booking, or a quantity of a seated one.
    OtherKind,
    /// A seat was never the booking's.
    NotItsSeats,
    /// More places than the booking has.
    TooMany,
}

/// Gives up `part` of `booking`, of which no more is believed than which it is and its currency.
/// `by_owner`: the organiser may at any time, the owner until the event starts.
///
/// Naming seats again changes nothing, whatever they are by now; a quantity is given up by each
/// call.
///
/// # Errors
///
/// See [`Error`]. The part may be given up after an error.
pub async fn give_up_part<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    booking: &Booking,
    part: &Part,
    by_owner: bool,
) -> Result<GiveUpOutcome, Error> {
    let booking_id = booking.booking_id;
    let multiple_of = provider::charge_multiple(&booking.currency);
    let request = ledger::GiveUpPart { booking: booking_id, by_owner, part, multiple_of };
    let outcome = ledger::give_up_part(&stores.database, &request).await?;
    match outcome {
        GiveUpPartOutcome::GivenUp | GiveUpPartOutcome::Cancelled => {
            let places = find_places(stores, booking_id).await?;
            // The saga does it again, should this fail.
            let freed = free(stores, &places).await;
            best_effort(stores, MarkKind::Cancellation, freed).await;
            Ok(GiveUpOutcome::GivenUp(places.booking))
        }
        GiveUpPartOutcome::AlreadyGivenUp | GiveUpPartOutcome::AlreadyCancelled => {
            Ok(GiveUpOutcome::GivenUp(find_places(stores, booking_id).await?.booking))
        }
        GiveUpPartOutcome::NotConfirmed | GiveUpPartOutcome::BookingMissing => {
            Ok(match find_booking(stores, booking_id).await? {
                Some(found) => GiveUpOutcome::NotConfirmed(found.into_booking()),
                None => GiveUpOutcome::Missing,
            })
        }
        GiveUpPartOutcome::OwnerTooLate => Ok(GiveUpOutcome::OwnerTooLate),
        GiveUpPartOutcome::OtherKind => Ok(GiveUpOutcome::OtherKind),
        GiveUpPartOutcome::NotItsSeats => Ok(GiveUpOutcome::NotItsSeats),
        GiveUpPartOutcome::TooMany => Ok(GiveUpOutcome::TooMany),
    }
}
