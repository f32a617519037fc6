//! Changes an event's texts, times and sale settings.

use domain::id::EventId;
use domain::time::Instant;

use crate::database::{Database, Value};
use crate::error::Error;
use crate::event::StoredEvent;
use crate::row::one_row;

const STATEMENT: &str = "SELECT outcome, document FROM boxoffice.update_event(\
     $1::text::uuid, $2::text, $3::text, $4::text, $5::bigint, $6::bigint, $7::bigint, \
     $8::boolean, $9::bigint, $10::bigint, $11::boolean, $12::bigint, $13::bigint, $14::bigint)";

/// What to change; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventPatch<'a> {
    /// Its title.
    pub name: Option<&'a str>,
    /// Free text.
    pub description: Option<&'a str>,
    /// Where it takes place.
    pub venue: Option<&'a str>,
    /// Doors.
    pub starts_at: Option<Instant>,
    /// The end.
    pub ends_at: Option<Instant>,
    /// When the sale opens.
    pub on_sale_at: Option<Instant>,
    /// Stop or continue the sale.
    pub paused: Option<bool>,
    /// Places one buyer may hold and buy.
    pub max_per_buyer: Option<u32>,
    /// How long a hold lasts.
    pub hold_ttl_s: Option<u32>,
    /// Whether a queue pass is needed.
    pub queue_enabled: Option<bool>,
    /// Passes that may be live at the same time.
    pub max_active: Option<u32>,
    /// Users let in per second.
    pub release_per_s: Option<u32>,
    /// How long a queue pass lasts.
    pub pass_ttl_s: Option<u32>,
}

/// What [`update_event`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpdateEventOutcome {
    /// Changed: the event as it is now.
    Updated(Box<StoredEvent>),
    /// No such event.
    EventMissing,
    /// A cancelled event does not change any more.
    EventCancelled,
    /// Together with the stored times, the event would end before it starts or before its sale
    /// opens. Nothing was changed.
    InvalidTimes,
}

/// Changes an event's texts, times and sale settings. The caller then updates Redis.
///
/// # Errors
///
/// See [`Error`].
pub async fn update_event<D: Database>(
    database: &D,
    event: EventId,
    patch: &EventPatch<'_>,
) -> Result<UpdateEventOutcome, Error> {
    let parameters = vec![
        event.to_string().into(),
        patch.name.into(),
        patch.description.into(),
        patch.venue.into(),
        milliseconds(patch.starts_at),
        milliseconds(patch.ends_at),
        milliseconds(patch.on_sale_at),
        patch.paused.into(),
        patch.max_per_buyer.into(),
        patch.hold_ttl_s.into(),
        patch.queue_enabled.into(),
        patch.max_active.into(),
        patch.release_per_s.into(),
        patch.pass_ttl_s.into(),
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
