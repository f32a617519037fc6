//! Notes that an event is sold out, or no longer.

use domain::id::EventId;

use crate::database::Database;
use crate::error::Error;
use crate::row::one_row;

const STATEMENT: &str = "SELECT changed FROM boxoffice.mark_sold_out($1::text::uuid, $2::boolean)";

/// Notes that all places of an event are sold, or that some are free again. Returns whether that
/// was news; an unknown event is none. The mark is for lists: no sale depends on it.
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
