//! Lets one of many instances look after an event that Redis has lost.

use domain::id::EventId;

use crate::database::Database;
use crate::error::Error;
use crate::row::one_row;

/// Life of the lease, renewed with each page that is read: longer than one page takes, short
/// enough that the next instance comes soon when this one dies.
pub const REBUILD_LEASE_MS: i64 = 2_500;

const STATEMENT: &str =
    "SELECT outcome, generation FROM boxoffice.lease_rebuild($1::text::uuid, $2::bigint)";

/// What [`lease_rebuild`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseOutcome {
    /// This caller looks after the event, whose generation is this so far.
    Leased {
        /// The generation before the rebuild.
        generation: i64,
    },
    /// Another instance does.
    Busy,
    /// No such event.
    EventMissing,
}

/// Takes the lease for rebuilding `event`. It saves work, and nothing depends on it: two builders
/// have two generations, and the newer one wins.
///
/// # Errors
///
/// See [`Error`].
pub async fn lease_rebuild<D: Database>(
    database: &D,
    event: EventId,
) -> Result<LeaseOutcome, Error> {
    let parameters = vec![event.to_string().into(), REBUILD_LEASE_MS.into()];
    let mut row = one_row(database, "lease_rebuild", STATEMENT, parameters).await?;
    match row.text()?.as_str() {
        "leased" => Ok(LeaseOutcome::Leased { generation: row.integer()? }),
        "busy" => Ok(LeaseOutcome::Busy),
        "event_missing" => Ok(LeaseOutcome::EventMissing),
        other => Err(row.unexpected(format!("outcome {other:?}"))),
    }
}
