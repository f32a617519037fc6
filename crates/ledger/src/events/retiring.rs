//! Takes the keys of events that are over out of Redis: which ones are due, and that it is done.

use domain::id::EventId;

use crate::database::Database;
use crate::error::Error;
use crate::row::{one_row, rows};

/// Events of one list: one list a second is enough for a stock of years to be gone within hours.
pub const EVENTS_RETIRED_MAX: u32 = 100;

/// How long an event is over before its keys get an end, in ms: an hour, as long as the worker
/// serves it. So the last holds have expired and the journal is drained.
pub const RETIRE_AFTER_MS: i64 = 3_600_000;

const LIST: &str =
    "SELECT event_id, generation FROM boxoffice.events_to_retire($1::bigint, $2::bigint)";
const NOTE: &str = "SELECT noted FROM boxoffice.note_retired($1::text::uuid, $2::bigint)";

/// An event whose keys in Redis are to get an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventToRetire {
    /// The event.
    pub event: EventId,
    /// Its present life in Redis.
    pub generation: i64,
}

/// Lists at most [`EVENTS_RETIRED_MAX`] events that ended, or were cancelled, [`RETIRE_AFTER_MS`]
/// ago and whose keys have no end yet, in any order. They stay in the list until
/// [`note_retired`].
///
/// # Errors
///
/// See [`Error`].
pub async fn events_to_retire<D: Database>(database: &D) -> Result<Vec<EventToRetire>, Error> {
    let parameters = vec![RETIRE_AFTER_MS.into(), EVENTS_RETIRED_MAX.into()];
    rows(database, "events_to_retire", LIST, parameters)
        .await?
        .map(|mut row| Ok(EventToRetire { event: row.parsed()?, generation: row.integer()? }))
        .collect()
}

/// Notes that the keys of `due` have an end, or that there are none. Returns whether that was news.
/// It is not when a rebuild has made new keys meanwhile: then the event is due again.
///
/// # Errors
///
/// See [`Error`].
pub async fn note_retired<D: Database>(database: &D, due: EventToRetire) -> Result<bool, Error> {
    let parameters = vec![due.event.to_string().into(), due.generation.into()];
    one_row(database, "note_retired", NOTE, parameters).await?.boolean()
}
