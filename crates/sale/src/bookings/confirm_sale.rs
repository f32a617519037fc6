//! Turns a hold into a sale.
//!
//! 1. *Pin*: Redis marks the hold as confirming, so that neither the sweeper nor its owner takes
//!    the seats away meanwhile. A hold past its time comes back if it could be reserved now.
//! 2. *Commit*: one statement in Postgres sells the seats, and asks the same. Only this decides.
//! 3. *Mark*: Redis marks the seats as sold, or frees them when Postgres refused.
//!
//! A crash after any step is healed by the same call again, or by the sweeper: it asks Postgres
//! before it frees a seat whose hold is overdue.

use cluster::Transport;
use domain::booking::{Booking, BookingStatus, SoldBy};
use ledger::Database;
use scripts::{PinOutcome, PinnedFor, ReleaseReason};

use crate::bookings::expire_due_holds::expire_due_holds;
use crate::bookings::find_booking::{FoundBooking, find_booking};
use crate::bookings::marks::{try_mark_sold, unpin};
use crate::{Error, Stores, drain_journal, with_open_event};

/// How long a pinned hold outlives its own time: longer than any request runs, short enough that
/// the seats of a crashed confirmation come back within a minute.
const CONFIRM_GRACE_MS: i64 = 30_000;
/// Between looking at a booking and pinning it, its owner or the sweeper can resolve it. After that
/// it is resolved for good, so the second look settles it; one more for an event that had to be
/// opened, and one for a buyer whose other holds had to be swept.
const ATTEMPTS_MAX: usize = 4;

/// What became of the sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConfirmSaleOutcome {
    /// The seats are sold to this booking, by this call or an earlier one.
    Confirmed,
    /// The seats are sold to this booking, and the payment is not what paid for them.
    AlreadyPaid,
    /// The hold was given back before.
    Released,
    /// The hold had expired and its seats belong to somebody else now.
    SeatsTaken,
    /// The event or the booking is cancelled, or the booking was refunded.
    Cancelled,
    /// The event is over, and the payment came too late.
    EventEnded,
    /// The hold had expired, and nothing of the event can be reserved now.
    EventNotOnSale,
    /// The buyer would own more than the event allows.
    BuyerLimitExceeded,
    /// The payment was refunded before it could become a sale, and so is the booking.
    Refunded,
    /// The payment does not fit the booking. Nothing was sold.
    PaymentDiffers,
    /// It was decided before to give the payment back. Nothing was sold.
    PaymentGivenBack,
    /// The provider has no money of the payment. Nothing was sold, and nothing decided.
    NotPaid,
}

