//! Reads how far the door of an event is.

use domain::id::EventId;

use crate::database::Database;
use crate::error::Error;
use crate::row::rows;

const STATEMENT: &str =
    "SELECT sold, admitted, cancelled FROM boxoffice.checkin_counts($1::text::uuid)";

/// Tickets of an event by what they are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckInCounts {
    /// Sold and not cancelled, used or not.
    pub sold: u64,
    /// Of these: whose bearers are in.
    pub admitted: u64,
    /// Cancelled, used before or not.
    pub cancelled: u64,
}

/// Reads how far the door of an event is; `None` without such an event.
///
/// # Errors
///
/// See [`Error`].
pub async fn checkin_counts<D: Database>(
    database: &D,
    event: EventId,
) -> Result<Option<CheckInCounts>, Error> {
    let parameters = vec![event.to_string().into()];
    let mut found = rows(database, "checkin_counts", STATEMENT, parameters).await?;
    let Some(mut row) = found.next() else { return Ok(None) };
    let counts =
        CheckInCounts { sold: row.count()?, admitted: row.count()?, cancelled: row.count()? };
    Ok(Some(counts))
}
