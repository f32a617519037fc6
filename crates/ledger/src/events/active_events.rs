//! Lists the events in which something can still happen.

use domain::id::EventId;

use crate::database::Database;
use crate::error::Error;
use crate::row::rows;

/// Events of one list: no caller looks at more.
pub const ACTIVE_EVENTS_MAX: u32 = 1000;

const STATEMENT: &str = "SELECT event_id FROM boxoffice.active_events($1::bigint)";

/// Lists the events that are not cancelled and ended less than an hour ago, those that end first
/// at the front.
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