/// Confirms the booking that was `found`, sold by its payment, its owner or the organiser. After
/// every outcome but `Confirmed` and `NotPaid` a payment is to be given back; where Postgres has
/// refused the sale, it has decided so in the same statement.
///
/// # Errors
///
/// See [`Error`]. The sale may exist after an error; the same call again finds out.
pub async fn confirm_sale<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    mut found: FoundBooking,
    by: SoldBy<'_>,
) -> Result<ConfirmSaleOutcome, Error> {
    let payment = by.payment();
    let mut is_swept = false;
    for _ in 0..ATTEMPTS_MAX {
        let booking_id = found.booking().booking_id;
        let (booking, retakes) = match found {
            FoundBooking::Unresolved(booking) => (booking, false),
            FoundBooking::Unmarked(booking) if payment.is_none() => {
                try_mark_sold(stores, &booking).await;
                return Ok(ConfirmSaleOutcome::Confirmed);
            }
            FoundBooking::Recorded(booking) | FoundBooking::Unmarked(booking) => {
                match (booking.status, payment) {
                    (BookingStatus::Reserved | BookingStatus::Expired, _) => (booking, true),
                    // Whatever became of the booking, something must be decided about the money.
                    // Postgres decides it, so it must know first what Redis may know alone.
                    (_, Some(_)) => {
                        // mutant: money-before-the-release-is-known
                        if !drain_journal(stores, booking.event_id).await?.complete {
                            return Err(Error::Contention("confirm_sale"));
                        }
                        return commit(stores, &booking, by).await;
                    }
                    (BookingStatus::Confirmed, None) => return Ok(ConfirmSaleOutcome::Confirmed),
                    (BookingStatus::Released, None) => return Ok(ConfirmSaleOutcome::Released),
                    (BookingStatus::Refunded | BookingStatus::Cancelled, None) => {
                        return Ok(ConfirmSaleOutcome::Cancelled);
                    }
                }
            }
        };
        // How it ended must be known in Postgres, where its return is judged too.
        if retakes && !drain_journal(stores, booking.event_id).await?.complete {
            return Err(Error::Contention("confirm_sale"));
        }
        match pin(stores, &booking, retakes, by).await? {
            PinOutcome::Pinned(_) | PinOutcome::Confirmed(_) => {
                return commit(stores, &booking, by).await;
            }
            PinOutcome::SeatsTaken => return Ok(ConfirmSaleOutcome::SeatsTaken),
            PinOutcome::EventNotOnSale => return Ok(ConfirmSaleOutcome::EventNotOnSale),
            // Another hold of the buyer may be over too, and nobody has swept it.
            PinOutcome::BuyerLimitExceeded if !is_swept => {
                is_swept = true;
                expire_due_holds(stores, booking.event_id).await?;
            }
            PinOutcome::BuyerLimitExceeded => return Ok(ConfirmSaleOutcome::BuyerLimitExceeded),
            // Resolved since it was found: look again.
            PinOutcome::Absent => {}
            // The event is over, and Redis has let it go: Postgres decides alone.
            PinOutcome::EventMissing => return commit(stores, &booking, by).await,
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
    retakes: bool,
    by: SoldBy<'_>,
) -> Result<PinOutcome, Error> {
    let pinned_for = match (booking.status, by) {
        // mutant: a-hold-that-is-paid-in-time-is-revived
        (BookingStatus::Reserved, _) => PinnedFor::Kept,
        (_, SoldBy::Organiser) => PinnedFor::Organiser,
        (_, SoldBy::Payment(_) | SoldBy::Owner) => PinnedFor::Buyer,
    };
    with_open_event(stores, booking.event_id, async || {
        let request = scripts::PinHold {
            booking: booking.booking_id,
            section: &booking.section,
            grace_ms: CONFIRM_GRACE_MS,
            retake: retakes.then_some(booking),
            pinned_for,
        };
        scripts::pin_hold(&stores.cluster, &request, stores.redis_deadline).await
    })
    .await
}

async fn commit<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    booking: &Booking,
    by: SoldBy<'_>,
) -> Result<ConfirmSaleOutcome, Error> {
    let request = ledger::ConfirmBooking { booking, by };
    let (mark, outcome) = after(ledger::confirm_booking(&stores.database, &request).await?)?;
    match mark {
        Mark::Sold => try_mark_sold(stores, booking).await,
        Mark::Released(reason) => unpin(stores, booking, reason).await?,
        Mark::Nothing => {}
    }
    Ok(outcome)
}

/// What Redis is told after Postgres has decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// The seats are sold to the booking.
    Sold,
    /// The hold has ended.
    Released(ReleaseReason),
    /// Nothing: the hold keeps its grace, because a right payment may follow.
    Nothing,
}

/// What follows from what Postgres has decided: what Redis is told, and what the caller is.
fn after(decided: ledger::ConfirmOutcome) -> Result<(Mark, ConfirmSaleOutcome), Error> {
    use ConfirmSaleOutcome as Sale;
    use ledger::ConfirmOutcome as Decided;
    const REFUSED: Mark = Mark::Released(ReleaseReason::Refused);
    Ok(match decided {
        Decided::Confirmed | Decided::AlreadyConfirmed => (Mark::Sold, Sale::Confirmed),
        Decided::AlreadyPaid => (Mark::Sold, Sale::AlreadyPaid),
        Decided::AlreadyReleased => (REFUSED, Sale::Released),
        Decided::SeatSold | Decided::SoldOut => (REFUSED, Sale::SeatsTaken),
        Decided::Cancelled => (Mark::Released(ReleaseReason::Cancelled), Sale::Cancelled),
        Decided::EventEnded => (REFUSED, Sale::EventEnded),
        Decided::EventNotOnSale => (REFUSED, Sale::EventNotOnSale),
        Decided::BuyerLimitExceeded => (REFUSED, Sale::BuyerLimitExceeded),
        Decided::Refunded => (REFUSED, Sale::Refunded),
        Decided::PaymentDiffers => (Mark::Nothing, Sale::PaymentDiffers),
        Decided::PaymentGivenBack => (Mark::Nothing, Sale::PaymentGivenBack),
        Decided::NotPaid => (Mark::Nothing, Sale::NotPaid),
        Decided::EventMissing => {
            let what = "Redis holds seats of an event that Postgres does not know";
            return Err(Error::Disagreement(what));
        }
        Decided::InvalidSeats => {
            return Err(Error::Disagreement("Redis holds seats that Postgres does not know"));
        }
        Decided::BookingDiffers => {
            let what = "Redis and Postgres tell the same booking differently";
            return Err(Error::Disagreement(what));
        }
    })
}
