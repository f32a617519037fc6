//! Claims an idempotency key, or finds the first answer.

use std::time::Duration;

use cluster::{Cluster, Transport};
use domain::id::EventId;

use crate::call::call;
use crate::{Error, Idempotency, registry};

/// What to claim.
#[derive(Debug, Clone, Copy)]
pub struct BeginRequest<'a> {
    /// The event that keeps the answer.
    pub event: EventId,
    /// The key and the request's digest.
    pub idempotency: Idempotency<'a>,
    /// Life of the claim, in ms: a little longer than a request may take.
    pub claim_ttl_ms: i64,
    /// Names the request, without spaces: its own claim is no obstacle when a lost reply is asked
    /// for again.
    pub name: &'a str,
}

/// What claiming found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BeginOutcome {
    /// The key is this request's: do the work, then [`finish_request`](crate::finish_request).
    Claimed,
    /// The work was done before.
    Replayed {
        /// HTTP status of the first answer.
        status: u16,
        /// Its body.
        body: String,
    },
    /// The key was used for another request.
    Reused,
    /// The same request is being worked on.
    InProgress,
    /// The event is not open in Redis.
    EventMissing,
}

/// Claims the key.
///
/// # Errors
///
/// See [`Error`].
pub async fn begin_request<T: Transport>(
    cluster: &Cluster<T>,
    request: &BeginRequest<'_>,
    deadline: Duration,
) -> Result<BeginOutcome, Error> {
    let event = request.event;
    let script = registry::begin_request(event);
    let arguments = vec![
        request.idempotency.entry.into(),
        request.idempotency.fingerprint.into(),
        request.claim_ttl_ms.into(),
        request.name.into(),
    ];
    let reply = call(cluster, script, arguments, deadline).await?;
    match reply.outcome()? {
        "claimed" => Ok(BeginOutcome::Claimed),
        "replayed" => {
            Ok(BeginOutcome::Replayed { status: reply.parse(1)?, body: reply.text(2)?.to_owned() })
        }
        "reused" => Ok(BeginOutcome::Reused),
        "in_progress" => Ok(BeginOutcome::InProgress),
        "event_missing" => Ok(BeginOutcome::EventMissing),
        _ => Err(reply.unexpected()),
    }
}
