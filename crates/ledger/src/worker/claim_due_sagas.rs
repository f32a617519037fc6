//! Takes sagas that are due.

use domain::id::EventId;

use crate::database::Database;
use crate::error::Error;
use crate::payments::payment::{StoredPayment, read_optional_payment};
use crate::row::{Row, rows};
use crate::worker::saga::SagaKind;

/// For how long a saga that was taken is left alone, in ms: longer than a step takes with a slow
/// provider, short enough that the work of a worker that died goes on.
pub const SAGA_LEASE_MS: u32 = 15_000;

const STATEMENT: &str = "SELECT id, kind, subject, event_id, step, attempts, revision, age_ms, \
     payment FROM boxoffice.claim_due_sagas($1::bigint, $2::bigint)";

/// A saga to continue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueSaga {
    /// `<kind>:<subject>`.
    pub id: String,
    /// What it is about.
    pub kind: SagaKind,
    /// The payment, the booking or the event.
    pub subject: String,
    /// Its event.
    pub event: EventId,
    /// What is to be done next; for a payment, [`StoredPayment::step`] says it.
    pub step: String,
    /// How often the step has failed.
    pub attempts: u32,
    /// What [`crate::note_saga`] wants.
    pub revision: i64,
    /// How long ago it began, in ms.
    pub age_ms: u64,
    /// The payment, for a saga of one.
    pub payment: Option<StoredPayment>,
}

/// Takes up to `limit` sagas that are due, the longest due first, and lets each rest for
/// [`SAGA_LEASE_MS`]. The lease saves work; two workers on one saga do no harm.
///
/// # Errors
///
/// See [`Error`].
pub async fn claim_due_sagas<D: Database>(database: &D, limit: u32) -> Result<Vec<DueSaga>, Error> {
    let parameters = vec![limit.into(), SAGA_LEASE_MS.into()];
    rows(database, "claim_due_sagas", STATEMENT, parameters)
        .await?
        .map(|mut row| read_due_saga(&mut row))
        .collect()
}

fn read_due_saga(row: &mut Row) -> Result<DueSaga, Error> {
    let mut saga = DueSaga {
        id: row.text()?,
        kind: row.parsed()?,
        subject: row.text()?,
        event: row.parsed()?,
        step: row.text()?,
        attempts: row.count()?,
        revision: row.integer()?,
        age_ms: row.integer()?.max(0).unsigned_abs(),
        payment: read_optional_payment(row)?,
    };
    // The document is of the moment before the saga was taken.
    if let Some(payment) = &mut saga.payment {
        payment.saga_revision = Some(saga.revision);
    }
    Ok(saga)
}
