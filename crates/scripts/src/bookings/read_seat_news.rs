//! Reads the news for those who follow seats, over a connection of the reader's own.

use std::time::Duration;

use cluster::{Argument, Cluster, DedicatedConnection, Transport};
use domain::feed::{EndReason, FeedId};
use domain::id::EventId;
use domain::seat_news::SeatEntry;

use crate::bookings::watch_seats::end_of_sale;
use crate::call::{Fields, REPLY_TIME, parse_entries, wait_for_entries};
use crate::registry::KeyedScript;
use crate::{Error, keys, registry};

/// Where the news of an event stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeatWatch {
    /// The newest of them.
    pub version: FeedId,
    /// Their serial number.
    pub serial: i64,
    /// Why the seats change no more.
    pub end: Option<EndReason>,
}

/// Has changes of maps published for some time to come; nothing when the event is not open in
/// Redis. To be called before each [`read_seat_news`].
///
/// # Errors
///
/// See [`Error`].
pub async fn renew_watch<T: Transport>(
    cluster: &Cluster<T>,
    connection: &mut DedicatedConnection<T::Connection>,
    event: EventId,
) -> Result<Option<SeatWatch>, Error> {
    let KeyedScript { script, keys } = registry::renew_watch(event);
    // In full: it is short, rare, and no node has to know it.
    let mut arguments: Vec<Argument> = vec![script.source.into(), keys.len().to_string().into()];
    arguments.extend(keys.iter().map(|key| key.as_str().into()));
    let key = keys::settings(event);
    let replies =
        cluster.execute_dedicated(connection, &key, "EVAL", arguments, REPLY_TIME).await?;
    let reply = Fields::new(script.name, replies);
    match reply.outcome()? {
        "watched" => Ok(Some(SeatWatch {
            end: end_of_sale(&reply, 1)?,
            version: reply.parse(2)?,
            serial: reply.integer(3)?,
        })),
        "event_missing" => Ok(None),
        _ => Err(reply.unexpected()),
    }
}

/// Waits up to `patience` for news after `cursor` and returns them, oldest first; none when there
/// are none in that time. `connection` is blocked meanwhile, so nobody else may use it; it is
/// opened when it is not open, and left closed after an error.
///
/// # Errors
///
/// See [`Error`].
pub async fn read_seat_news<T: Transport>(
    cluster: &Cluster<T>,
    connection: &mut DedicatedConnection<T::Connection>,
    event: EventId,
    cursor: FeedId,
    patience: Duration,
) -> Result<Vec<SeatEntry>, Error> {
    let key = keys::seat_news(event);
    let replies = wait_for_entries(cluster, connection, &key, cursor, patience).await?;
    let entries = parse_entries(&replies, SeatEntry::parse);
    entries.ok_or_else(|| Fields::new("XREAD", replies).unexpected())
}
