//! Cancels an event.

use domain::id::EventId;

use crate::database::Database;
use crate::error::Error;
use crate::events::event::StoredEvent;
use crate::row::rows;

const STATEMENT: &str = "SELECT document FROM boxoffice.cancel_event($1::text::uuid)";

/// Cancels an event for good, and returns it as it is now; `None` when there is no such event.
/// It waits for sales that are being committed: once it has answered, no booking of the event
/// becomes confirmed.
///
/// # Errors
///
/// See [`Error`].
pub async fn cancel_event<D: Database>(
    database: &D,
    event: EventId,
) -> Result<Option<StoredEvent>, Error> {
    let mut found =
        rows(database, "cancel_event", STATEMENT, vec![event.to_string().into()]).await?;
    found.next().map(|mut row| row.document()).transpose()
}
