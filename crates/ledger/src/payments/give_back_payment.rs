//! Decides that a payment pays for nothing.

use crate::database::Database;
use crate::error::Error;
use crate::row::one_row;

const STATEMENT: &str = "SELECT decided FROM boxoffice.give_back_payment($1::text, $2::text)";

/// Decides that a payment can pay for nothing, unless something is decided already; `reason` is for
/// people who look into the ledger. Returns whether this call decided. Its saga gives it back.
///
/// # Errors
///
/// See [`Error`].
pub async fn give_back_payment<D: Database>(
    database: &D,
    payment: &str,
    reason: &str,
) -> Result<bool, Error> {
    let parameters = vec![payment.into(), reason.into()];
    one_row(database, "give_back_payment", STATEMENT, parameters).await?.boolean()
}
