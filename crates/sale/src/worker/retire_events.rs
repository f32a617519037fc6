//! Lets Redis forget events that are over, however long ago: also those that ended while no worker
//! ran.

use cluster::Transport;
use ledger::{Database, EventToRetire};

use crate::events::retire_event::retire_event;
use crate::worker::report::{Job, TickReport};
use crate::{Error, Stores, apply_settings, drain_journal};

/// Retires the events that are due, [`ledger::EVENTS_RETIRED_MAX`] of them at most, as long as
/// `in_time` says so.
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
    for due in due.unwrap_or_default() {
        if !in_time() {
            break;
        }
        let retired = retire(stores, due).await;
        if report.note(Job::RetireEvent, due.event, retired).is_none() {
            // Its shard may be down: the next run begins with other events.
            break;
        }
    }
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
    apply_settings(stores, &stored).await?;
    // mutant: past-events-are-kept
    if retire_event(stores, &stored).await? {
        ledger::note_retired(&stores.database, due).await?;
    }
    Ok(())
}
