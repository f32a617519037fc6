//! Takes those out of the line who were not seen for long.

use std::time::Duration;

use cluster::{Cluster, Transport};
use domain::id::EventId;

use crate::call::call;
use crate::{Error, registry};

/// Users swept by one call at most; the script itself takes no more.
pub const SWEPT_AT_ONCE_MAX: u32 = 1_000;

/// Takes users out of the line who were not seen for as long as the event's settings say, `limit`
/// at most. Their places are kept until the line passes them. Returns how many; 0 as well when the
/// event is not open in Redis.
///
/// # Errors
///
/// See [`Error`].
pub async fn sweep_absent<T: Transport>(
    cluster: &Cluster<T>,
    event: EventId,
    limit: u32,
    deadline: Duration,
) -> Result<i64, Error> {
    let script = registry::sweep_absent(event);
    let arguments = vec![i64::from(limit).into()];
    let reply = call(cluster, script, arguments, deadline).await?;
    match reply.outcome()? {
        "ok" => reply.integer(1),
        "event_missing" => Ok(0),
        _ => Err(reply.unexpected()),
    }
}
