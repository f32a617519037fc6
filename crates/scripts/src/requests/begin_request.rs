//! Claims an idempotency key, or finds the first answer.

use std::time::Duration;

use cluster::{Cluster, Transport};
use domain::id::EventId;

use crate::call::call;
use crate::requests::idempotency::ANSWER_LIFE_MS;
use crate::{Error, Idempotency, registry};

/// What to claim.
#[derive(Debug, Clone, Copy)]
pub struct BeginRequest<'a> {
    /// The key and the request's digest.
    pub idempotency: Idempotency<'a>,
    /// Life of the claim, in ms: a little longer than a request may take.
    pub claim_ttl_ms: i64,
    /// Names the request, without spaces: its own claim is no obstacle when a lost reply is asked
    /// for again.
    pub name: &'a str,
    /// The event whose script keeps the answer itself, in the step that does the work. `None` when
    /// [`finish_request`](crate::finish_request) stores it.
    pub kept_by: Option<EventId>,
    /// The request that [`BeginOutcome::Doubtful`] named, when its event has no answer to it.
    pub disproved: Option<&'a str>,
}

/// What claiming found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BeginOutcome {
    /// The key is this request's: do the work. [`finish_request`](crate::finish_request) follows
    /// when it failed, and in any case where no event keeps the answer.
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
    /// Another request claimed the key and did not say that it failed. The event that keeps its
    /// answer knows what it came to: see [`has_answer`](crate::has_answer).
    Doubtful {
        /// That event.
        event: EventId,
        /// The digest of that request.
        fingerprint: String,
    },
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
    let script = registry::begin_request(request.idempotency.entry);
    let arguments = vec![
        request.idempotency.fingerprint.into(),
        request.claim_ttl_ms.into(),
        request.name.into(),
        request.kept_by.map_or_else(String::new, |event| event.to_string()).into(),
        request.disproved.unwrap_or_default().into(),
        ANSWER_LIFE_MS.into(),
    ];
    let reply = call(cluster, script, arguments, deadline).await?;
    match reply.outcome()? {
        "claimed" => Ok(BeginOutcome::Claimed),
        "replayed" => {
            Ok(BeginOutcome::Replayed { status: reply.parse(1)?, body: reply.text(2)?.to_owned() })
        }
        "reused" => Ok(BeginOutcome::Reused),
        "in_progress" => Ok(BeginOutcome::InProgress),
        "doubtful" => Ok(BeginOutcome::Doubtful {
            event: reply.parse(1)?,
            fingerprint: reply.text(2)?.to_owned(),
        }),
        _ => Err(reply.unexpected()),
    }
}
