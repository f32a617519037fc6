//! Makes the sections of an event in Redis those that Postgres has.

use cluster::Transport;
use ledger::{Database, StoredEvent};

use crate::{Error, Stores, with_open_event};

/// Applies the sections of `event` in Redis, unless newer ones are there. All of them go, in their
/// order, so that two changes may arrive in any order.
///
/// # Errors
///
/// See [`Error`].
pub async fn apply_sections<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: &StoredEvent,
) -> Result<(), Error> {
    let (version, sections) = (event.sections_version, &event.sections);
    with_open_event(stores, event.id, async || {
        let deadline = stores.redis_deadline;
        scripts::apply_sections(&stores.cluster, event.id, version, sections, deadline).await
    })
    .await?;
    Ok(())
}
