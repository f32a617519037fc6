//! Tells the operator what the payment provider refuses for good.

use std::fmt::Display;

use ledger::Database;

/// How long one cause is told only once, in ms: while a key is wrong every payment is refused, and
/// the first line says all.
pub(crate) const TOLD_EVERY_MS: i64 = 10 * 60 * 1_000;

/// Counts a refusal of `operation` for the metrics. Returns whether an operator has to be told,
/// which is also so when it could not be counted.
pub async fn note_refusal<D: Database>(
    database: &D,
    operation: &str,
    cause: &impl Display,
) -> bool {
    let cause = cause.to_string();
    ledger::note_provider_refusal(database, operation, &cause, TOLD_EVERY_MS).await.unwrap_or(true)
}
