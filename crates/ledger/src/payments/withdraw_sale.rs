//! Undoes a sale whose authorisation ended before its money was taken.

use crate::database::Database;
use crate::error::Error;
use crate::row::one_row;

const STATEMENT: &str = "SELECT outcome FROM boxoffice.withdraw_sale($1::text)";

/// Undoes the sale that `payment` made, when the provider has ended its authorisation before the
/// money was taken: the booking is cancelled and its places are for sale again. Returns whether
/// this call did.
///
/// # Errors
///
/// See [`Error`].
pub async fn withdraw_sale<D: Database>(database: &D, payment: &str) -> Result<bool, Error> {
    let mut row = one_row(database, "withdraw_sale", STATEMENT, vec![payment.into()]).await?;
    match row.text()?.as_str() {
        "withdrawn" => Ok(true),
        "not_kept" | "not_canceled" => Ok(false),
        other => Err(row.unexpected(format!("outcome {other:?}"))),
    }
}
