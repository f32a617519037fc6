//! Forgets idempotency entries past their age.

use std::time::Duration;

use cluster::{Cluster, Transport};
use domain::id::EventId;

use crate::call::call;
use crate::{Error, registry};

/// Removes up to `limit` entries older than `max_age_ms`, 1000 a call at most; returns how many.
///
/// # Errors
///
/// See [`Error`].
pub async fn sweep_answers<T: Transport>(
    cluster: &Cluster<T>,
    event: EventId,
    max_age_ms: i64,
    limit: u32,
    deadline: Duration,
) -> Result<i64, Error> {
    let script = registry::sweep_answers(event);
    let arguments = vec![max_age_ms.into(), i64::from(limit).into()];
    let reply = call(cluster, script, arguments, deadline).await?;
    reply.integer(0)
}
