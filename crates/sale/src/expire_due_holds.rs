//! Frees the seats of holds whose time is over.

use cluster::Transport;
use domain::id::{BookingId, EventId};
use domain::section::SectionName;
use ledger::Database;
use scripts::{BookingOutcome, DUE_HOLDS_MAX, ExpireHolds, ExpireOutcome};

use crate::confirm_sale::mark_sold;
use crate::{Error, Stores};

/// Batches of one call: 2,000 holds are more than one second of a busy event brings. What is left
/// waits for the next call.
const BATCHES_MAX: usize = 20;
/// The list of seated sections is learned from the script's first refusal; it can change once more
/// when the organiser adds a section in the same moment.
const SECTIONS_LEARNED_MAX: usize = 3;

/// Expires the due holds of `event`; returns how many.
///
/// Postgres is asked before: a hold that is sold there is marked as sold here, not freed. So the
/// seats of a confirmation that crashed half-way never go to somebody else.
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
        let confirmed = ledger::confirmed_among(&stores.database, &due).await?;
        for booking in &confirmed {
            mark_confirmed(stores, *booking).await?;
        }
        let unpaid: Vec<_> =
            due.iter().copied().filter(|booking| !confirmed.contains(booking)).collect();
        expired += expire(stores, event, &unpaid).await?;
        if due.len() < DUE_HOLDS_MAX as usize {
            break;
        }
    }
    Ok(expired)
}

async fn mark_confirmed<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    booking: BookingId,
) -> Result<(), Error> {
    let read = scripts::read_booking(&stores.cluster, booking, stores.redis_deadline).await?;
    match read {
        BookingOutcome::Found { hold, .. } => mark_sold(stores, &hold.to_booking(booking)).await,
        BookingOutcome::Absent => Ok(()),
    }
}

async fn expire<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
    bookings: &[BookingId],
) -> Result<u64, Error> {
    let mut seated: Vec<SectionName> = Vec::new();
    for _ in 0..SECTIONS_LEARNED_MAX {
        let request = ExpireHolds { event, sections: &seated, bookings };
        match scripts::expire_holds(&stores.cluster, &request, stores.redis_deadline).await? {
            ExpireOutcome::Expired { count } => return Ok(u64::try_from(count).unwrap_or(0)),
            ExpireOutcome::SectionsChanged { sections } => seated = sections,
            ExpireOutcome::EventMissing => return Ok(0),
        }
    }
    Err(Error::Contention("expire_due_holds"))
}
