//! Continues what was begun: takes sagas that are due and brings each one on.
//!
//! The lease of a saga saves work when two workers meet; nothing depends on it. A saga that has
//! changed while it was worked on is noted by nobody: it is due by that change.

use cluster::Transport;
use domain::time::Instant;
use futures_util::{StreamExt, stream};
use ledger::{Database, DueSaga, SagaKind, SagaProgress};
use provider::{HttpTransport, Provider};

use crate::Stores;
use crate::bookings::cancel_booking::free_cancelled;
use crate::events::cancel_event::undo_cancelled_event;
use crate::payments::continue_payment::{Desk, PaymentRest, StepError, continue_payment};
use crate::worker::backoff::{backoff_ms, jittered_ms};
use crate::worker::notify::Sink;
use crate::worker::tick::TickReport;

/// Sagas worked on at a time, and taken at a time: a silent provider delays that many.
const SAGAS_AT_A_TIME: usize = 16;
/// Failures after which a saga is given up: with waits of 30 s, four hours of a provider that does
/// not answer.
const ATTEMPTS_MAX: u32 = 480;
/// How often the provider is asked about a payment that nobody has heard of, in ms: its messages
/// come within a second, so this is for the lost ones.
const AWAIT_MS: u64 = 10_000;
/// The same once the payment is older than [`AWAIT_EAGERLY_MS`].
const AWAIT_LONGER_MS: u64 = 30_000;
/// Most buyers have paid after this time, in ms.
const AWAIT_EAGERLY_MS: u64 = 60_000;
/// A slow confirmation may mark seats as sold after they were freed. By then, in ms, it has ended:
/// no request runs that long. So the places are freed once more.
const FREE_AGAIN_MS: u64 = 10_000;

/// What sagas and notifications need beside the stores.
pub struct Jobs<'a, H> {
    /// The payment provider.
    pub provider: &'a Provider<H>,
    /// The mode we are in.
    pub livemode: bool,
    /// Who is told what happened to bookings, if anybody.
    pub sink: Option<&'a Sink<H>>,
    /// A random number, for waits that differ.
    pub random: fn() -> u64,
    /// The time of a notification.
    pub now: fn() -> Instant,
}

/// Continues sagas that are due as long as `in_time` says so.
pub async fn run_sagas<T: Transport, D: Database, H: HttpTransport>(
    stores: &Stores<T, D>,
    jobs: &Jobs<'_, H>,
    in_time: &impl Fn() -> bool,
) -> TickReport {
    let mut report = TickReport::default();
    while in_time() {
        let limit = u32::try_from(SAGAS_AT_A_TIME).unwrap_or(u32::MAX);
        let due = ledger::claim_due_sagas(&stores.database, limit).await;
        let due = report.note("claim_due_sagas", "all", due.map_err(Into::into));
        let due = due.unwrap_or_default();
        let is_last = due.len() < SAGAS_AT_A_TIME;
        let mut runs = stream::iter(due)
            .map(async |saga| run(stores, jobs, saga, in_time).await)
            .buffer_unordered(SAGAS_AT_A_TIME);
        while let Some(of_saga) = runs.next().await {
            report.add(of_saga);
        }
        drop(runs);
        if is_last {
            break;
        }
    }
    report
}

async fn run<T: Transport, D: Database, H: HttpTransport>(
    stores: &Stores<T, D>,
    jobs: &Jobs<'_, H>,
    mut saga: DueSaga,
    in_time: &impl Fn() -> bool,
) -> TickReport {
    let mut report = TickReport { sagas: 1, ..TickReport::default() };
    let progress = match progress(stores, jobs, &mut saga, in_time).await {
        Ok(progress) => progress,
        Err(error) => {
            report.failure("saga", &saga.id, &error);
            failed(&saga, &error, (jobs.random)())
        }
    };
    let noted = ledger::note_saga(&stores.database, &saga.id, saga.revision, &progress).await;
    report.note("note_saga", &saga.id, noted.map_err(Into::into));
    report
}

/// Works on a saga; afterwards `saga` has the step and the revision at which it was left.
async fn progress<T: Transport, D: Database, H: HttpTransport>(
    stores: &Stores<T, D>,
    jobs: &Jobs<'_, H>,
    saga: &mut DueSaga,
    in_time: &impl Fn() -> bool,
) -> Result<SagaProgress, StepError> {
    match saga.kind {
        SagaKind::Payment => continue_saga_of_payment(stores, jobs, saga, in_time).await,
        SagaKind::Cancellation => {
            let booking = saga.subject.parse().map_err(|_| not_ours())?;
            free_cancelled(stores, booking).await?;
            Ok(match saga.step.as_str() {
                "free" => SagaProgress::Rests { step: "free_again", rest_ms: FREE_AGAIN_MS },
                _ => SagaProgress::Done,
            })
        }
        SagaKind::EventCancellation => {
            let is_done = undo_cancelled_event(stores, saga.event, in_time).await?;
            Ok(if is_done {
                SagaProgress::Done
            } else {
                SagaProgress::Rests { step: "cancel", rest_ms: 0 }
            })
        }
    }
}

async fn continue_saga_of_payment<T: Transport, D: Database, H: HttpTransport>(
    stores: &Stores<T, D>,
    jobs: &Jobs<'_, H>,
    saga: &mut DueSaga,
    in_time: &impl Fn() -> bool,
) -> Result<SagaProgress, StepError> {
    let mut payment = saga.payment.take().ok_or_else(not_ours)?;
    let desk = Desk { stores, provider: jobs.provider, livemode: jobs.livemode };
    let rest = continue_payment(&desk, &mut payment, in_time).await;
    // Each change of the payment has changed its saga.
    saga.revision = payment.saga_revision.unwrap_or(saga.revision);
    let step = payment.step().as_str();
    step.clone_into(&mut saga.step);
    Ok(match rest? {
        PaymentRest::Done => SagaProgress::Done,
        PaymentRest::Interrupted => SagaProgress::Rests { step, rest_ms: 0 },
        PaymentRest::Awaits => {
            let is_young = saga.age_ms < AWAIT_EAGERLY_MS;
            let whole_ms = if is_young { AWAIT_MS } else { AWAIT_LONGER_MS };
            SagaProgress::Rests { step, rest_ms: jittered_ms(whole_ms, (jobs.random)()) }
        }
    })
}

fn not_ours() -> StepError {
    StepError::Definitive("the saga's subject cannot be read".to_owned())
}

fn failed(saga: &DueSaga, error: &StepError, random: u64) -> SagaProgress {
    let (step, text) = (saga.step.clone(), error.to_string());
    let is_last = saga.attempts.saturating_add(1) >= ATTEMPTS_MAX;
    match error {
        StepError::Definitive(_) => SagaProgress::Dead { step, error: text },
        StepError::Transient(_) if is_last => SagaProgress::Dead { step, error: text },
        StepError::Transient(_) => {
            let rest_ms = backoff_ms(saga.attempts, random);
            SagaProgress::Failed { step, error: text, rest_ms }
        }
    }
}
