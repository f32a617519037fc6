//! Stores a new event with its sections.

use domain::draw::{Seed, seed_to_hex};
use domain::event::NewEvent;
use domain::id::EventId;
use domain::time::Instant;

use crate::database::{Database, Value};
use crate::error::Error;
use crate::events::event::StoredEvent;
use crate::row::{json_text, one_row};

const STEP: &str = "create_event";
const STATEMENT: &str = "SELECT outcome, document FROM boxoffice.create_event(\
     $1::text::uuid, $2::text, $3::text, $4::text, $5::bigint, $6::bigint, $7::bigint, $8::text, \
     $9::text::jsonb, $10::bigint, $11::bigint, $12::boolean, $13::bigint, $14::bigint, \
     $15::bigint, $16::text, $17::text, $18::text, $19::boolean, $20::text, \
     $21::bigint)";

/// A new event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateEvent<'a> {
    /// A fresh id. Calling again with the same id gives the stored event.
    pub event: EventId,
    /// What the organiser asked for, validated by the caller; the tables' checks refuse what it
    /// let through. Without `on_sale_at` the sale opens now, by the clock of Postgres.
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
    let wanted = request.wanted;
    let sale = &wanted.sale;
    let parameters = vec![
        request.event.to_string().into(),
        wanted.name.as_str().into(),
        wanted.description.as_str().into(),
        wanted.venue.as_str().into(),
        wanted.starts_at.unix_ms().into(),
        wanted.ends_at.unix_ms().into(),
        wanted.on_sale_at.map(Instant::unix_ms).into(),
        wanted.currency.as_str().into(),
        json_text(STEP, &wanted.sections)?,
        sale.max_per_buyer.into(),
        sale.hold_ttl_s.into(),
        sale.queue.enabled.into(),
        sale.queue.max_active.into(),
        sale.queue.release_per_s.into(),
        sale.queue.pass_ttl_s.into(),
        Value::from(request.idempotency.map(|idempotency| idempotency.key)),
        Value::from(request.idempotency.map(|idempotency| idempotency.fingerprint)),
        seed_to_hex(request.draw_seed).into(),
        sale.queue.joining.into(),
        sale.queue.message.as_str().into(),
        sale.queue.abandon_after_s.into(),
    ];
    let mut row = one_row(database, STEP, STATEMENT, parameters).await?;
    match row.text()?.as_str() {
        "created" => Ok(CreateEventOutcome::Created(row.document()?)),
        "replayed" => Ok(CreateEventOutcome::Replayed(row.document()?)),
        "idempotency_key_reused" => Ok(CreateEventOutcome::IdempotencyKeyReused),
        other => Err(row.unexpected(format!("outcome {other:?}"))),
    }
}
