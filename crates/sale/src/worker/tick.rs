//! The work of every second: admits fans, expires holds, drains journals, continues sagas.
//!
//! Runs overlap, and every replica fires: each job is safe to run many times at once, and a job
//! that fails leaves the others alone and is tried again at the next tick.

use cluster::Transport;
use domain::id::EventId;
use futures_util::{StreamExt, join, stream};
use ledger::Database;
use provider::HttpTransport;
use scripts::{AdmitMode, AdmitOutcome, AdmitUsers};

use crate::audit::audit_event::audit_due_events;
use crate::worker::end_checkouts::end_checkouts;
use crate::worker::report::{Job, TickReport};
use crate::worker::retire_events::retire_events;
use crate::{
    Error, Stores, WorkerContext, admit_users, collect_missed_events, drain_journal,
    expire_due_holds, notify, run_sagas, send_letters,
};

/// Events served at a time: enough to hide the round trips, few enough not to take a buyer's turn.
const EVENTS_AT_A_TIME: usize = 16;
/// Fans let in by one call; the script itself takes no more.
const ADMIT_MAX: u32 = 1_000;
/// Calls of one tick that let in: a line that has no queue before it any more is in within seconds.
const ADMITS_MAX: u32 = 10;
/// Calls of one tick that take absent fans out of a line: a stadium that went home is out in
/// seconds.
const SWEEPS_MAX: u32 = 10;
/// Answers removed per event and second: as many as the busiest second can bring.
const ANSWERS_SWEPT_MAX: u32 = 1_000;

/// Runs every job once for every active event. Beside them it continues sagas, sends notifications
/// and letters, asks for missed events, ends pages of the provider and retires events that are
/// over: a provider or a mail API that does not answer delays nobody who wants in, and hundreds of
/// events on sale do not keep old ones in Redis. No new job begins once `in_time` says no, so that
/// runs overlap little.
pub async fn tick<T: Transport, D: Database, H: HttpTransport>(
    stores: &Stores<T, D>,
    context: &WorkerContext<'_, H>,
    in_time: impl Fn() -> bool,
) -> TickReport {
    let (mut report, of_events, messages, letters, of_missed, of_checkouts, of_retired) = join!(
        run_sagas(stores, context, &in_time),
        serve_all(stores, &in_time),
        notify(stores, context, &in_time),
        send_letters(stores, context, &in_time),
        // mutant: missed-events-stay-missed
        collect_missed_events(stores, context, &in_time),
        end_checkouts(stores, context, &in_time),
        retire_events(stores, &in_time),
    );
    for of_job in [of_events, messages, letters, of_missed, of_checkouts, of_retired] {
        report.add(of_job);
    }
    report
}

async fn serve_all<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    in_time: &impl Fn() -> bool,
) -> TickReport {
    let mut report = TickReport::default();
    let listed = ledger::events_to_serve(&stores.database).await.map_err(Error::from);
    let events = report.note(Job::EventsToServe, "all", listed).unwrap_or_default();
    let mut served =
        stream::iter(events)
            .map(async |event| {
                if in_time() { serve(stores, event, in_time).await } else { TickReport::default() }
            })
            .buffer_unordered(EVENTS_AT_A_TIME);
    while let Some(of_event) = served.next().await {
        report.add(of_event);
    }
    drop(served);
    if in_time() {
        let stale = ledger::expire_stale_bookings(&stores.database).await.map_err(Error::from);
        report.note(Job::ExpireStaleBookings, "all", stale);
    }
    let audited = Box::pin(audit_due_events(stores, in_time)).await;
    for (event, result) in report.note(Job::EventsToAudit, "all", audited).unwrap_or_default() {
        report.note(Job::AuditEvent, event, result);
    }
    report
}

/// Runs the jobs of one event. When the first one fails, the rest waits for the next tick: an event
/// on a dead shard must not take the time of the others.
async fn serve<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
    in_time: &impl Fn() -> bool,
) -> TickReport {
    let mut report = TickReport::default();
    // Before the next are let in, those who are gone leave the line.
    let swept = sweep_absent(stores, event).await;
    if report.note(Job::SweepAbsent, event, swept).is_none() {
        return report;
    }
    admit(stores, event, in_time, &mut report).await;
    let expired = expire_due_holds(stores, event).await;
    report.expired = report.note(Job::ExpireDueHolds, event, expired).unwrap_or_default();
    let drained = drain_journal(stores, event).await;
    report.drained = report.note(Job::DrainJournal, event, drained).unwrap_or_default().bookings;
    let swept = scripts::sweep_answers(
        &stores.cluster,
        event,
        scripts::ANSWER_LIFE_MS,
        ANSWERS_SWEPT_MAX,
        stores.redis_deadline,
    );
    let swept = swept.await.map_err(Error::from);
    report.note(Job::SweepAnswers, event, swept);
    report
}

/// Takes those out of the line who are not there any more; their places stay theirs for now.
async fn sweep_absent<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
) -> Result<(), Error> {
    let limit = scripts::SWEPT_AT_ONCE_MAX;
    for _ in 0..SWEEPS_MAX {
        let deadline = stores.redis_deadline;
        let swept = scripts::sweep_absent(&stores.cluster, event, limit, deadline).await?;
        if swept < i64::from(limit) {
            break;
        }
    }
    Ok(())
}

/// Lets in whom there is room for; who comes after those of one call as long as there is time.
async fn admit<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
    in_time: &impl Fn() -> bool,
    report: &mut TickReport,
) {
    let request =
        AdmitUsers { event, mode: AdmitMode::Scheduled, limit: ADMIT_MAX, idempotency: None };
    for _ in 0..ADMITS_MAX {
        let outcome = report.note(Job::AdmitUsers, event, admit_users(stores, &request).await);
        let Some(AdmitOutcome::Admitted { admitted, .. }) = outcome else { break };
        let admitted = u64::try_from(admitted).unwrap_or(0);
        report.admitted += admitted;
        if admitted < u64::from(ADMIT_MAX) || !in_time() {
            break;
        }
    }
}
