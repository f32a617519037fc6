//! Reads whole hashes and sorted sets of an event, page by page: for audits, which look twice.
//!
//! What changes while it is read may be seen as it was or as it is.

use std::collections::HashMap;
use std::time::Duration;

use cluster::{Cluster, Reply, Transport};
use domain::id::EventId;

use crate::call::Fields;
use crate::{Error, Hold, keys};

/// Entries of a page: a millisecond of Redis.
const PAGE_ENTRIES: i64 = 1_000;
/// Pages of one key: ten million entries.
const PAGES_MAX: usize = 10_000;

/// Who holds or owns which seat, see [`keys::holders`].
///
/// # Errors
///
/// See [`Error`].
pub async fn scan_holders<T: Transport>(
    cluster: &Cluster<T>,
    event: EventId,
    deadline: Duration,
) -> Result<HashMap<String, String>, Error> {
    scan(cluster, &keys::holders(event), "HSCAN", deadline).await
}

/// The unresolved bookings; [`Error::Protocol`] when one is damaged.
///
/// # Errors
///
/// See [`Error`].
pub async fn scan_bookings<T: Transport>(
    cluster: &Cluster<T>,
    event: EventId,
    deadline: Duration,
) -> Result<HashMap<String, Hold>, Error> {
    let records = scan(cluster, &keys::bookings(event), "HSCAN", deadline).await?;
    let parse = |(booking, record): (String, String)| {
        let damaged = || Error::protocol("HSCAN", &[]);
        let id = booking.parse().map_err(|_| damaged())?;
        let hold = Hold::parse(id, &record).map_err(|_| damaged())?;
        Ok((booking, hold))
    };
    records.into_iter().map(parse).collect()
}

/// Tickets of each buyer, held and bought.
///
/// # Errors
///
/// See [`Error`].
pub async fn scan_buyers<T: Transport>(
    cluster: &Cluster<T>,
    event: EventId,
    deadline: Duration,
) -> Result<HashMap<String, String>, Error> {
    scan(cluster, &keys::buyers(event), "HSCAN", deadline).await
}

/// Bookings that were resolved and are not drained yet, see [`keys::resolved`].
///
/// # Errors
///
/// See [`Error`].
pub async fn scan_resolved<T: Transport>(
    cluster: &Cluster<T>,
    event: EventId,
    deadline: Duration,
) -> Result<HashMap<String, String>, Error> {
    scan(cluster, &keys::resolved(event), "HSCAN", deadline).await
}

/// When each hold ends.
///
/// # Errors
///
/// See [`Error`].
pub async fn scan_expiry<T: Transport>(
    cluster: &Cluster<T>,
    event: EventId,
    deadline: Duration,
) -> Result<HashMap<String, String>, Error> {
    scan(cluster, &keys::expiry(event), "ZSCAN", deadline).await
}

/// A page is the next cursor, then name and value of each entry.
async fn scan<T: Transport>(
    cluster: &Cluster<T>,
    key: &str,
    command: &'static str,
    deadline: Duration,
) -> Result<HashMap<String, String>, Error> {
    let mut entries = HashMap::new();
    let mut cursor = "0".to_owned();
    for _ in 0..PAGES_MAX {
        let arguments = vec![key.into(), cursor.into(), "COUNT".into(), PAGE_ENTRIES.into()];
        let replies = cluster.execute(key, command, arguments, deadline).await?;
        let Some((next, page)) = replies.split_first() else {
            return Err(Error::protocol(command, &replies));
        };
        for pair in page.chunks(2) {
            let [name, value] = pair else { return Err(Error::protocol(command, pair)) };
            let (Some(name), Some(value)) = (name.text(), value.text()) else {
                return Err(Error::protocol(command, pair));
            };
            entries.insert(name.to_owned(), value.to_owned());
        }
        cursor = Reply::text(next).map(str::to_owned).unwrap_or_default();
        if cursor == "0" {
            return Ok(entries);
        }
    }
    Err(Fields::new(command, Vec::new()).unexpected())
}
