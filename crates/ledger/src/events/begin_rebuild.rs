//! Begins a new life of an event in Redis.

use domain::id::EventId;

use crate::database::Database;
use crate::error::Error;
use crate::events::event::StoredEvent;
use crate::events::lease_rebuild::REBUILD_LEASE_MS;
use crate::row::rows;

const STATEMENT: &str = "SELECT document, queue_ceiling, queue_served \
     FROM boxoffice.begin_rebuild($1::text::uuid, $2::bigint, $3::bigint, $4::bigint)";

/// What a rebuild begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuild {
    /// The event, with the new generation.
    pub event: StoredEvent,
    /// The last queue number that was handed out; 0 when nobody has ever joined.
    pub queue_ceiling: i64,
    /// The highest place that was let in, as `draw * 2^32 + number`.
    pub queue_served: i64,
}

/// Raises the generation of `event` from `generation` to `next`, or goes on with the same one;
/// `None` when somebody else has raised it.
///
/// # Errors
///
/// See [`Error`].
pub async fn begin_rebuild<D: Database>(
    database: &D,
    event: EventId,
    generation: i64,
    next: i64,
) -> Result<Option<Rebuild>, Error> {
    let parameters =
        vec![event.to_string().into(), generation.into(), next.into(), REBUILD_LEASE_MS.into()];
    let mut found = rows(database, "begin_rebuild", STATEMENT, parameters).await?;
    let Some(mut row) = found.next() else { return Ok(None) };
    Ok(Some(Rebuild {
        event: row.document()?,
        queue_ceiling: row.count()?,
        queue_served: row.count()?,
    }))
}
