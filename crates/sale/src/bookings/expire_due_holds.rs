//! Frees the seats of holds whose time is over.
//!
//! A hold with a payment under way gets a bounded grace: its payment's saga asks the provider, and
//! either the sale is made, or the payment is cancelled there before the seats go free.

use cluster::Transport;
use domain::id::{BookingId, EventId};
use futures_util::{StreamExt, stream};
use ledger::Database;
use scripts::{
    BookingOutcome, DUE_HOLDS_MAX, ExpireHolds, ExpireOutcome, PinHold, PinOutcome, PinnedFor,
};

use crate::bookings::marks::mark_sold;
use crate::bookings::seated_sections::{ATTEMPTS_MAX, keep_sections, known_sections};
use crate::{Error, Stores};

/// Batches of one call: 2,000 holds are more than one second of a busy event brings. What is left
/// waits for the next call.
const BATCHES_MAX: usize = 20;

/// How long a hold with an open payment is kept at a time, in ms: the saga asks the provider within
/// a second, and what it decides ends the hold. How long in all, Postgres knows.
const PAYMENT_GRACE_MS: i64 = 2_000;
/// Holds that are kept at a time.
const KEPT_AT_A_TIME: usize = 16;

/// Expires the due holds of `event`; returns how many.
///
/// Postgres is asked before: a hold that is sold there is marked as sold here, not freed. So the
/// seats of a confirmation that crashed half-way never go to somebody else. A hold with an open
/// payment is kept for a bounded time.
///
/// # Errors
///
/// See [`Error`].
pub async fn expire_due_holds<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
) -> Result<u64, Error> {
    let mut expired = 0;
    for _ in 0..BATCHES_MAX {
        let due =
            scripts::list_due_holds(&stores.cluster, event, DUE_HOLDS_MAX, stores.redis_deadline)
                .await?
                .bookings;
        if due.is_empty() {
            break;
        }
        // mutant: the-sweeper-does-not-ask
        let confirmed = ledger::confirmed_among(&stores.database, &due).await?;
        for booking in &confirmed {
            mark_confirmed(stores, *booking).await?;
        }
        let mut unpaid: Vec<_> =
            due.iter().copied().filter(|booking| !confirmed.contains(booking)).collect();
        // mutant: paying-holds-go-free
        let kept = keep_for_payment(stores, &unpaid).await?;
        unpaid.retain(|booking| !kept.contains(booking));
        expired += expire(stores, event, &unpaid).await?;
        if due.len() < DUE_HOLDS_MAX as usize {
            break;
        }
    }
    Ok(expired)
}

/// Keeps those of the due holds that are being paid, and returns them.
async fn keep_for_payment<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    due: &[BookingId],
) -> Result<Vec<BookingId>, Error> {
    let open = ledger::open_payments_among(&stores.database, due).await?;
    let mut pins = stream::iter(open)
        .map(async |booking| Ok(keep(stores, booking).await?.then_some(booking)))
        .buffer_unordered(KEPT_AT_A_TIME);
    let mut kept = Vec::new();
    while let Some(pinned) = pins.next().await {
        kept.extend(pinned.map_err(|error: Error| error)?);
    }
    Ok(kept)
}

/// Pins a hold, if it is still there.
async fn keep<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    booking: BookingId,
) -> Result<bool, Error> {
    let read = scripts::read_booking(&stores.cluster, booking, stores.redis_deadline).await?;
    let BookingOutcome::Found { hold, .. } = read else { return Ok(false) };
    let request = PinHold {
        booking,
        section: &hold.booking.section,
        grace_ms: PAYMENT_GRACE_MS,
        retake: None,
        pinned_for: PinnedFor::Kept,
    };
    let pinned = scripts::pin_hold(&stores.cluster, &request, stores.redis_deadline).await?;
    Ok(matches!(pinned, PinOutcome::Pinned(_)))
}

async fn mark_confirmed<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    booking: BookingId,
) -> Result<(), Error> {
    let read = scripts::read_booking(&stores.cluster, booking, stores.redis_deadline).await?;
    match read {
        BookingOutcome::Found { hold, .. } => mark_sold(stores, &hold.booking).await,
        BookingOutcome::Released(_)
        | BookingOutcome::Expired(_)
        | BookingOutcome::Absent { .. }
        | BookingOutcome::EventMissing => Ok(()),
    }
}

async fn expire<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
    bookings: &[BookingId],
) -> Result<u64, Error> {
    let mut seated = known_sections(event);
    for _ in 0..ATTEMPTS_MAX {
        let request = ExpireHolds { event, sections: &seated, bookings };
        match scripts::expire_holds(&stores.cluster, &request, stores.redis_deadline).await? {
            ExpireOutcome::Expired { count } => return Ok(u64::try_from(count).unwrap_or(0)),
            ExpireOutcome::SectionsChanged { sections } => {
                keep_sections(event, &sections);
                seated = sections;
            }
            ExpireOutcome::EventMissing => return Ok(0),
        }
    }
    Err(Error::Contention("expire_due_holds"))
}
