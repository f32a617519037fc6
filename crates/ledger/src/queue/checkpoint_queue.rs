//! Notes how far a queue was let in.

use domain::id::EventId;

use crate::database::Database;
use crate::error::Error;
use crate::row::one_row;

const STATEMENT: &str = "SELECT raised FROM boxoffice.checkpoint_queue($1::text::uuid, $2::bigint)";

/// Keeps `served`, the highest place that was let in as `draw * 2^32 + number`, unless a higher one
/// is kept. Says whether it was news.
///
/// # Errors
///
/// See [`Error`].
pub async fn checkpoint_queue<D: Database>(
    database: &D,
    event: EventId,
    served: i64,
) -> Result<bool, Error> {
    let parameters = vec![event.to_string().into(), served.into()];
    one_row(database, "checkpoint_queue", STATEMENT, parameters).await?.boolean()
}
