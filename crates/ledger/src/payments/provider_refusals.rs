//! Counts what the payment provider refuses for good.

use crate::database::Database;
use crate::error::Error;
use crate::row::{one_row, rows};

const NOTE: &str =
    "SELECT is_news FROM boxoffice.note_provider_refusal($1::text, $2::text, $3::bigint)";
const READ: &str = "SELECT operation, cause, total FROM boxoffice.provider_refusals_so_far()";

/// How often something was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderRefusals {
    /// The operation, such as `create`.
    pub operation: String,
    /// Why, in plain ASCII words.
    pub cause: String,
    /// How often, ever.
    pub total: i64,
}

/// Counts a refusal of `operation` because of `cause`. Returns whether it is news: the first of its
/// kind in `window_ms`, of which an operator has to hear.
///
/// # Errors
///
/// See [`Error`].
pub async fn note_provider_refusal<D: Database>(
    database: &D,
    operation: &str,
    cause: &str,
    window_ms: i64,
) -> Result<bool, Error> {
    let parameters = vec![operation.into(), cause.into(), window_ms.into()];
    one_row(database, "note_provider_refusal", NOTE, parameters).await?.boolean()
}

/// Every kind of refusal so far.
///
/// # Errors
///
/// See [`Error`].
pub async fn provider_refusals<D: Database>(database: &D) -> Result<Vec<ProviderRefusals>, Error> {
    rows(database, "provider_refusals_so_far", READ, vec![])
        .await?
        .map(|mut row| {
            Ok(ProviderRefusals {
                operation: row.text()?,
                cause: row.text()?,
                total: row.integer()?,
            })
        })
        .collect()
}
