//! Reads one event.

use domain::id::EventId;

use crate::database::Database;
use crate::error::Error;
use crate::events::event::StoredEvent;
use crate::row::rows;

const STATEMENT: &str = "SELECT document FROM boxoffice.find_event($1::text::uuid)";

/// Reads one event; `None` when there is none. A cancelled event is found.
///
/// # Errors
///
/// See [`Error`].
pub async fn find_event<D: Database>(
    database: &D,
    event: EventId,
) -> Result<Option<StoredEvent>, Error> {
    let mut found = rows(database, "find_event", STATEMENT, vec![event.to_string().into()]).await?;
    found.next().map(|mut row| row.document()).transpose()
}
