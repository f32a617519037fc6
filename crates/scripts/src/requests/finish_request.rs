//! Stores the answer of a request, or gives its claim back.

use std::time::Duration;

use cluster::{Argument, Cluster, Transport};

use crate::call::call;
use crate::requests::idempotency::ANSWER_LIFE_MS;
use crate::{Error, Idempotency, registry};

/// An answer that is given again to the same request.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: &'a str,
}

/// What to store.
#[derive(Debug, Clone, Copy)]
pub struct FinishRequest<'a> {
    /// The key and the request's digest, as claimed.
    pub idempotency: Idempotency<'a>,
    /// The name of the request, as claimed.
    pub name: &'a str,
    /// The answer; `None` when the attempt failed, so that the key can be used again.
    pub answer: Option<Answer<'a>>,
}

/// What finishing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinishOutcome {
    /// An answer is stored: this one, or one that was stored before.
    Stored,
    /// No answer to this request is stored.
    Dropped,
}

/// Stores the answer or drops the claim.
///
/// # Errors
///
/// See [`Error`].
pub async fn finish_request<T: Transport>(
    cluster: &Cluster<T>,
    request: &FinishRequest<'_>,
    deadline: Duration,
) -> Result<FinishOutcome, Error> {
    let script = registry::finish_request(request.idempotency.entry);
    let (status, body): (Argument, &str) = match request.answer {
        Some(answer) => (i64::from(answer.status).into(), answer.body),
        None => ("".into(), ""),
    };
    let arguments = vec![
        request.idempotency.fingerprint.into(),
        request.name.into(),
        status,
        body.into(),
        ANSWER_LIFE_MS.into(),
    ];
    let reply = call(cluster, script, arguments, deadline).await?;
    match reply.outcome()? {
        "stored" => Ok(FinishOutcome::Stored),
        "dropped" => Ok(FinishOutcome::Dropped),
        _ => Err(reply.unexpected()),
    }
}
