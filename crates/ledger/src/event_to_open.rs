//! Reads what Redis must know to sell an event.

use domain::id::EventId;
use domain::seat::Seat;
use domain::section::SectionName;
use serde::Deserialize;

use crate::database::Database;
use crate::error::Error;
use crate::event::StoredEvent;
use crate::row::rows;

const STATEMENT: &str = "SELECT document, sold FROM boxoffice.event_to_open($1::text::uuid)";

/// What Redis must know to sell an event, as of one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventToOpen {
    /// The event, with the generation to open it under.
    pub event: StoredEvent,
    /// One entry per section, in the order of `event.sections`.
    pub sold: Vec<SoldPlaces>,
}

/// The sold places of a section.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SoldPlaces {
    /// The section.
    pub section: SectionName,
    /// Sold seats of a seated section; empty for a standing one.
    pub seats: Vec<Seat>,
    /// Sold places of a standing section; 0 for a seated one.
    pub standing_sold: u32,
}

/// Reads what Redis must know to sell an event; `None` when there is no such event.
///
/// # Errors
///
/// See [`Error`].
pub async fn event_to_open<D: Database>(
    database: &D,
    event: EventId,
) -> Result<Option<EventToOpen>, Error> {
    let mut found =
        rows(database, "event_to_open", STATEMENT, vec![event.to_string().into()]).await?;
    let Some(mut row) = found.next() else {
        return Ok(None);
    };
    Ok(Some(EventToOpen { event: row.document()?, sold: row.document()? }))
}
