//! Counts what is still to do.

use crate::database::Database;
use crate::error::Error;
use crate::row::rows;

const STATEMENT: &str = "SELECT kind, subject, total, oldest_s FROM boxoffice.open_work()";

/// So much of one kind of work that is still to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenWork {
    /// `saga_running`, `saga_dead`, `outbox`, `letter` or `letter_dead`.
    pub kind: String,
    /// The kind of saga, message or letter.
    pub subject: String,
    /// How many.
    pub count: i64,
    /// Age of the oldest, in s.
    pub oldest_s: i64,
}

/// Counts sagas that run or are dead, messages that were not delivered, and letters that wait or
/// are dead. Kinds without any are left out.
///
/// # Errors
///
/// See [`Error`].
pub async fn open_work<D: Database>(database: &D) -> Result<Vec<OpenWork>, Error> {
    rows(database, "open_work", STATEMENT, vec![])
        .await?
        .map(|mut row| {
            Ok(OpenWork {
                kind: row.text()?,
                subject: row.text()?,
                count: row.integer()?,
                oldest_s: row.integer()?,
            })
        })
        .collect()
}
