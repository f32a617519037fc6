//! What Redis did reaches Postgres: in batches, at least once, in any order.
//!
//! Entries leave the journal only after the statement that wrote them has committed. Two workers
//! that drain the same entries write the same rows.

use cluster::Transport;
use domain::id::{EventId, UserId};
use futures_util::future::join_all;
use ledger::Database;
use scripts::{own_events, read_journal, trim_journal};

use crate::{Error, Stores};

/// Entries of one batch: one `UNNEST` of about 200 KB.
const BATCH_ENTRIES: u32 = 500;
/// Batches of one call: 10,000 holds are more than one second of a busy event brings. What is left
/// waits for the next call.
const BATCHES_MAX: usize = 20;
/// What a drain did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Drained {
    /// Bookings that changed in Postgres.
    pub bookings: u64,
    /// Whether the journal was read to its end. If not, what happened last is still on its way.
    pub complete: bool,
}

/// Drains the journal of `event`.
///
/// # Errors
///
/// See [`Error`]. What was not acknowledged stays in the journal.
pub async fn drain_journal<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
) -> Result<Drained, Error> {
    let mut drained = Drained::default();
    for _ in 0..BATCHES_MAX {
        let journal =
            read_journal(&stores.cluster, event, BATCH_ENTRIES, stores.redis_deadline).await?;
        drained.complete = journal.entries.len() < BATCH_ENTRIES as usize;
        if journal.entries.is_empty() {
            break;
        }
        drained.bookings += ledger::drain_journal(&stores.database, &journal.entries).await?;
        trim_journal(&stores.cluster, event, &journal, stores.redis_deadline).await?;
        if drained.complete {
            break;
        }
    }
    Ok(drained)
}

/// Drains the journals of the events in which `user` has reserved lately, so that the user's list
/// shows what happened a moment ago. Costs the same whatever is on sale.
///
/// # Errors
///
/// See [`Error`]. Of several events the others are drained all the same.
pub async fn drain_for_user<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    user: UserId,
) -> Result<(), Error> {
    let events = own_events(&stores.cluster, user, stores.redis_deadline).await?;
    let drains = events.iter().map(async |event| drain_journal(stores, *event).await);
    join_all(drains).await.into_iter().try_for_each(|drained| drained.map(|_| ()))
}
