//! Begins a new life of an event in Redis.

use domain::id::EventId;

use crate::database::Database;
use crate::error::Error;
use crate::row::rows;

const STATEMENT: &str = "SELECT generation FROM boxoffice.next_generation($1::text::uuid)";

/// Raises an event's generation and returns the new one; `None` when there is no such event.
///
/// Called before an event is rebuilt in Redis while an older state may still be there: the newer
/// generation replaces it, and writers of the older one are refused. Not needed when Redis has
/// nothing of the event. Repeating a call only skips a number.
///
/// # Errors
///
/// See [`Error`].
pub async fn next_generation<D: Database>(
    database: &D,
    event: EventId,
) -> Result<Option<i64>, Error> {
    let mut found =
        rows(database, "next_generation", STATEMENT, vec![event.to_string().into()]).await?;
    found.next().map(|mut row| row.integer()).transpose()
}
