//! Asks whether the ledger answers.

use crate::database::Database;
use crate::error::Error;
use crate::row::one_row;

const STATEMENT: &str = "SELECT writable FROM boxoffice.ping()";

/// How the ledger is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ping {
    /// Whether sales can be committed: not a standby, not switched to read-only.
    pub writable: bool,
}

/// Asks whether the ledger answers, has its schema, and can be written to.
///
/// # Errors
///
/// See [`Error`].
pub async fn ping<D: Database>(database: &D) -> Result<Ping, Error> {
    let mut row = one_row(database, "ping", STATEMENT, vec![]).await?;
    Ok(Ping { writable: row.boolean()? })
}
