//! Lets the next users in.

use std::time::Duration;

use cluster::{Cluster, Transport};
use domain::id::EventId;

use crate::call::call;
use crate::{Error, Idempotency, registry};

/// Who lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdmitMode {
    /// The worker, at the event's release rate.
    Scheduled,
    /// The organiser, whatever the rate.
    Manual,
}

/// How many to let in.
#[derive(Debug, Clone, Copy)]
pub struct AdmitUsers<'a> {
    /// The event.
    pub event: EventId,
    /// Whether the release rate applies.
    pub mode: AdmitMode,
    /// Users at most; the script stops at 1000 a call.
    pub limit: u32,
    /// Names the request, so that it lets in once.
    pub idempotency: Option<Idempotency<'a>>,
}

/// What letting in did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdmitOutcome {
    /// As many as may come in are in.
    Admitted {
        /// Let in by this call.
        admitted: i64,
        /// Still in the line.
        waiting: i64,
        /// Passes out.
        active: i64,
        /// The highest place that was let in, as `draw * 2^32 + number`.
        served: i64,
    },
    /// The same request has let in so many before; nothing changed.
    Replayed {
        /// Let in by the first call.
        admitted: i64,
        /// The highest place that was let in by then, as `draw * 2^32 + number`.
        served: i64,
    },
    /// Another request has this idempotency entry.
    IdempotencyKeyReused,
    /// The sale is open and its draw is not done; nothing changed.
    Undrawn,
    /// The event is not open in Redis.
    EventMissing,
}

/// Moves the next users from the queue to the passes.
///
/// # Errors
///
/// See [`Error`].
pub async fn admit_users<T: Transport>(
    cluster: &Cluster<T>,
    request: &AdmitUsers<'_>,
    deadline: Duration,
) -> Result<AdmitOutcome, Error> {
    let event = request.event;
    let script = registry::admit_users(event);
    let mode = match request.mode {
        AdmitMode::Scheduled => "scheduled",
        AdmitMode::Manual => "manual",
    };
    let idempotency = request.idempotency.unwrap_or(Idempotency { entry: "", fingerprint: "" });
    let arguments = vec![
        mode.into(),
        i64::from(request.limit).into(),
        idempotency.entry.into(),
        idempotency.fingerprint.into(),
    ];
    let reply = call(cluster, script, arguments, deadline).await?;
    match reply.outcome()? {
        "ok" => Ok(AdmitOutcome::Admitted {
            admitted: reply.integer(1)?,
            waiting: reply.integer(2)?,
            active: reply.integer(3)?,
            served: reply.integer(4)?,
        }),
        "replayed" => {
            Ok(AdmitOutcome::Replayed { admitted: reply.integer(1)?, served: reply.integer(4)? })
        }
        "idempotency_key_reused" => Ok(AdmitOutcome::IdempotencyKeyReused),
        "undrawn" => Ok(AdmitOutcome::Undrawn),
        "event_missing" => Ok(AdmitOutcome::EventMissing),
        _ => Err(reply.unexpected()),
    }
}
