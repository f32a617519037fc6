//! Ends a rebuild.

use domain::id::EventId;

use crate::database::Database;
use crate::error::Error;
use crate::row::one_row;

const STATEMENT: &str =
    "SELECT finished FROM boxoffice.finish_rebuild($1::text::uuid, $2::bigint, $3::boolean)";

/// Gives the lease of `generation` back; says whether there was one. `rebuilt` counts a rebuild;
/// without it the event was not lost after all.
///
/// # Errors
///
/// See [`Error`].
pub async fn finish_rebuild<D: Database>(
    database: &D,
    event: EventId,
    generation: i64,
    rebuilt: bool,
) -> Result<bool, Error> {
    let parameters = vec![event.to_string().into(), generation.into(), rebuilt.into()];
    one_row(database, "finish_rebuild", STATEMENT, parameters).await?.boolean()
}
