//! Reads what a scanner needs of an event while it has no connection.

use domain::id::EventId;
use domain::ticket::TicketId;

use crate::database::Database;
use crate::error::Error;
use crate::row::rows;

const STATEMENT: &str = "SELECT version, cancelled FROM boxoffice.checkin_manifest($1::text::uuid)";

/// The cancelled tickets of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Grows with each ticket that is cancelled.
    pub version: i64,
    /// In order.
    pub cancelled: Vec<TicketId>,
}

/// Reads the cancelled tickets of an event; `None` without such an event.
///
/// # Errors
///
/// See [`Error`].
pub async fn checkin_manifest<D: Database>(
    database: &D,
    event: EventId,
) -> Result<Option<Manifest>, Error> {
    let parameters = vec![event.to_string().into()];
    let mut found = rows(database, "checkin_manifest", STATEMENT, parameters).await?;
    let Some(mut row) = found.next() else { return Ok(None) };
    let (version, ids) = (row.integer()?, row.text()?);
    let ids = ids.split(',').filter(|id| !id.is_empty()).map(str::parse);
    let cancelled = ids.collect::<Result<_, _>>();
    let cancelled = cancelled.map_err(|_| row.unexpected("an id that is not one of a ticket"))?;
    Ok(Some(Manifest { version, cancelled }))
}
