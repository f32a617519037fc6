//! One effect and one answer for each idempotency key.
//!
//! A key belongs to its caller and route, whatever event a body names. So its record has a slot of
//! its own in Redis, where every request with this key finds it. Three shapes:
//!
//! - [`once`]: a claim before the operation, its answer after it: two round trips beside the
//!   operation's own. The operations are idempotent by themselves, so a crash between the two costs
//!   nothing but the claim's time.
//! - [`once_in_event`]: the operation is one script, which keeps the answer in the step that does
//!   the work (`reserve_seats`, `admit_users`): one round trip beside it, a second when it is
//!   refused. The claim only says which request the key belongs to. An instance that dies between
//!   claim and script leaves a claim that the same request may repeat at once. Another request with
//!   the key waits until the claim is over; then the record of the first one's event decides.
//! - [`Claim::given`]: the operation is one statement of Postgres, which keeps the answer itself
//!   (`check_in`). Redis has no part in it, so it works while Redis is down.

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
    /// A digest of scope and key.
    pub entry: String,
    /// Tells two requests with one key apart.
    pub fingerprint: String,
}

impl Claim {
    /// As the scripts take it.
    pub fn as_idempotency(&self) -> Idempotency<'_> {
        Idempotency { entry: &self.entry, fingerprint: &self.fingerprint }
    }

    /// What `call` claims under `key` within `scope`, which names route and caller.
    fn of(call: &Call, scope: &str, key: &str) -> Self {
        let entry = digest::of_parts([scope.as_bytes(), key.as_bytes()]);
        Self { entry, fingerprint: fingerprint(call) }
    }

    /// What `call` claims, if it has a key; for an operation that keeps its own answers, in the
    /// statement that does the work. `scope` names route and caller.
    ///
    /// # Errors
    ///
    /// 400 when the key is not one.
    pub fn given(call: &Call, scope: &str) -> Result<Option<Self>, Problem> {
        Ok(call.idempotency_key()?.map(|key| Self::of(call, scope, key)))
    }

    /// A claim that no other request can have.
    pub fn of_its_own(call: &Call, scope: &str) -> Self {
        Self::of(call, scope, &Uuid::now_v7().to_string())
    }
}

/// Tells two requests apart: a digest of method, path and body, in hex.
pub fn fingerprint(call: &Call) -> String {
    digest::of_parts([call.method.as_str().as_bytes(), call.uri.path().as_bytes(), &call.body])
}

/// Runs `operation` once for the key of `call`. `scope` names route and caller.
///
/// # Errors
///
/// 422 for a key with another request, 409 while the same request still runs, and whatever the
/// operation answers: a failed attempt does not burn its key.
pub async fn once<F>(call: &Call, scope: &str, operation: F) -> Result<Reply, Problem>
where
    F: Future<Output = Result<Reply, Problem>>,
{
    let Some(key) = call.idempotency_key()? else { return operation.await };
    let claim = Claim::of(call, scope, key);
    let name = claimant();
    if let Some(replay) = begin(&claim, &name, None).await? {
        return Ok(replay);
    }
    let result = operation.await;
    let body = result.as_ref().map(|reply| String::from_utf8_lossy(&reply.body));
    let answer = match (&result, &body) {
        (Ok(reply), Ok(body)) => Some(Answer { status: reply.status.as_u16(), body }),
        _ => None,
    };
    finish(call, &claim, &name, answer).await;
    result
}

/// Runs `operation` once for the key of `call`; a script of `event` keeps its answer, under the
/// claim that the operation is given. `scope` names route and caller.
///
/// # Errors
///
/// As [`once`], but for the same request that still runs: the script gives both one answer.
pub async fn once_in_event<F>(
    call: &Call,
    event: EventId,
    scope: &str,
    operation: F,
) -> Result<Reply, Problem>
where
    F: AsyncFnOnce(Option<&Claim>) -> Result<Reply, Problem>,
{
    let Some(key) = call.idempotency_key()? else { return operation(None).await };
    let claim = Claim::of(call, scope, key);
    let name = claimant();
    if let Some(replay) = begin(&claim, &name, Some(event)).await? {
        return Ok(replay);
    }
    let result = operation(Some(&claim)).await;
    // After a failure of ours nobody knows what was done: the event's record will tell.
    if result.as_ref().is_err_and(|problem| problem.code.status() < 500) {
        finish(call, &claim, &name, None).await;
    }
    result
}

/// Names this request. Not the request id: clients choose that, and may send the same one twice.
fn claimant() -> String {
    Uuid::now_v7().to_string()
}

/// Claims the key, or gives the first answer.
async fn begin(
    claim: &Claim,
    name: &str,
    kept_by: Option<EventId>,
) -> Result<Option<Reply>, Problem> {
    let cluster = redis::cluster().await?;
    let mut disproved: Option<String> = None;
    loop {
        let request = BeginRequest {
            idempotency: claim.as_idempotency(),
            claim_ttl_ms: CLAIM_TTL_MS,
            name,
            kept_by,
            disproved: disproved.as_deref(),
        };
        match scripts::begin_request(&cluster, &request, REDIS_DEADLINE).await? {
            BeginOutcome::Claimed => return Ok(None),
            BeginOutcome::Replayed { status, body } => return replay(status, body).map(Some),
            BeginOutcome::Reused => return Err(Problem::of(Code::IdempotencyKeyReused)),
            BeginOutcome::InProgress => return Err(Problem::of(Code::RequestInProgress)),
            BeginOutcome::Doubtful { event, fingerprint } => {
                let entry = &claim.entry;
                let has_answer =
                    scripts::has_answer(&cluster, event, entry, REDIS_DEADLINE).await?;
                // A second time means that others use the key at this very moment.
                if has_answer || disproved.is_some() {
                    return Err(Problem::of(Code::IdempotencyKeyReused));
                }
                disproved = Some(fingerprint);
            }
        }
    }
}

/// Keeps the answer, or gives the claim back. The work is done: what it came to is the answer, even
/// when it cannot be kept for a repetition. The operation is idempotent by itself.
async fn finish(call: &Call, claim: &Claim, name: &str, answer: Option<Answer<'_>>) {
    let request = FinishRequest { idempotency: claim.as_idempotency(), name, answer };
    let finished = match redis::cluster().await {
        Ok(cluster) => scripts::finish_request(&cluster, &request, REDIS_DEADLINE)
            .await
            .map_err(|error| error.to_string()),
        Err(problem) => Err(problem.to_string()),
    };
    if let Err(error) = finished {
        log::failed_job("finish_request", &call.request_id, &error);
    }
}

/// The first answer again.
///
/// # Errors
///
/// 500 when what was stored is not an answer.
fn replay(status: u16, body: impl Into<Bytes>) -> Result<Reply, Problem> {
    let status = StatusCode::from_u16(status)
        .map_err(|_| Problem::internal(format!("stored status {status}")))?;
    Ok(Reply::json_bytes(status, body.into()).with_header(REPLAYED, "true"))
}
