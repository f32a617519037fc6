//! Asks the provider for the events that its webhook has not brought.
//!
//! A payment that is in motion is asked about by its saga. One whose saga is done is not, and
//! there the webhook may be all that tells of a refund that staff made at the provider. So two
//! lists are read: what the webhook has not accepted; and every refund, because the provider need
//! not count as undelivered what happened while the endpoint was switched off. What such an event
//! brings goes the way of the webhook, [`record_event`], so it is refused and ignored alike; what
//! follows is for the sagas.
//!
//! Events that were recorded before cost one question for each page. Those that are still on their
//! way to the webhook may be met here too: whoever comes second changes nothing.
//!
//! A run reads the newest page, then goes on where the last run stopped, so that a list of any
//! length is read to its end, and news do not wait for that. Where it stopped is only noted behind
//! a page that there was time for; losing the note begins anew. What was passed over (an event that
//! could not be stored, or news that filled more than the newest page) is met by the next pass.

use cluster::Transport;
use domain::payment::{EVENT_KINDS, REFUNDED_KIND};
use futures_util::{StreamExt, stream};
use ledger::{Database, DueEventList, EventEffect, EventList};
use provider::{EventPage, HttpTransport, ListEvents, ProviderError};

use crate::worker::context::WorkerContext;
use crate::worker::report::{Job, TickReport};
use crate::{FOREIGN_PAYMENT, Stores, note_refusal, record_event};

/// How often a list is read, by whichever worker comes first, in ms: an event that is older is
/// hardly on its way any more, and a refund that was made elsewhere can wait so long.
const EVERY_MS: i64 = 60_000;
/// Pages of one run: what follows from 250 events is work of about a second, and more waits for the
/// next run.
const PAGES_MAX: usize = 5;
/// Lists that are read at a time: all there are.
const LISTS_AT_A_TIME: usize = 2;

/// Reads the lists that are due, as long as `in_time` says so. Does nothing without a provider.
pub async fn collect_missed_events<T: Transport, D: Database, H: HttpTransport>(
    stores: &Stores<T, D>,
    context: &WorkerContext<'_, H>,
    in_time: &impl Fn() -> bool,
) -> TickReport {
    let mut report = TickReport::default();
    if !context.provider.is_configured() || !in_time() {
        return report;
    }
    let due = ledger::claim_event_lists(&stores.database, EVERY_MS).await;
    let due = report.note(Job::ClaimEventLists, "all", due.map_err(Into::into));
    let mut runs = stream::iter(due.unwrap_or_default())
        .map(async |due| read_list(stores, context, due, in_time).await)
        .buffer_unordered(LISTS_AT_A_TIME);
    while let Some(of_list) = runs.next().await {
        report.add(of_list);
    }
    drop(runs);
    report
}

/// Reads the newest page of a list, and goes on where the last run stopped.
async fn read_list<T: Transport, D: Database, H: HttpTransport>(
    stores: &Stores<T, D>,
    context: &WorkerContext<'_, H>,
    due: DueEventList,
    in_time: &impl Fn() -> bool,
) -> TickReport {
    let mut report = TickReport::default();
    let name = due.list.as_str();
    let mut goes_on = due.after.clone();
    for number in 0..PAGES_MAX {
        if !in_time() {
            break;
        }
        let is_newest = number == 0;
        let after = goes_on.clone().filter(|_| !is_newest);
        let page = match context.provider.list_events(&which(due.list, after.as_deref())).await {
            Ok(page) => page,
            // The provider has forgotten that event, so the run was at the end.
            Err(ProviderError::NotFound) if !is_newest => {
                goes_on = None;
                break;
            }
            Err(error) => {
                let is_refused = error.is_definitive() == Some(true);
                if is_refused && !note_refusal(&stores.database, "list_events", &error).await {
                    break;
                }
                let job = if is_refused { Job::ProviderRefuses } else { Job::ListEvents };
                report.failure(job, name, error);
                break;
            }
        };
        if !ingest(stores, context, name, &page, in_time, &mut report).await {
            break;
        }
        goes_on = match page.next {
            // The pass goes on; it began with what was the newest page then.
            // mutant: only-the-newest-events
            Some(next) if is_newest => goes_on.or(Some(next)),
            next => next,
        };
        if goes_on.is_none() {
            break;
        }
    }
    if goes_on != due.after {
        let noted = ledger::note_event_list(&stores.database, due.list, goes_on.as_deref()).await;
        report.note(Job::NoteEventList, name, noted.map_err(Into::into));
    }
    report
}

fn which(list: EventList, after: Option<&str>) -> ListEvents<'_> {
    match list {
        EventList::Undelivered => ListEvents { kinds: &EVENT_KINDS, undelivered: true, after },
        // mutant: only-undelivered-refunds
        EventList::Refunds => ListEvents { kinds: &[REFUNDED_KIND], undelivered: false, after },
    }
}

/// Records what is new on a page. One event that fails does not stop the others, and is tried again
/// when the list is read again. Returns whether there was time for the whole page.
async fn ingest<T: Transport, D: Database, H: HttpTransport>(
    stores: &Stores<T, D>,
    context: &WorkerContext<'_, H>,
    name: &str,
    page: &EventPage,
    in_time: &impl Fn() -> bool,
    report: &mut TickReport,
) -> bool {
    if page.unreadable > 0 {
        report.failure(Job::ListEvents, name, format!("{} cannot be read", page.unreadable));
    }
    let ids = page.events.iter().map(|listed| listed.event.id.clone()).collect();
    let unrecorded = ledger::unrecorded_events(&stores.database, ids).await;
    let unrecorded = report.note(Job::UnrecordedEvents, name, unrecorded.map_err(Into::into));
    let Some(unrecorded) = unrecorded else { return false };
    for listed in page.events.iter().filter(|listed| unrecorded.contains(&listed.event.id)) {
        if !in_time() {
            return false;
        }
        let (event, payload) = (&listed.event, &listed.payload);
        let recorded = record_event(&stores.database, event, payload, context.livemode).await;
        let effect = report.note(Job::RecordEvent, &event.id, recorded.map_err(Into::into));
        if let Some(EventEffect::ForeignPayment { is_news: true }) = effect {
            report.failure(Job::ForeignPayment, &event.id, FOREIGN_PAYMENT);
        }
    }
    true
}
