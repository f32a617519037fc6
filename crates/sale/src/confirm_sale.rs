//! Turns a hold into a sale.
//!
//! 1. *Pin*: Redis marks the hold as confirming, so that neither the sweeper nor its owner takes
//!    the seats away meanwhile. A hold that is gone is taken again if its seats are free.
//! 2. *Commit*: one statement in Postgres sells the seats. Only this decides.
//! 3. *Mark*: Redis marks the seats as sold, or lets them go when Postgres refused.
//!
//! A crash after any step is healed by the same call again, or by the sweeper: it asks Postgres
//! before it frees a seat whose hold is overdue.

use cluster::Transport;
use domain::booking::{Booking, BookingStatus};
use ledger::{BookingFacts, Database};
use scripts::{Hold, HoldState, PinOutcome, ReleaseReason};

use crate::find_booking::{FoundBooking, find_booking};
use crate::{Error, Stores, opened};

/// How long a pinned hold outlives its own time: longer than any request runs, short enough that
/// the seats of a crashed confirmation come back within a minute.
const CONFIRM_GRACE_MS: i64 = 30_000;
/// Between looking at a booking and pinning it, its owner or the sweeper can resolve it. After that
/// it is resolved for good, so the second look settles it; one more for an event that had to be
/// opened.
const ATTEMPTS_MAX: usize = 3;

/// What became of the sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConfirmSaleOutcome {
    /// The seats are sold to this booking, by this call or an earlier one.
    Confirmed,
    /// The hold was given back before.
    Released,
    /// The hold had expired and its seats belong to somebody else now.
    SeatsTaken,
    /// The event or the booking is cancelled, or the booking was refunded.
    Cancelled,
    /// The recorded payment does not fit the booking. Nothing was sold.
    PaymentDiffers,
}

/// Confirms the booking that was `found`; `provider_event` is the recorded event that pays for it,
/// if one does.
///
/// # Errors
///
/// See [`Error`]. The sale may exist after an error; the same call again finds out.
pub async fn confirm_sale<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    mut found: FoundBooking,
    provider_event: Option<&str>,
) -> Result<ConfirmSaleOutcome, Error> {
    for _ in 0..ATTEMPTS_MAX {
        let booking_id = found.booking().booking_id;
        let (booking, retake) = match found {
            FoundBooking::Unresolved(booking) => (booking, None),
            FoundBooking::Recorded(booking) => match booking.status {
                BookingStatus::Confirmed => return Ok(ConfirmSaleOutcome::Confirmed),
                BookingStatus::Released => return Ok(ConfirmSaleOutcome::Released),
                BookingStatus::Refunded | BookingStatus::Cancelled => {
                    return Ok(ConfirmSaleOutcome::Cancelled);
                }
                BookingStatus::Reserved | BookingStatus::Expired => {
                    let hold = hold_of(&booking)?;
                    (booking, Some(hold))
                }
            },
        };
        match pin(stores, &booking, retake.as_ref()).await? {
            PinOutcome::Pinned(_) | PinOutcome::Confirmed(_) => {
                return commit(stores, &booking, provider_event).await;
            }
            PinOutcome::SeatsTaken => return Ok(ConfirmSaleOutcome::SeatsTaken),
            // Resolved since it was found: look again.
            PinOutcome::Absent => {}
            PinOutcome::EventMissing => {
                return Err(Error::Disagreement("a booking of an event that nobody knows"));
            }
        }
        found = find_booking(stores, booking_id)
            .await?
            .ok_or(Error::Disagreement("a booking has vanished from both stores"))?;
    }
    Err(Error::Contention("confirm_sale"))
}

async fn pin<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    booking: &Booking,
    retake: Option<&Hold>,
) -> Result<PinOutcome, Error> {
    opened(stores, booking.event_id, async || {
        let request = scripts::PinHold {
            booking: booking.booking_id,
            section: &booking.section,
            grace_ms: CONFIRM_GRACE_MS,
            retake,
        };
        scripts::pin_hold(&stores.cluster, &request, stores.redis_deadline).await
    })
    .await
}

