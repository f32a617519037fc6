//! Messages that are to be told to others, each at least once.

use crate::database::{Database, Value};
use crate::error::Error;
use crate::row::{Row, one_row, rows};

/// For how long a message that was taken is left alone, in ms: longer than a delivery may take.
pub const MESSAGE_LEASE_MS: u32 = 15_000;

const CLAIM: &str = "SELECT id, payload, attempts FROM boxoffice.claim_due_messages(\
     $1::bigint, $2::bigint)";
const NOTE: &str = "SELECT noted FROM boxoffice.note_message($1::text, $2::text, $3::bigint)";

/// A message to deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueMessage {
    /// The same in every delivery.
    pub id: String,
    /// JSON: `{type, timestamp, data}`.
    pub payload: String,
    /// How often it was tried.
    pub attempts: u32,
}

/// Takes up to `limit` messages that are due, the longest due first, and lets each rest for
/// [`MESSAGE_LEASE_MS`].
///
/// # Errors
///
/// See [`Error`].
pub async fn claim_due_messages<D: Database>(
    database: &D,
    limit: u32,
) -> Result<Vec<DueMessage>, Error> {
    let parameters = vec![limit.into(), MESSAGE_LEASE_MS.into()];
    rows(database, "claim_due_messages", CLAIM, parameters)
        .await?
        .map(|mut row| read_message(&mut row))
        .collect()
}

fn read_message(row: &mut Row) -> Result<DueMessage, Error> {
    Ok(DueMessage { id: row.text()?, payload: row.text()?, attempts: row.count()? })
}

/// Notes that a message was delivered. Returns false when that was known.
///
/// # Errors
///
/// See [`Error`].
pub async fn note_delivered<D: Database>(database: &D, id: &str) -> Result<bool, Error> {
    note(database, id, None, 0).await
}

/// Notes why a delivery failed, and that it is tried again after `rest_ms`.
///
/// # Errors
///
/// See [`Error`].
pub async fn note_undelivered<D: Database>(
    database: &D,
    id: &str,
    error: &str,
    rest_ms: u64,
) -> Result<bool, Error> {
    note(database, id, Some(error), rest_ms).await
}

async fn note<D: Database>(
    database: &D,
    id: &str,
    error: Option<&str>,
    rest_ms: u64,
) -> Result<bool, Error> {
    let rest_ms = i64::try_from(rest_ms).unwrap_or(i64::MAX);
    let parameters = vec![id.into(), Value::from(error), rest_ms.into()];
    one_row(database, "note_message", NOTE, parameters).await?.boolean()
}
