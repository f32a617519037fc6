//! Reads the news for those who wait.

use std::time::Duration;

use cluster::{Cluster, DedicatedConnection, Reply, Transport};
use domain::feed::{FeedEntry, FeedId};
use domain::id::EventId;

use crate::call::Fields;
use crate::{Error, keys};

/// News read at once at most. A reader is rarely more than a second behind; the script that lets
/// users in tells of up to a thousand of them with one.
const NEWS_MAX: i64 = 500;

/// The time a node may take on top of the time that it is asked to wait.
const REPLY_TIME: Duration = Duration::from_millis(1_000);

/// Waits up to `patience` for news after `cursor` and returns them, oldest first; none when there
/// are none in that time. `connection` is blocked meanwhile, so nobody else may use it; it is
/// opened when it is not open, and left closed after an error.
///
/// # Errors
///
/// See [`Error`].
pub async fn read_feed<T: Transport>(
    cluster: &Cluster<T>,
    connection: &mut DedicatedConnection<T::Connection>,
    event: EventId,
    cursor: FeedId,
    patience: Duration,
) -> Result<Vec<FeedEntry>, Error> {
    let key = keys::feed(event);
    let block_ms = i64::try_from(patience.as_millis()).unwrap_or(i64::MAX);
    let arguments = vec![
        "BLOCK".into(),
        block_ms.into(),
        "COUNT".into(),
        NEWS_MAX.into(),
        "STREAMS".into(),
        key.clone().into(),
        cursor.to_string().into(),
    ];
    let limit = patience + REPLY_TIME;
    let replies = cluster.execute_dedicated(connection, &key, "XREAD", arguments, limit).await?;
    parse(&replies).ok_or_else(|| Fields::new("XREAD", replies).unexpected())
}

/// The news after `cursor` that are there, oldest first, without waiting for any.
///
/// # Errors
///
/// See [`Error`].
pub async fn peek_feed<T: Transport>(
    cluster: &Cluster<T>,
    event: EventId,
    cursor: FeedId,
    deadline: Duration,
) -> Result<Vec<FeedEntry>, Error> {
    let key = keys::feed(event);
    let arguments = vec![
        "COUNT".into(),
        NEWS_MAX.into(),
        "STREAMS".into(),
        key.clone().into(),
        cursor.to_string().into(),
    ];
    let replies = cluster.execute(&key, "XREAD", arguments, deadline).await?;
    parse(&replies).ok_or_else(|| Fields::new("XREAD", replies).unexpected())
}

/// The serial number of the newest news, over the same connection.
///
/// # Errors
///
/// See [`Error`].
pub async fn newest_serial<T: Transport>(
    cluster: &Cluster<T>,
    connection: &mut DedicatedConnection<T::Connection>,
    event: EventId,
) -> Result<i64, Error> {
    let key = keys::counts(event);
    let arguments = vec![key.clone().into(), "told".into()];
    let replies =
        cluster.execute_dedicated(connection, &key, "HGET", arguments, REPLY_TIME).await?;
    match replies.first() {
        None | Some(Reply::Nil) => Ok(0),
        Some(serial) => {
            serial.integer().ok_or_else(|| Fields::new("HGET", replies.clone()).unexpected())
        }
    }
}

/// Nil, or the key and then for each entry its id, the field name `e` and the text.
fn parse(replies: &[Reply]) -> Option<Vec<FeedEntry>> {
    if matches!(replies, [] | [Reply::Nil]) {
        return Some(Vec::new());
    }
    let (_key, entries) = replies.split_first()?;
    let entry = |entry: &[Reply]| match entry {
        [id, field, text] if field.text()? == "e" => {
            FeedEntry::parse(id.text()?.parse().ok()?, text.text()?)
        }
        _ => None,
    };
    entries.chunks(3).map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Reply {
        Reply::Bytes(text.as_bytes().to_vec())
    }

    #[test]
    fn a_flat_reply_is_read_entry_by_entry() {
        let replies = ["box:{e}:feed", "7-0", "e", "1 left 5", "7-1", "e", "2 left 9"].map(bytes);
        let entries = parse(&replies).unwrap();
        assert_eq!(entries.iter().map(|entry| entry.serial).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(parse(&[Reply::Nil]), Some(vec![]));
        assert_eq!(parse(&replies[..6]), None);
    }
}
