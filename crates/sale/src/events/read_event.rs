//! Reads an event: from Redis as long as it is there, from Postgres once it is over and gone.

use cluster::Transport;
use domain::id::EventId;
use domain::section::Section;
use ledger::Database;
use scripts::{EventOutcome, EventState};

use crate::events::past_event::{past_map, past_state};
use crate::{Error, Stores, find_past_event, with_open_event};

/// Reads settings and counts of `event` in one view; `None` when there is no such event.
///
/// # Errors
///
/// See [`Error`].
pub async fn read_event<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
) -> Result<Option<EventState>, Error> {
    let read = with_open_event(stores, event, async || {
        scripts::read_event(&stores.cluster, event, stores.redis_deadline).await
    });
    match read.await? {
        EventOutcome::Found(state) => Ok(Some(*state)),
        EventOutcome::EventMissing => match find_past_event(stores, event).await? {
            Some(past) => past_state(stores, past).await,
            None => Ok(None),
        },
    }
}

/// Reads the map of `section` of `event` as it is stored; `None` when the section has no seats.
///
/// # Errors
///
/// See [`Error`].
pub async fn read_map<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
    section: &Section,
) -> Result<Option<Vec<u8>>, Error> {
    if !section.is_seated() {
        return Ok(None);
    }
    let (cluster, deadline) = (&stores.cluster, stores.redis_deadline);
    let stored = scripts::read_map(cluster, event, &section.name, deadline).await?;
    match stored {
        Some(map) => Ok(Some(map)),
        None if find_past_event(stores, event).await?.is_some() => {
            past_map(stores, event, section).await
        }
        // Redis has lost it while seats are held, which Postgres may not know: the audit is on its
        // way to build the event anew.
        None => Err(Error::Contention("reading the map of a section that Redis has lost")),
    }
}
