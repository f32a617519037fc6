//! Lists sagas, newest first.

use domain::time::Instant;

use crate::PAGE_ROWS_MAX;
use crate::database::{Database, Value};
use crate::error::Error;
use crate::row::rows;
use crate::worker::saga::{SAGA_COLUMNS, Saga, SagaStatus, read_saga};

/// Which sagas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListSagas<'a> {
    /// Where they stand.
    pub status: SagaStatus,
    /// Rows of the page: 1 to [`PAGE_ROWS_MAX`]; anything else is brought into that range.
    pub limit: u32,
    /// [`SagaPage::next_cursor`] of the page before; `None` for the first page.
    pub cursor: Option<&'a str>,
}

/// A page of sagas, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SagaPage {
    /// The sagas.
    pub sagas: Vec<Saga>,
    /// Where the next page begins; `None` on the last page.
    pub next_cursor: Option<String>,
}

/// Lists sagas of one status, newest first.
///
/// # Errors
///
/// [`Error::InvalidCursor`] when the cursor is not ours; see [`Error`].
pub async fn list_sagas<D: Database>(
    database: &D,
    request: &ListSagas<'_>,
) -> Result<SagaPage, Error> {
    let before = request.cursor.map(read_cursor).transpose()?;
    let limit = request.limit.clamp(1, PAGE_ROWS_MAX);
    let statement = format!(
        "SELECT {SAGA_COLUMNS} FROM boxoffice.list_sagas(\
         $1::text, $2::bigint, $3::bigint, $4::text)"
    );
    let parameters = vec![
        request.status.as_str().into(),
        // One row more than the page tells whether there is a next one.
        limit.saturating_add(1).into(),
        Value::from(before.map(|(created_at_ms, _)| created_at_ms)),
        Value::from(before.map(|(_, id)| id)),
    ];
    let mut sagas = rows(database, "list_sagas", &statement, parameters)
        .await?
        .map(|mut row| read_saga(&mut row))
        .collect::<Result<Vec<_>, _>>()?;
    let more = sagas.len() > limit as usize;
    sagas.truncate(limit as usize);
    let next_cursor = sagas
        .last()
        .filter(|_| more)
        .map(|saga| format!("{}.{}", saga.created_at.unix_ms(), saga.id));
    Ok(SagaPage { sagas, next_cursor })
}

fn read_cursor(cursor: &str) -> Result<(i64, &str), Error> {
    let (created_at_ms, id) = cursor.split_once('.').ok_or(Error::InvalidCursor)?;
    let created_at_ms: i64 = created_at_ms.parse().map_err(|_| Error::InvalidCursor)?;
    // Out of this range Postgres has no timestamp for it; a text with a NUL it cannot take.
    let in_range = Instant::from_unix_ms(created_at_ms).unix_ms() == created_at_ms;
    if in_range && !id.contains('\0') { Ok((created_at_ms, id)) } else { Err(Error::InvalidCursor) }
}
