//! Notes that a provider event has had its effect.

use crate::database::Database;
use crate::error::Error;
use crate::row::one_row;

const STATEMENT: &str = "SELECT finished FROM boxoffice.finish_provider_event($1::text, $2::text)";

/// Notes that a provider event has had its effect, and which (`outcome`, a word for people who
/// look into the ledger). Returns whether this call finished it; the first outcome stays.
///
/// # Errors
///
/// See [`Error`].
pub async fn finish_provider_event<D: Database>(
    database: &D,
    id: &str,
    outcome: &str,
) -> Result<bool, Error> {
    let parameters = vec![id.into(), outcome.into()];
    one_row(database, "finish_provider_event", STATEMENT, parameters).await?.boolean()
}
