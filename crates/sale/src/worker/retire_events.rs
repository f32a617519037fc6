//! Lets Redis forget events that are over, however long ago: also those that ended while no worker
//! ran.

use cluster::Transport;
use futures_util::{StreamExt, stream};
use ledger::{Database, EventToRetire};

use crate::worker::report::{Job, TickReport};
use crate::{Error, Stores, apply_settings, drain_journal};

/// Events retired at a time: few, because nobody waits for it. Those on a shard that is down take a
/// whole deadline each, and so many of them still leave time for others.
const EVENTS_AT_A_TIME: usize = 8;

/// Retires the events that are due, [`ledger::EVENTS_RETIRED_MAX`] of them at most, as long as
/// `in_time` says so. One that fails is tried again by a later run, and stops no other: each run
/// takes them in another order.
pub(crate) async fn retire_events<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    in_time: &impl Fn() -> bool,
) -> TickReport {
    let mut report = TickReport::default();
    if !in_time() {
        return report;
    }
    let due = ledger::events_to_retire(&stores.database).await;
    let due = report.note(Job::EventsToRetire, "all", due.map_err(Error::from));
    let mut retired = stream::iter(due.unwrap_or_default())
        .map(async |due| (due, if in_time() { retire(stores, due).await } else { Ok(()) }))
        .buffer_unordered(EVENTS_AT_A_TIME);
    while let Some((due, result)) = retired.next().await {
        report.note(Job::RetireEvent, due.event, result);
    }
    drop(retired);
    report
}

/// First what the journal says about holds reaches Postgres, because it expires with the rest, and
/// Redis learns a change of the end that it may have missed.
async fn retire<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    due: EventToRetire,
) -> Result<(), Error> {
    let event = due.event;
    if !drain_journal(stores, event).await?.complete {
        return Err(Error::Contention("draining the journal of an event that is over"));
    }
    let Some(stored) = ledger::find_event(&stores.database, event).await? else { return Ok(()) };
    // mutant: past-events-are-kept
    if apply_settings(stores, &stored).await? {
        ledger::note_retired(&stores.database, due).await?;
    }
    Ok(())
}
