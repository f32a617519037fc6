//! Postgres errors as the guest sees them.

use tokio_postgres::error::DbError;

use crate::bindings::postgres::{DbError as GuestDbError, Error, QueryError};

/// The server's own error with its SQLSTATE, or the client's as text.
pub(super) fn query_failed(error: &tokio_postgres::Error) -> Error {
    let text = format!("{error:?}");
    Error::QueryFailed(match error.as_db_error() {
        None => QueryError::Text(text),
        Some(refusal) => QueryError::DbError(GuestDbError {
            as_text: text,
            severity: refusal.severity().to_owned(),
            code: refusal.code().code().to_owned(),
            message: refusal.message().to_owned(),
            detail: refusal.detail().map(str::to_owned),
            extras: extras(refusal),
        }),
    })
}

fn extras(refusal: &DbError) -> Vec<(String, String)> {
    let line = refusal.line().map(|line| line.to_string());
    [
        ("column", refusal.column()),
        ("constraint", refusal.constraint()),
        ("routine", refusal.routine()),
        ("hint", refusal.hint()),
        ("table", refusal.table()),
        ("datatype", refusal.datatype()),
        ("schema", refusal.schema()),
        ("file", refusal.file()),
        ("line", line.as_deref()),
        ("where_", refusal.where_()),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
    .collect()
}
