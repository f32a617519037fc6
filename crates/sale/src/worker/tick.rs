//! The work of every second: lets fans in, expires holds, drains journals, continues sagas.
//!
//! Runs overlap, and every replica fires: each job is safe to run many times at once, and a job
//! that fails leaves the others alone and is tried again at the next tick.

use cluster::Transport;
use domain::id::EventId;
use futures_util::{StreamExt, future, stream};
use ledger::Database;
use provider::HttpTransport;
use scripts::{AdmitMode, AdmitOutcome, AdmitUsers};
use std::fmt::Display;

use crate::audit::audit_event::audit_due_events;
use crate::{
    Error, Jobs, Stores, admit_users, collect_missed_events, drain_journal, expire_due_holds,
    notify, run_sagas,
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
/// How long an answer is kept for its idempotency key: a day.
const ANSWER_MAX_AGE_MS: i64 = 24 * 60 * 60 * 1_000;
/// Answers removed per event and second: as many as the busiest second can bring.
const ANSWERS_SWEPT_MAX: u32 = 1_000;

/// What one run did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TickReport {
    /// Fans let in.
    pub admitted: u64,
    /// Holds expired.
    pub expired: u64,
    /// Journal entries written to Postgres.
    pub drained: u64,
    /// Sagas continued.
    pub sagas: u64,
    /// What did not work; it is tried again.
    pub failed: Vec<FailedJob>,
}

/// A job that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedJob {
    /// Which.
    pub job: &'static str,
    /// For which event or saga.
    pub subject: String,
    /// Why.
    pub cause: String,
}

impl TickReport {
    pub(crate) fn add(&mut self, other: Self) {
        self.admitted += other.admitted;
        self.expired += other.expired;
        self.drained += other.drained;
        self.sagas += other.sagas;
        self.failed.extend(other.failed);
    }

    pub(crate) fn note<V>(
        &mut self,
        job: &'static str,
        subject: impl Display,
        result: Result<V, Error>,
    ) -> Option<V> {
        result.map_err(|error| self.failure(job, subject, error)).ok()
    }

    pub(crate) fn failure(
        &mut self,
        job: &'static str,
        subject: impl Display,
        cause: impl Display,
    ) {
        let (subject, cause) = (subject.to_string(), cause.to_string());
        self.failed.push(FailedJob { job, subject, cause });
    }
}

/// Runs every job once for every active event, and continues sagas, tells others and asks for
/// missed events beside them: a provider that does not answer delays nobody who wants in. No new
/// job is begun once `in_time` says no, so that runs overlap little.
pub async fn tick<T: Transport, D: Database, H: HttpTransport>(
    stores: &Stores<T, D>,
    jobs: &Jobs<'_, H>,
    in_time: impl Fn() -> bool,
) -> TickReport {
    let (mut report, of_events, of_messages, of_missed) = future::join4(
        run_sagas(stores, jobs, &in_time),
        serve_all(stores, &in_time),
        notify(stores, jobs, &in_time),
        // mutant: missed-events-stay-missed
        collect_missed_events(stores, jobs, &in_time),
    )
    .await;
    report.add(of_events);
    report.add(of_messages);
    report.add(of_missed);
    report
}

async fn serve_all<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    in_time: &impl Fn() -> bool,
) -> TickReport {
    let mut report = TickReport::default();
    let listed = ledger::events_to_serve(&stores.database).await.map_err(Error::from);
    let events = report.note("events_to_serve", "all", listed).unwrap_or_default();
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
    let audited = Box::pin(audit_due_events(stores, in_time)).await;
    for (event, result) in report.note("events_to_audit", "all", audited).unwrap_or_default() {
        report.note("audit_event", event, result);
    }
    if in_time() {
        let stale = ledger::expire_stale_bookings(&stores.database).await.map_err(Error::from);
        report.note("expire_stale_bookings", "all", stale);
    }
    report
}

/// Runs the jobs of one event. When Redis does not answer for it, the rest waits for the next tick:
/// an event on a dead shard must not take the time of the others.
async fn serve<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
    in_time: &impl Fn() -> bool,
) -> TickReport {
    let mut report = TickReport::default();
    if !is_reachable(stores, event).await {
        let cause = "redis does not answer for this event".to_owned();
        report.failed.push(FailedJob { job: "serve", subject: event.to_string(), cause });
        return report;
    }
    // Before the next are let in, who should be there.
    let swept = sweep_absent(stores, event).await;
    report.note("sweep_absent", event, swept);
    admit(stores, event, in_time, &mut report).await;
    let expired = expire_due_holds(stores, event).await;
    report.expired = report.note("expire_due_holds", event, expired).unwrap_or_default();
    let drained = drain_journal(stores, event).await;
    report.drained = report.note("drain_journal", event, drained).unwrap_or_default().bookings;
    let swept = scripts::sweep_answers(
        &stores.cluster,
        event,
        ANSWER_MAX_AGE_MS,
        ANSWERS_SWEPT_MAX,
        stores.redis_deadline,
    );
    let swept = swept.await.map_err(Error::from);
    report.note("sweep_answers", event, swept);
    report
}

async fn is_reachable<T: Transport, D: Database>(stores: &Stores<T, D>, event: EventId) -> bool {
    let key = scripts::keys::settings(event);
    let arguments = vec![key.as_str().into()];
    stores.cluster.execute(&key, "EXISTS", arguments, stores.redis_deadline).await.is_ok()
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
        let outcome = report.note("admit_users", event, admit_users(stores, &request).await);
        let Some(AdmitOutcome::Admitted { admitted, .. }) = outcome else { break };
        let admitted = u64::try_from(admitted).unwrap_or(0);
        report.admitted += admitted;
        if admitted < u64::from(ADMIT_MAX) || !in_time() {
            break;
        }
    }
}
