//! Reads the news for those who wait.

use std::time::Duration;

use cluster::{Cluster, DedicatedConnection, Reply, Transport};
use domain::feed::{FeedEntry, FeedId};
use domain::id::EventId;

use crate::call::{ENTRIES_MAX, Fields, REPLY_TIME, parse_entries, wait_for_entries};
use crate::{Error, keys};

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
    let replies = wait_for_entries(cluster, connection, &key, cursor, patience).await?;
    parse(replies)
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
        ENTRIES_MAX.into(),
        "STREAMS".into(),
        key.clone().into(),
        cursor.to_string().into(),
    ];
    let replies = cluster.execute(&key, "XREAD", arguments, deadline).await?;
    parse(replies)
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

fn parse(replies: Vec<Reply>) -> Result<Vec<FeedEntry>, Error> {
    let entries = parse_entries(&replies, FeedEntry::parse);
    entries.ok_or_else(|| Fields::new("XREAD", replies).unexpected())
}
