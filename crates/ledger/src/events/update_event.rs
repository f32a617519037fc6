//! Changes an event's texts, times and sale settings.

use domain::event::EventChange;
use domain::id::EventId;
use domain::time::Instant;

use crate::database::{Database, Value};
use crate::error::Error;
use crate::events::event::StoredEvent;
use crate::row::one_row;

const STATEMENT: &str = "SELECT outcome, document FROM boxoffice.update_event(\
     $1::text::uuid, $2::text, $3::text, $4::text, $5::bigint, $6::bigint, $7::bigint, \
     $8::boolean, $9::bigint, $10::bigint, $11::boolean, $12::bigint, $13::bigint, $14::bigint, \
     $15::boolean, $16::text, $17::bigint)";

/// What [`update_event`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpdateEventOutcome {
    /// Changed: the event as it is now.
    Updated(Box<StoredEvent>),
    /// No such event.
    EventMissing,
    /// A cancelled event does not change any more.
    EventCancelled,
    /// Together with the stored times, the event would end before it starts: another change was
    /// faster. Nothing was changed.
    InvalidTimes,
}

/// Changes an event's texts, times and sale settings; what `change` leaves out stays. The
/// caller has validated the change and then updates Redis.
///
/// # Errors
///
/// See [`Error`].
pub async fn update_event<D: Database>(
    database: &D,
    event: EventId,
    change: &EventChange,
) -> Result<UpdateEventOutcome, Error> {
    let sale = change.sale.as_ref();
    let queue = sale.and_then(|sale| sale.queue.as_ref());
    let parameters = vec![
        event.to_string().into(),
        change.name.as_deref().into(),
        change.description.as_deref().into(),
        change.venue.as_deref().into(),
        milliseconds(change.starts_at),
        milliseconds(change.ends_at),
        milliseconds(change.on_sale_at),
        change.paused.into(),
        sale.and_then(|sale| sale.max_per_buyer).into(),
        sale.and_then(|sale| sale.hold_ttl_s).into(),
        queue.and_then(|queue| queue.enabled).into(),
        queue.and_then(|queue| queue.max_active).into(),
        queue.and_then(|queue| queue.release_per_s).into(),
        queue.and_then(|queue| queue.pass_ttl_s).into(),
        queue.and_then(|queue| queue.joining).into(),
        queue.and_then(|queue| queue.message.as_deref()).into(),
        queue.and_then(|queue| queue.abandon_after_s).into(),
    ];
    let mut row = one_row(database, "update_event", STATEMENT, parameters).await?;
    match row.text()?.as_str() {
        "updated" => Ok(UpdateEventOutcome::Updated(row.document()?)),
        "event_missing" => Ok(UpdateEventOutcome::EventMissing),
        "event_cancelled" => Ok(UpdateEventOutcome::EventCancelled),
        "invalid_times" => Ok(UpdateEventOutcome::InvalidTimes),
        other => Err(row.unexpected(format!("outcome {other:?}"))),
    }
}

fn milliseconds(instant: Option<Instant>) -> Value {
    instant.map(Instant::unix_ms).into()
}
