//! One effect and one answer for each idempotency key.
//!
//! Operations that are decided by one script keep their answer there (`reserve_seats`). All others
//! go through [`once`]: a claim before the operation, its answer after it. The operations are
//! idempotent by themselves, so a crash between the two costs nothing but the claim's time.

use std::future::Future;

use bytes::Bytes;
use domain::code::Code;
use domain::id::EventId;
use http::StatusCode;
use scripts::{Answer, BeginOutcome, BeginRequest, FinishRequest, Idempotency};
use uuid::Uuid;

use crate::call::Call;
use crate::clock::{REDIS_DEADLINE, REQUEST_DEADLINE};
use crate::problem::Problem;
use crate::reply::Reply;
use crate::{digest, log, redis};

/// How long a claim lasts when its request dies: longer than any request can run.
const CLAIM_TTL_MS: i64 = 2 * REQUEST_DEADLINE.as_millis() as i64;

/// The header that marks an answer as a repetition.
pub const REPLAYED: http::HeaderName = http::HeaderName::from_static("idempotent-replayed");

/// What a client asks to be done once: its key, and the request that it came with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Names the key among all of an event: `<scope>:<key>`.
    pub entry: String,
    /// Tells two requests with one key apart.
    pub fingerprint: String,
}

impl Claim {
    /// As the scripts take it.
    pub fn as_idempotency(&self) -> Idempotency<'_> {
        Idempotency { entry: &self.entry, fingerprint: &self.fingerprint }
    }
}

/// What `call` claims within `scope`, which names who asks for what. `None` when the client sent no
/// key.
///
/// # Errors
///
/// 400 when the key is not one.
pub fn claim(call: &Call, scope: &str) -> Result<Option<Claim>, Problem> {
    let key = call.idempotency_key()?;
    Ok(key.map(|key| Claim { entry: format!("{scope}:{key}"), fingerprint: fingerprint(call) }))
}

/// Tells two requests apart: a digest of method, path and body, in hex.
pub fn fingerprint(call: &Call) -> String {
    digest::of_parts([call.method.as_str().as_bytes(), call.uri.path().as_bytes(), &call.body])
}

/// Runs `operation` once for the key of `call`, within the event's own idempotency record.
///
/// # Errors
///
/// 422 for a key with another request, 409 while the same request still runs, and whatever the
/// operation answers: a failed attempt does not burn its key.
pub async fn once<F>(
    call: &Call,
    event: EventId,
    scope: &str,
    operation: F,
) -> Result<Reply, Problem>
where
    F: Future<Output = Result<Reply, Problem>>,
{
    let Some(claim) = claim(call, scope)? else { return operation.await };
    let idempotency = claim.as_idempotency();
    let cluster = redis::cluster().await?;
    // Not the request id: clients choose that, and may send the same one twice.
    let name = Uuid::now_v7().to_string();
    let begin = BeginRequest { event, idempotency, claim_ttl_ms: CLAIM_TTL_MS, name: &name };
    match scripts::begin_request(&cluster, &begin, REDIS_DEADLINE).await? {
        BeginOutcome::Claimed => {}
        BeginOutcome::Replayed { status, body } => return replay(status, body),
        BeginOutcome::Reused => return Err(Problem::of(Code::IdempotencyKeyReused)),
        BeginOutcome::InProgress => return Err(Problem::of(Code::RequestInProgress)),
        // Nothing is kept for an event that is not there. Either it does not exist, or the
        // operation opens it; it is idempotent by itself.
        BeginOutcome::EventMissing => return operation.await,
    }
    let result = operation.await;
    let body = result.as_ref().map(|reply| String::from_utf8_lossy(&reply.body));
    let answer = match (&result, &body) {
        (Ok(reply), Ok(body)) => Some(Answer { status: reply.status.as_u16(), body }),
        _ => None,
    };
    let finish = FinishRequest { event, idempotency, answer };
    // The work is done: what it came to is the answer, even when it cannot be kept for a
    // repetition. The operation is idempotent by itself.
    if let Err(error) = scripts::finish_request(&cluster, &finish, REDIS_DEADLINE).await {
        log::failed_job("finish_request", &call.request_id, &error.to_string());
    }
    result
}

/// The first answer again.
///
/// # Errors
///
/// 500 when what was stored is not an answer.
pub fn replay(status: u16, body: impl Into<Bytes>) -> Result<Reply, Problem> {
    let status = StatusCode::from_u16(status)
        .map_err(|_| Problem::internal(format!("stored status {status}")))?;
    Ok(Reply::json_bytes(status, body.into()).with_header(REPLAYED, "true"))
}
