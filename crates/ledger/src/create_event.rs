//! Stores a new event with its sections.

use domain::id::EventId;
use domain::section::Section;
use domain::time::Instant;

use crate::database::{Database, Value};
use crate::error::Error;
use crate::event::{SaleSettings, StoredEvent};
use crate::row::{json_text, one_row};

const STEP: &str = "create_event";
const STATEMENT: &str = "SELECT outcome, document FROM boxoffice.create_event(\
     $1::text::uuid, $2::text, $3::text, $4::text, $5::bigint, $6::bigint, $7::bigint, $8::text, \
     $9::text::jsonb, $10::bigint, $11::bigint, $12::boolean, $13::bigint, $14::bigint, \
     $15::bigint, $16::text, $17::text)";

/// A new event. The caller has validated it; the table's checks refuse what it let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateEvent<'a> {
    /// A fresh id. Calling again with the same id gives the stored event.
    pub event: EventId,
    /// Its title.
    pub name: &'a str,
    /// Free text.
    pub description: &'a str,
    /// Where it takes place.
    pub venue: &'a str,
    /// Doors.
    pub starts_at: Instant,
    /// The end.
    pub ends_at: Instant,
    /// When the sale opens.
    pub on_sale_at: Instant,
    /// ISO 4217, upper case.
    pub currency: &'a str,
    /// In the order in which clients see them.
    pub sections: &'a [Section],
    /// How it is sold.
    pub sale: SaleSettings,
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
    let sale = &request.sale;
    let parameters = vec![
        request.event.to_string().into(),
        request.name.into(),
        request.description.into(),
        request.venue.into(),
        request.starts_at.unix_ms().into(),
        request.ends_at.unix_ms().into(),
        request.on_sale_at.unix_ms().into(),
        request.currency.into(),
        json_text(STEP, request.sections)?,
        sale.max_per_buyer.into(),
        sale.hold_ttl_s.into(),
        sale.queue_enabled.into(),
        sale.max_active.into(),
        sale.release_per_s.into(),
        sale.pass_ttl_s.into(),
        Value::from(request.idempotency.map(|idempotency| idempotency.key)),
        Value::from(
            request
                .idempotency
                .map(|idempotency| idempotency.fingerprint),
        ),
    ];
    let mut row = one_row(database, STEP, STATEMENT, parameters).await?;
    match row.text()?.as_str() {
        "created" => Ok(CreateEventOutcome::Created(row.document()?)),
        "replayed" => Ok(CreateEventOutcome::Replayed(row.document()?)),
        "idempotency_key_reused" => Ok(CreateEventOutcome::IdempotencyKeyReused),
        other => Err(row.unexpected(format!("outcome {other:?}"))),
    }
}