async fn commit<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    booking: &Booking,
    provider_event: Option<&str>,
) -> Result<ConfirmSaleOutcome, Error> {
    let facts = facts_of(booking)?;
    let request = ledger::ConfirmBooking { facts: &facts, provider_event };
    let outcome = ledger::confirm_booking(&stores.database, &request).await?;
    match outcome {
        ledger::ConfirmOutcome::Confirmed | ledger::ConfirmOutcome::AlreadyConfirmed => {
            // The sale exists, whatever Redis says now. The sweeper marks what is not marked: it
            // asks Postgres before it frees a hold.
            let _ = mark_sold(stores, booking).await;
            Ok(ConfirmSaleOutcome::Confirmed)
        }
        ledger::ConfirmOutcome::AlreadyReleased => {
            let_go(stores, booking).await?;
            Ok(ConfirmSaleOutcome::Released)
        }
        ledger::ConfirmOutcome::SeatSold | ledger::ConfirmOutcome::SoldOut => {
            let_go(stores, booking).await?;
            Ok(ConfirmSaleOutcome::SeatsTaken)
        }
        ledger::ConfirmOutcome::Cancelled => {
            let_go(stores, booking).await?;
            Ok(ConfirmSaleOutcome::Cancelled)
        }
        // The hold keeps its grace: a right payment may follow.
        ledger::ConfirmOutcome::PaymentDiffers => Ok(ConfirmSaleOutcome::PaymentDiffers),
        ledger::ConfirmOutcome::EventMissing => {
            Err(Error::Disagreement("Redis holds seats of an event that Postgres does not know"))
        }
        ledger::ConfirmOutcome::InvalidSeats => {
            Err(Error::Disagreement("Redis holds seats that Postgres does not know"))
        }
        ledger::ConfirmOutcome::BookingDiffers => {
            Err(Error::Disagreement("Redis and Postgres tell the same booking differently"))
        }
    }
}

/// Marks a sale in Redis. The sweeper does the same for a sale whose news did not arrive.
pub(crate) async fn mark_sold<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    booking: &Booking,
) -> Result<(), Error> {
    let hold = hold_of(booking)?;
    let request = scripts::ConfirmBooking {
        booking: booking.booking_id,
        section: &booking.section,
        lost: Some(&hold),
    };
    let outcome =
        scripts::confirm_booking(&stores.cluster, &request, stores.redis_deadline).await?;
    match outcome {
        scripts::ConfirmOutcome::Confirmed { sold, capacity }
        | scripts::ConfirmOutcome::Absent { sold, capacity } => {
            if sold >= capacity {
                ledger::mark_sold_out(&stores.database, booking.event_id, true).await?;
            }
        }
        // Redis has just lost the event. It is built from Postgres again, with this sale in it.
        scripts::ConfirmOutcome::EventMissing => {}
    }
    Ok(())
}

async fn let_go<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    booking: &Booking,
) -> Result<(), Error> {
    let request = scripts::ReleaseSeats {
        booking: booking.booking_id,
        section: &booking.section,
        reason: ReleaseReason::Refused,
    };
    scripts::release_seats(&stores.cluster, &request, stores.redis_deadline).await?;
    Ok(())
}

/// The booking as Postgres is told of it.
pub(crate) fn facts_of(booking: &Booking) -> Result<BookingFacts, Error> {
    let seats = booking.seats.iter().map(|seat| seat.parse()).collect::<Result<Vec<_>, _>>();
    Ok(BookingFacts {
        booking: booking.booking_id,
        user: booking.user_id,
        section: booking.section.clone(),
        seats: seats.map_err(|_| Error::Disagreement("a booking has a seat that is none"))?,
        quantity: booking.quantity,
        amount: booking.amount,
        currency: booking.currency.clone(),
        created_at: booking.created_at,
        expires_at: booking.expires_at,
    })
}

/// The hold that Redis forgot, as it was.
fn hold_of(booking: &Booking) -> Result<Hold, Error> {
    let facts = facts_of(booking)?;
    Ok(Hold {
        state: HoldState::Confirming,
        user: facts.user,
        section: facts.section,
        quantity: facts.quantity,
        amount: facts.amount,
        currency: facts.currency,
        created_at: facts.created_at,
        expires_at: facts.expires_at,
        seats: facts.seats.iter().map(|seat| (seat.row, seat.number)).collect(),
    })
}
