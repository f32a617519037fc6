//! Reads the clock by which the scripts of an event decide.

use std::time::Duration;

use cluster::{Cluster, Transport};
use domain::id::EventId;
use domain::time::Instant;

use crate::call::Fields;
use crate::{Error, keys};

/// The time on the node of `event`, whether the event is open there or not.
///
/// # Errors
///
/// See [`Error`].
pub async fn read_clock<T: Transport>(
    cluster: &Cluster<T>,
    event: EventId,
    deadline: Duration,
) -> Result<Instant, Error> {
    let key = keys::settings(event);
    let replies = cluster.execute(&key, "TIME", Vec::new(), deadline).await?;
    let seconds = match &replies[..] {
        [seconds, _microseconds] => seconds.text().and_then(|text| text.parse::<i64>().ok()),
        _ => None,
    };
    match seconds {
        Some(seconds) => Ok(Instant::from_unix_ms(seconds.saturating_mul(1_000))),
        None => Err(Fields::new("TIME", replies).unexpected()),
    }
}
