//! Counts a request against a rate.

use std::time::Duration;

use cluster::{Cluster, Transport};

use crate::call::call;
use crate::{Error, registry};

/// A rate and who is held to it.
#[derive(Debug, Clone, Copy)]
pub struct LimitRate<'a> {
    /// Names who and what is limited, as letters and digits: a digest, so that no address or user
    /// can be read from a key.
    pub subject: &'a str,
    /// Between two requests of the even rate, in µs.
    pub interval_us: i64,
    /// Requests that may come at once.
    pub burst: i64,
}

/// What the rate says to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateVerdict {
    /// Whether it may go on.
    pub allowed: bool,
    /// How many more may come at once.
    pub remaining: i64,
    /// When refused: until the next one is allowed, in ms.
    pub wait_ms: i64,
}

/// Counts one request. A repetition counts again.
///
/// # Errors
///
/// See [`Error`].
pub async fn limit_rate<T: Transport>(
    cluster: &Cluster<T>,
    request: &LimitRate<'_>,
    deadline: Duration,
) -> Result<RateVerdict, Error> {
    let script = registry::limit_rate(request.subject);
    let arguments = vec![request.interval_us.into(), request.burst.into()];
    let reply = call(cluster, script, arguments, deadline).await?;
    let allowed = match reply.outcome()? {
        "allowed" => true,
        "limited" => false,
        _ => return Err(reply.unexpected()),
    };
    Ok(RateVerdict { allowed, remaining: reply.integer(1)?, wait_ms: reply.integer(2)? })
}
