//! Adds sections to an event.

use domain::event::SECTIONS_MAX;
use domain::id::EventId;
use domain::section::{Section, SectionName};

use crate::database::{Database, Value};
use crate::error::Error;
use crate::events::event::StoredEvent;
use crate::row::{json_text, one_row};

const STEP: &str = "add_sections";
const STATEMENT: &str = "SELECT outcome, document, section_names \
     FROM boxoffice.add_sections($1::text::uuid, $2::text::jsonb, $3::bigint)";

/// What [`add_sections`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddSectionsOutcome {
    /// Added: the event as it is now.
    Added(Box<StoredEvent>),
    /// All of them exist already, exactly so: a repeated call. The event as it is now.
    AlreadyAdded(Box<StoredEvent>),
    /// These names are taken. Nothing was added.
    SectionExists(Vec<SectionName>),
    /// The event would have more than [`SECTIONS_MAX`] sections. Nothing was added.
    TooManySections,
    /// No such event.
    EventMissing,
    /// A cancelled event does not change any more.
    EventCancelled,
}

/// Adds sections, placed after those that exist: all or none. The caller has validated them and
/// then adds them to Redis.
///
/// # Errors
///
/// See [`Error`].
pub async fn add_sections<D: Database>(
    database: &D,
    event: EventId,
    sections: &[Section],
) -> Result<AddSectionsOutcome, Error> {
    let parameters = vec![
        event.to_string().into(),
        json_text(STEP, sections)?,
        Value::Integer(SECTIONS_MAX as i64),
    ];
    let mut row = one_row(database, STEP, STATEMENT, parameters).await?;
    let outcome = row.text()?;
    match outcome.as_str() {
        "added" => Ok(AddSectionsOutcome::Added(row.document()?)),
        "already_added" => Ok(AddSectionsOutcome::AlreadyAdded(row.document()?)),
        "section_exists" => {
            row.optional_text()?;
            Ok(AddSectionsOutcome::SectionExists(row.document()?))
        }
        "too_many_sections" => Ok(AddSectionsOutcome::TooManySections),
        "event_missing" => Ok(AddSectionsOutcome::EventMissing),
        "event_cancelled" => Ok(AddSectionsOutcome::EventCancelled),
        other => Err(row.unexpected(format!("outcome {other:?}"))),
    }
}
