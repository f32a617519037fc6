//! Undoes what a cancelled event has sold and holds, in batches.

use cluster::Transport;
use domain::booking::Booking;
use domain::id::{BookingId, EventId};
use futures_util::{StreamExt, stream};
use ledger::{CANCEL_BATCH_MAX, Database};
use scripts::ReleaseReason;

use crate::bookings::marks::unpin;
use crate::{Error, Stores, apply_settings, drain_journal};

/// Holds freed in Redis at a time.
const HOLDS_AT_A_TIME: usize = 16;

/// Undoes what a cancelled event has sold and holds, in batches, as long as `in_time` says so.
/// Returns whether nothing is left. It may stop anywhere and be called again.
///
/// # Errors
///
/// See [`Error`].
pub async fn undo_cancelled_event<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
    in_time: &impl Fn() -> bool,
) -> Result<bool, Error> {
    // What was paid for needs no Redis: each booking is cancelled with a saga of its own.
    loop {
        if !in_time() {
            return Ok(false);
        }
        let batch = ledger::cancel_event_bookings(&stores.database, event).await?;
        if !batch.more {
            break;
        }
    }
    // Redis takes no more holds once it knows; then the journal tells of all there are.
    let stored = ledger::find_event(&stores.database, event).await?;
    let stored = stored.ok_or(Error::Disagreement("a cancelled event has vanished"))?;
    apply_settings(stores, &stored).await?;
    loop {
        if !in_time() {
            return Ok(false);
        }
        let journal_is_empty = drain_journal(stores, event).await?.complete;
        let holds = ledger::event_holds(&stores.database, event).await?;
        end_holds(stores, &holds).await?;
        if journal_is_empty && holds.len() < CANCEL_BATCH_MAX as usize {
            return Ok(true);
        }
    }
}

/// Redis first: as long as Postgres shows a hold as reserved, the next run finds it again.
async fn end_holds<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    holds: &[Booking],
) -> Result<(), Error> {
    if holds.is_empty() {
        return Ok(());
    }
    let mut freed = stream::iter(holds)
        .map(|booking| unpin(stores, booking, ReleaseReason::Cancelled))
        .buffer_unordered(HOLDS_AT_A_TIME);
    while let Some(result) = freed.next().await {
        result?;
    }
    drop(freed);
    let ids: Vec<BookingId> = holds.iter().map(|booking| booking.booking_id).collect();
    ledger::end_event_holds(&stores.database, &ids).await?;
    Ok(())
}
