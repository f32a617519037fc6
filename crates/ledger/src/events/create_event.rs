//! Stores a new event with its sections.

use domain::draw::{Seed, seed_to_hex};
use domain::event::NewEvent;
use domain::id::EventId;

use crate::database::{Database, Value};
use crate::error::Error;
use crate::events::event::StoredEvent;
use crate::row::{json_text, one_row};

const STEP: &str = "create_event";
const STATEMENT: &str = "SELECT outcome, document FROM boxoffice.create_event(\
     $1::text::uuid, $2::text::jsonb, $3::text, $4::text, $5::text)";

/// A new event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateEvent<'a> {
    /// A fresh id. Calling again with the same id gives the stored event.
    pub event: EventId,
    /// What the organiser asked for, validated by the caller. Without `on_sale_at` the sale opens
    /// now, by the clock of Postgres.
    pub wanted: &'a NewEvent,
    /// The secret of its draw: 32 bytes that nobody can foretell.
    pub draw_seed: &'a Seed,
    /// Of the request, if it carried a key. It stands here and not in Redis because an event that
    /// does not exist yet has no Redis slot.
    pub idempotency: Option<Idempotency<'a>>,
}

/// The idempotency key of a request, kept for 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Idempotency<'a> {
    /// The key, already joined with its caller.
    pub key: &'a str,
    /// A digest of the body.
    pub fingerprint: &'a str,
}

/// What [`create_event`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreateEventOutcome {
    /// Stored.
    Created(Box<StoredEvent>),
    /// Stored before, by a call with the same id or key: the event as it was then.
    Replayed(Box<StoredEvent>),
    /// The key belongs to another body.
    IdempotencyKeyReused,
}

/// Stores a new event with its sections. Its generation is 1.
///
/// # Errors
///
/// See [`Error`].
pub async fn create_event<D: Database>(
    database: &D,
    request: &CreateEvent<'_>,
) -> Result<CreateEventOutcome, Error> {
    let parameters = vec![
        request.event.to_string().into(),
        json_text(STEP, request.wanted)?,
        seed_to_hex(request.draw_seed).into(),
        Value::from(request.idempotency.map(|idempotency| idempotency.key)),
        Value::from(request.idempotency.map(|idempotency| idempotency.fingerprint)),
    ];
    let mut row = one_row(database, STEP, STATEMENT, parameters).await?;
    match row.text()?.as_str() {
        "created" => Ok(CreateEventOutcome::Created(row.document()?)),
        "replayed" => Ok(CreateEventOutcome::Replayed(row.document()?)),
        "idempotency_key_reused" => Ok(CreateEventOutcome::IdempotencyKeyReused),
        other => Err(row.unexpected(format!("outcome {other:?}"))),
    }
}
