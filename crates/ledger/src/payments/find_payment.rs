//! Reads one payment.

use crate::database::Database;
use crate::error::Error;
use crate::payments::payment::{StoredPayment, read_optional_payment};
use crate::row::rows;

const STATEMENT: &str = "SELECT payment FROM boxoffice.find_payment($1::text)";

/// Reads one payment; `None` when there is none.
///
/// # Errors
///
/// See [`Error`].
pub async fn find_payment<D: Database>(
    database: &D,
    payment: &str,
) -> Result<Option<StoredPayment>, Error> {
    let mut found = rows(database, "find_payment", STATEMENT, vec![payment.into()]).await?;
    match found.next() {
        Some(mut row) => read_optional_payment(&mut row),
        None => Ok(None),
    }
}
