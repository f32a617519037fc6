//! The work of every second: lets fans in, expires holds, drains journals, resumes payments.
//!
//! Runs overlap, and every replica fires: each job is safe to run many times at once, and a job
//! that fails leaves the others alone and is tried again at the next tick.

use cluster::Transport;
use domain::id::EventId;
use domain::stripe::ProviderEvent;
use futures_util::StreamExt;
use futures_util::stream;
use ledger::Database;
use scripts::{AdmitMode, AdmitOutcome, AdmitUsers};
use std::fmt::Display;

use crate::{Error, Stores, drain_journal, expire_due_holds, opened, settle_payment};

/// Events served at a time: enough to hide the round trips, few enough not to take a buyer's turn.
const EVENTS_AT_A_TIME: usize = 16;
/// Fans let in by one call; the script itself takes no more.
const ADMIT_MAX: u32 = 1_000;
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
    /// Payments resumed.
    pub sagas: u64,
    /// What did not work; it is tried again.
    pub failed: Vec<FailedJob>,
}

/// A job that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedJob {
    /// Which.
    pub job: &'static str,
    /// For which event or payment.
    pub subject: String,
    /// Why.
    pub cause: String,
}

impl TickReport {
    fn add(&mut self, other: Self) {
        self.admitted += other.admitted;
        self.expired += other.expired;
        self.drained += other.drained;
        self.sagas += other.sagas;
        self.failed.extend(other.failed);
    }

    fn note<V>(
        &mut self,
        job: &'static str,
        subject: impl Display,
        result: Result<V, Error>,
    ) -> Option<V> {
        result
            .map_err(|error| {
                let (subject, cause) = (subject.to_string(), error.to_string());
                self.failed.push(FailedJob { job, subject, cause });
            })
            .ok()
    }
}

/// Runs every job once for every active event. `livemode` is the mode of payments; no new job is
/// begun once `in_time` says no, so that runs overlap little.
pub async fn tick<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    livemode: bool,
    in_time: impl Fn() -> bool,
) -> TickReport {
    // First what costs money, then what happens every second.
    let mut report = resume_payments(stores, livemode).await;
    let active = ledger::active_events(&stores.database).await.map_err(Error::from);
    let events = report.note("active_events", "all", active).unwrap_or_default();
    let mut served = stream::iter(events)
        .map(
            async |event| {
                if in_time() { serve(stores, event).await } else { TickReport::default() }
            },
        )
        .buffer_unordered(EVENTS_AT_A_TIME);
    while let Some(of_event) = served.next().await {
        report.add(of_event);
    }
    drop(served);
    if in_time() {
        let stale = ledger::expire_stale_bookings(&stores.database).await.map_err(Error::from);
        report.note("expire_stale_bookings", "all", stale);
    }
    report
}

/// Runs the jobs of one event. When Redis does not answer for it, the rest waits for the next tick:
/// an event on a dead shard must not take the time of the others.
async fn serve<T: Transport, D: Database>(stores: &Stores<T, D>, event: EventId) -> TickReport {
    let mut report = TickReport::default();
    if !is_reachable(stores, event).await {
        let cause = "redis does not answer for this event".to_owned();
        report.failed.push(FailedJob { job: "serve", subject: event.to_string(), cause });
        return report;
    }
    let admitted = admit(stores, event).await;
    report.admitted = report.note("admit_users", event, admitted).unwrap_or_default();
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

async fn admit<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
) -> Result<u64, Error> {
    let request = AdmitUsers { event, mode: AdmitMode::Scheduled, limit: ADMIT_MAX };
    let outcome = opened(stores, event, async || {
        scripts::admit_users(&stores.cluster, &request, stores.redis_deadline).await
    })
    .await?;
    Ok(match outcome {
        AdmitOutcome::Admitted { admitted, .. } => u64::try_from(admitted).unwrap_or(0),
        AdmitOutcome::EventMissing => 0,
    })
}

/// Payments whose event is recorded and has had no effect yet: the webhook stopped half-way.
async fn resume_payments<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    livemode: bool,
) -> TickReport {
    let mut report = TickReport::default();
    let pending = ledger::pending_provider_events(&stores.database).await.map_err(Error::from);
    for pending in report.note("pending_provider_events", "all", pending).unwrap_or_default() {
        let settled = match serde_json::from_str::<ProviderEvent>(&pending.payload) {
            Ok(event) => settle_payment(stores, &event, livemode).await,
            // It was read once, before it was recorded.
            Err(_) => Err(Error::Disagreement("a recorded payment cannot be read")),
        };
        if report.note("settle_payment", &pending.id, settled).is_some() {
            report.sagas += 1;
        }
    }
    report
}
