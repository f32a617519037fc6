//! Sets a saga going again.

use crate::database::Database;
use crate::error::Error;
use crate::row::rows;
use crate::worker::saga::{SAGA_COLUMNS, Saga, read_saga};

/// Sets the saga `id` going again, now and from its first attempt; one that is done stays done.
/// Returns it as it is then; `None` when there is none.
///
/// # Errors
///
/// See [`Error`].
pub async fn retry_saga<D: Database>(database: &D, id: &str) -> Result<Option<Saga>, Error> {
    let statement = format!("SELECT {SAGA_COLUMNS} FROM boxoffice.retry_saga($1::text)");
    let mut found = rows(database, "retry_saga", &statement, vec![id.into()]).await?;
    found.next().map(|mut row| read_saga(&mut row)).transpose()
}
