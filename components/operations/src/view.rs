//! A saga as operators see it.

use domain::id::EventId;
use domain::time::Instant;
use ledger::{Saga, SagaKind, SagaStatus};
use serde::Serialize;

#[derive(Serialize)]
pub(crate) struct SagaView {
    id: String,
    kind: SagaKind,
    subject: String,
    event_id: EventId,
    step: String,
    status: SagaStatus,
    attempts: u32,
    due_at: Instant,
    last_error: Option<String>,
    created_at: Instant,
    updated_at: Instant,
}

impl From<Saga> for SagaView {
    fn from(saga: Saga) -> Self {
        Self {
            id: saga.id,
            kind: saga.kind,
            subject: saga.subject,
            event_id: saga.event_id,
            step: saga.step,
            status: saga.status,
            attempts: saga.attempts,
            due_at: saga.due_at,
            last_error: saga.last_error,
            created_at: saga.created_at,
            updated_at: saga.updated_at,
        }
    }
}
