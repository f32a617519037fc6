//! Lists the events that the worker serves.

use domain::id::EventId;

use crate::database::Database;
use crate::error::Error;
use crate::row::rows;

/// Events that one run of the worker serves at most.
///
/// A run admits for each event every second; at one millisecond per event a thousand fill it.
pub const EVENTS_SERVED_MAX: u32 = 1000;

const STATEMENT: &str = "SELECT event_id FROM boxoffice.events_to_serve($1::bigint)";

/// Lists events that are not cancelled and ended less than an hour ago: first those on sale, or on
/// sale within a minute, and else in another order each time, so that where a run cannot serve all
/// of them each has its turn. The hour leaves time for the last holds to expire and the journal to
/// be drained.
///
/// # Errors
///
/// See [`Error`].
pub async fn events_to_serve<D: Database>(database: &D) -> Result<Vec<EventId>, Error> {
    rows(database, "events_to_serve", STATEMENT, vec![EVENTS_SERVED_MAX.into()])
        .await?
        .map(|mut row| row.parsed())
        .collect()
}
