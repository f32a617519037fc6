//! Finds out whether an event is sold out, and notes it.

use domain::id::EventId;

use crate::database::Database;
use crate::error::Error;
use crate::row::one_row;

const STATEMENT: &str = "SELECT changed FROM boxoffice.mark_sold_out($1::text::uuid, $2::boolean)";

/// Notes whether all places of an event are sold. Whoever sells or frees places calls this after
/// the commit; `sold_out` is what it has seen, and only where the note says something else Postgres
/// counts. Returns whether the note has changed. It is for readers: no sale depends on it.
///
/// # Errors
///
/// See [`Error`].
pub async fn mark_sold_out<D: Database>(
    database: &D,
    event: EventId,
    sold_out: bool,
) -> Result<bool, Error> {
    let parameters = vec![event.to_string().into(), sold_out.into()];
    one_row(database, "mark_sold_out", STATEMENT, parameters).await?.boolean()
}
