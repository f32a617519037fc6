//! Continues what was begun: takes sagas that are due and brings each one on.
//!
//! The lease of a saga saves work when two workers meet; nothing depends on it. If a saga changed
//! while we worked on it, the update is skipped; the change itself made it due again.

use cluster::Transport;
use domain::backoff::jittered_ms;
use futures_util::{StreamExt, stream};
use ledger::{Database, DueSaga, SagaKind, SagaProgress};
use provider::HttpTransport;

use crate::Stores;
use crate::bookings::cancel_booking::free_given_up;
use crate::payments::continue_payment::{PaymentRest, PaymentRun, StepError, continue_payment};
use crate::payments::note_refusal;
use crate::worker::context::{BACKOFF, WorkerContext};
use crate::worker::report::{Job, TickReport};
use crate::worker::undo_cancelled_event::undo_cancelled_event;

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

/// The only step of the saga of a cancelled event.
const EVENT_CANCELLATION_STEP: &str = "cancel";

/// The steps of the saga of a booking that was cancelled or gave up a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CancellationStep {
    /// Frees the places.
    Free,
    /// Frees them once more, see [`FREE_AGAIN_MS`].
    FreeAgain,
}

impl CancellationStep {
    /// Reads the word in Postgres. Freeing once more is right for any other word.
    fn parse(word: &str) -> Self {
        if word == Self::Free.as_str() { Self::Free } else { Self::FreeAgain }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::FreeAgain => "free_again",
        }
    }
}

/// Continues sagas that are due as long as `in_time` says so.
pub async fn run_sagas<T: Transport, D: Database, H: HttpTransport>(
    stores: &Stores<T, D>,
    context: &WorkerContext<'_, H>,
    in_time: &impl Fn() -> bool,
) -> TickReport {
    let mut report = TickReport::default();
    while in_time() {
        let limit = u32::try_from(SAGAS_AT_A_TIME).unwrap_or(u32::MAX);
        let due = ledger::claim_due_sagas(&stores.database, limit).await;
        let due = report.note(Job::ClaimDueSagas, "all", due.map_err(Into::into));
        let due = due.unwrap_or_default();
        let is_last = due.len() < SAGAS_AT_A_TIME;
        let mut runs = stream::iter(due)
            .map(async |saga| run(stores, context, saga, in_time).await)
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
    context: &WorkerContext<'_, H>,
    mut saga: DueSaga,
    in_time: &impl Fn() -> bool,
) -> TickReport {
    let mut report = TickReport { sagas: 1, ..TickReport::default() };
    let progress = match progress(stores, context, &mut saga, in_time).await {
        Ok(progress) => progress,
        Err(error) => {
            tell(stores, &saga, &error, &mut report).await;
            failed(&saga, &error, (context.random)())
        }
    };
    let noted = ledger::note_saga(&stores.database, &saga.id, saga.revision, &progress).await;
    report.note(Job::NoteSaga, &saga.id, noted.map_err(Into::into));
    report
}

/// Reports a failure; a refusal of the provider once for all sagas that meet it in a while.
async fn tell<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    saga: &DueSaga,
    error: &StepError,
    report: &mut TickReport,
) {
    match error {
        StepError::Refused { operation, cause } => {
            if note_refusal(&stores.database, operation, cause).await {
                report.failure(Job::ProviderRefuses, operation, format!("{cause} ({})", saga.id));
            }
        }
        StepError::Transient(_) | StepError::Definitive(_) => {
            report.failure(Job::Saga, &saga.id, error);
        }
    }
}

/// Works on a saga; afterwards `saga` has the step and the revision at which it was left.
async fn progress<T: Transport, D: Database, H: HttpTransport>(
    stores: &Stores<T, D>,
    context: &WorkerContext<'_, H>,
    saga: &mut DueSaga,
    in_time: &impl Fn() -> bool,
) -> Result<SagaProgress, StepError> {
    match saga.kind {
        SagaKind::Payment => continue_saga_of_payment(stores, context, saga, in_time).await,
        SagaKind::Cancellation => {
            let booking = saga.subject.parse().map_err(|_| not_ours())?;
            free_given_up(stores, booking).await?;
            Ok(match CancellationStep::parse(&saga.step) {
                CancellationStep::Free => SagaProgress::Rests {
                    step: CancellationStep::FreeAgain.as_str(),
                    rest_ms: FREE_AGAIN_MS,
                },
                CancellationStep::FreeAgain => SagaProgress::Done,
            })
        }
        SagaKind::EventCancellation => {
            let is_done = undo_cancelled_event(stores, saga.event, in_time).await?;
            Ok(if is_done {
                SagaProgress::Done
            } else {
                SagaProgress::Rests { step: EVENT_CANCELLATION_STEP, rest_ms: 0 }
            })
        }
    }
}

async fn continue_saga_of_payment<T: Transport, D: Database, H: HttpTransport>(
    stores: &Stores<T, D>,
    context: &WorkerContext<'_, H>,
    saga: &mut DueSaga,
    in_time: &impl Fn() -> bool,
) -> Result<SagaProgress, StepError> {
    let mut payment = saga.payment.take().ok_or_else(not_ours)?;
    let run = PaymentRun { stores, provider: context.provider, livemode: context.livemode };
    let rest = continue_payment(&run, &mut payment, in_time).await;
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
            SagaProgress::Rests { step, rest_ms: jittered_ms(whole_ms, (context.random)()) }
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
        StepError::Definitive(_) | StepError::Refused { .. } => {
            SagaProgress::Dead { step, error: text }
        }
        StepError::Transient(_) if is_last => SagaProgress::Dead { step, error: text },
        StepError::Transient(_) => {
            let rest_ms = BACKOFF.wait_ms(saga.attempts, random);
            SagaProgress::Failed { step, error: text, rest_ms }
        }
    }
}
