//! One effect and one answer for each idempotency key.
//!
//! Operations that are decided by one script keep their answer there (`reserve_seats`). All others
//! go through [`once`]: a claim before the operation, its answer after it. The operations are
//! idempotent by themselves, so a crash between the two costs nothing but the claim's time.

use std::future::Future;

use bytes::Bytes;
use data_encoding::HEXLOWER;
use domain::code::Code;
use domain::id::EventId;
use http::StatusCode;
use scripts::{Answer, BeginOutcome, BeginRequest, FinishRequest, Idempotency};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::call::Call;
use crate::clock::{REDIS_DEADLINE, REQUEST_DEADLINE};
use crate::log;
use crate::problem::Problem;
use crate::redis;
use crate::reply::Reply;

/// How long a claim lasts when its request dies: longer than any request can run.
const CLAIM_TTL_MS: i64 = 2 * REQUEST_DEADLINE.as_millis() as i64;

/// The header that marks an answer as a repetition.
pub const REPLAYED: http::HeaderName = http::HeaderName::from_static("idempotent-replayed");

/// Names the request: who asks, under which key. `None` when the client sent no key.
///
/// # Errors
///
/// 400 when the key is not one.
pub fn entry(call: &Call, scope: &str) -> Result<Option<String>, Problem> {
    Ok(call.idempotency_key()?.map(|key| format!("{scope}:{key}")))
}

/// Tells two requests apart: SHA-256 over method, path and body, each with its length, in hex.
pub fn fingerprint(call: &Call) -> String {
    let mut hash = Sha256::new();
    for part in [call.method.as_str().as_bytes(), call.uri.path().as_bytes(), &call.body] {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    HEXLOWER.encode(&hash.finalize())
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
    let Some(entry) = entry(call, scope)? else { return operation.await };
    let fingerprint = fingerprint(call);
    let cluster = redis::cluster().await?;
    // Not the request id: clients choose that, and may send the same one twice.
    let claim = Uuid::now_v7().to_string();
    let idempotency = Idempotency { entry: &entry, fingerprint: &fingerprint };
    let begin = BeginRequest { event, idempotency, claim_ttl_ms: CLAIM_TTL_MS, name: &claim };
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
