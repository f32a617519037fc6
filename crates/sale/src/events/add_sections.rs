//! Adds sections that Postgres has accepted to the event in Redis.

use cluster::Transport;
use domain::id::EventId;
use domain::section::Section;
use ledger::Database;

use crate::{Error, Stores, with_open_event};

/// Adds `sections` to `event` in Redis; those that are there already stay as they are.
///
/// # Errors
///
/// See [`Error`].
pub async fn add_sections<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
    sections: &[Section],
) -> Result<(), Error> {
    with_open_event(stores, event, async || {
        scripts::add_sections(&stores.cluster, event, sections, stores.redis_deadline).await
    })
    .await?;
    // New places: what was sold out is no longer.
    ledger::mark_sold_out(&stores.database, event, false).await?;
    Ok(())
}
