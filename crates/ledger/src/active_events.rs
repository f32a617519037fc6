//! Lists the events that the worker serves.

use domain::id::EventId;

use crate::database::Database;
use crate::error::Error;
use crate::row::rows;

/// Events that one run of the worker serves at most.
///
/// A run admits for each event every second; at one millisecond per event a thousand fill it.
pub const ACTIVE_EVENTS_MAX: u32 = 1000;

const STATEMENT: &str = "SELECT event_id FROM boxoffice.active_events($1::bigint)";

/// Lists the events that are not cancelled and ended less than an hour ago, those that end first
/// at the front. The hour leaves time for the last holds to expire and the journal to be drained.
///
/// # Errors
///
/// See [`Error`].
pub async fn active_events<D: Database>(database: &D) -> Result<Vec<EventId>, Error> {
    rows(database, "active_events", STATEMENT, vec![ACTIVE_EVENTS_MAX.into()])
        .await?
        .map(|mut row| row.parsed())
        .collect()
}
