//! Changes an event's texts, times and sale settings.

use domain::event::EventChange;
use domain::id::EventId;

use crate::database::Database;
use crate::error::Error;
use crate::events::event::StoredEvent;
use crate::row::{json_text, one_row};

const STEP: &str = "update_event";
const STATEMENT: &str = "SELECT outcome, document \
     FROM boxoffice.update_event($1::text::uuid, $2::text::jsonb)";

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
    let parameters = vec![event.to_string().into(), json_text(STEP, change)?];
    let mut row = one_row(database, STEP, STATEMENT, parameters).await?;
    match row.text()?.as_str() {
        "updated" => Ok(UpdateEventOutcome::Updated(row.document()?)),
        "event_missing" => Ok(UpdateEventOutcome::EventMissing),
        "event_cancelled" => Ok(UpdateEventOutcome::EventCancelled),
        "invalid_times" => Ok(UpdateEventOutcome::InvalidTimes),
        other => Err(row.unexpected(format!("outcome {other:?}"))),
    }
}
