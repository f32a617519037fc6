//! Chooses the events that are to be audited now.

use domain::id::EventId;

use crate::database::Database;
use crate::error::Error;
use crate::row::rows;

const STATEMENT: &str = "SELECT event_id FROM boxoffice.events_to_audit($1::bigint, $2::bigint)";

/// Chooses at most `limit` events that were not chosen for `every_ms`, the longest unaudited first.
/// Two workers get different ones.
///
/// # Errors
///
/// See [`Error`].
pub async fn events_to_audit<D: Database>(
    database: &D,
    every_ms: i64,
    limit: u32,
) -> Result<Vec<EventId>, Error> {
    rows(database, "events_to_audit", STATEMENT, vec![every_ms.into(), limit.into()])
        .await?
        .map(|mut row| row.parsed())
        .collect()
}
