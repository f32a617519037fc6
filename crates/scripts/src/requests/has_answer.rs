//! Whether an event keeps the answer to a request.

use std::time::Duration;

use cluster::{Cluster, Transport};
use domain::id::EventId;

use crate::call::Fields;
use crate::{Error, keys};

/// Whether a script of `event` has done the work of a request with this entry, see
/// [`Idempotency`](crate::Idempotency).
///
/// # Errors
///
/// See [`Error`].
pub async fn has_answer<T: Transport>(
    cluster: &Cluster<T>,
    event: EventId,
    entry: &str,
    deadline: Duration,
) -> Result<bool, Error> {
    let key = keys::answers(event);
    let arguments = vec![key.clone().into(), entry.into()];
    let replies = cluster.execute(&key, "HEXISTS", arguments, deadline).await?;
    Ok(Fields::new("HEXISTS", replies).integer(0)? == 1)
}
