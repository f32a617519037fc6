//! Changes an event's texts, times, sale settings and sections.

use domain::event::EventChange;
use domain::id::EventId;
use domain::section::Section;
use serde::Serialize;

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
    /// The sections are of another version than the change begins with. Nothing was changed.
    SectionsChanged,
    /// More places of a section are sold than it is to have. Nothing was changed.
    CapacityInUse,
}

/// Sections as they are to be.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ChangedSections<'a> {
    /// The version of the sections that the change begins with.
    #[serde(rename = "sections_version")]
    pub version: i64,
    /// Those that change, whole.
    pub sections: &'a [Section],
}

/// The change as the function takes it.
#[derive(Serialize)]
struct Change<'a> {
    #[serde(flatten)]
    event: &'a EventChange,
    #[serde(flatten)]
    sections: Option<ChangedSections<'a>>,
}

/// Changes an event's texts, times and sale settings, and `sections`: all of it or nothing. What
/// `change` leaves out stays. The caller has validated the change, has worked the sections out, and
/// then updates Redis.
///
/// # Errors
///
/// See [`Error`].
pub async fn update_event<D: Database>(
    database: &D,
    event: EventId,
    change: &EventChange,
    sections: Option<ChangedSections<'_>>,
) -> Result<UpdateEventOutcome, Error> {
    let parameters =
        vec![event.to_string().into(), json_text(STEP, &Change { event: change, sections })?];
    let mut row = one_row(database, STEP, STATEMENT, parameters).await?;
    match row.text()?.as_str() {
        "updated" => Ok(UpdateEventOutcome::Updated(row.document()?)),
        "event_missing" => Ok(UpdateEventOutcome::EventMissing),
        "event_cancelled" => Ok(UpdateEventOutcome::EventCancelled),
        "invalid_times" => Ok(UpdateEventOutcome::InvalidTimes),
        "sections_changed" => Ok(UpdateEventOutcome::SectionsChanged),
        "capacity_in_use" => Ok(UpdateEventOutcome::CapacityInUse),
        other => Err(row.unexpected(format!("outcome {other:?}"))),
    }
}
