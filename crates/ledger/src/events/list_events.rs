//! Lists events, newest first.

use domain::id::EventId;

use crate::PAGE_ROWS_MAX;
use crate::database::{Database, Value};
use crate::error::Error;
use crate::events::event::StoredEvent;
use crate::row::rows;

const STATEMENT: &str =
    "SELECT document FROM boxoffice.list_events($1::bigint, $2::text::uuid, $3::boolean)";

/// Which events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListEvents<'a> {
    /// Rows of the page: 1 to [`PAGE_ROWS_MAX`]; anything else is brought into that range.
    pub limit: u32,
    /// [`EventPage::next_cursor`] of the page before; `None` for the first page.
    pub cursor: Option<&'a str>,
    /// Leave out events that are cancelled or over.
    pub active_only: bool,
}

/// A page of events, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventPage {
    /// The events.
    pub events: Vec<StoredEvent>,
    /// Where the next page begins; `None` on the last page.
    pub next_cursor: Option<String>,
}

/// Lists events, newest first. Ids are UUIDs version 7, so their order is the order of creation,
/// and an event that is added meanwhile shifts no later page.
///
/// # Errors
///
/// [`Error::InvalidCursor`] when the cursor is not ours; see [`Error`].
pub async fn list_events<D: Database>(
    database: &D,
    request: &ListEvents<'_>,
) -> Result<EventPage, Error> {
    let before =
        request.cursor.map(str::parse::<EventId>).transpose().map_err(|_| Error::InvalidCursor)?;
    let limit = request.limit.clamp(1, PAGE_ROWS_MAX);
    let parameters = vec![
        // One row more than the page tells whether there is a next one.
        limit.saturating_add(1).into(),
        Value::from(before.map(|event| event.to_string())),
        request.active_only.into(),
    ];
    let mut events = rows(database, "list_events", STATEMENT, parameters)
        .await?
        .map(|mut row| row.document::<StoredEvent>())
        .collect::<Result<Vec<_>, _>>()?;
    let more = events.len() > limit as usize;
    events.truncate(limit as usize);
    let last = events.last().filter(|_| more);
    let next_cursor = last.map(|event| event.id.to_string());
    Ok(EventPage { events, next_cursor })
}
