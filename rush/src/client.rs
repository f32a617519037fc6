//! Sends one request: bounded in flight, measured, and retried when the server asks for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use domain::backoff::Backoff;
use reqwest::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;

use crate::latency::{Latencies, Step};
use crate::problem::{Failure, Problem};
use crate::stream::PlaceStream;

/// A request takes no longer than this: the server promises 5 s, the rest is the way.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Attempts of one request. With the pauses below they span about 8 s when the server refuses at
/// once, long enough for a Redis replica to take over from its master (5 s).
const ATTEMPTS_MAX: u32 = 8;
/// The pauses between attempts. A longer `Retry-After` is cut to the longest of them, so that a
/// demonstration cannot be parked.
const PAUSES: Backoff = Backoff { first_ms: 100, longest_ms: 2_000 };
/// How much of an unexpected body is worth showing.
const BODY_SHOWN_MAX: usize = 200;

/// One request, complete: it is sent again as it is, with the same idempotency key.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    step: Step,
    method: Method,
    path: String,
    bearer: Option<String>,
    headers: Vec<(&'static str, String)>,
    body: Option<Vec<u8>>,
    wait: Duration,
}

impl Request {
    /// A request for `path`, which begins with `/`.
    pub(crate) fn new(step: Step, method: Method, path: impl Into<String>) -> Self {
        let path = path.into();
        let (bearer, headers, body, wait) = (None, Vec::new(), None, Duration::ZERO);
        Self { step, method, path, bearer, headers, body, wait }
    }

    /// With `Authorization: Bearer`.
    pub(crate) fn bearer(mut self, token: &str) -> Self {
        self.bearer = Some(token.to_owned());
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// With a key that makes a repetition harmless.
    pub(crate) fn idempotency_key(self, key: &str) -> Self {
        self.header("Idempotency-Key", key)
    }

    /// With a JSON body, byte for byte.
    pub(crate) fn raw_json(mut self, body: Vec<u8>) -> Self {
        self.body = Some(body);
        self
    }

    /// With a JSON body. A value that cannot become JSON (a map whose keys are not text) is sent as
    /// an empty body, which the server refuses.
    pub(crate) fn json(self, body: &impl Serialize) -> Self {
        self.raw_json(serde_json::to_vec(body).unwrap_or_default())
    }

    /// The server may take so much longer, because it waits for something to happen: its time says
    /// nothing about its speed, and it does not count among those in flight.
    pub(crate) fn waiting(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    fn what(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// A 2xx answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    /// Method and path of the request.
    pub(crate) what: String,
    /// The HTTP status.
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// The body as the type the contract promises.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body).map_err(|error| Failure::Unexpected {
            what: self.what.clone(),
            status: self.status,
            body: format!("{error}: {}", beginning(&self.body)),
        })
    }
}

/// A connection pool to one Boxoffice.
pub(crate) struct Client {
    http: reqwest::Client,
    base_url: String,
    in_flight: Semaphore,
    latencies: Option<Arc<Latencies>>,
    retries: AtomicU64,
}

impl Client {
    /// `in_flight_max` requests at once; latencies are recorded when a place for them is given.
    pub(crate) fn new(
        base_url: &str,
        in_flight_max: usize,
        latencies: Option<Arc<Latencies>>,
    ) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .pool_max_idle_per_host(in_flight_max)
            .tcp_nodelay(true)
            .no_proxy()
            .build()
            .context("the HTTP client cannot be built")?;
        Ok(Self {
            http,
            base_url: base_url.trim_end_matches('/').to_owned(),
            in_flight: Semaphore::new(in_flight_max),
            latencies,
            retries: AtomicU64::new(0),
        })
    }

    /// How many attempts were made beyond the first of each request.
    pub(crate) fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    /// Sends until there is an answer that will not change: bounded in attempts and pauses.
    pub(crate) async fn send(&self, request: Request) -> Result<Reply, Failure> {
        let mut attempt = 1;
        loop {
            let (failure, retry_after) = match self.attempt(&request).await {
                Attempt::Final(answer) => return answer,
                Attempt::Again { failure, retry_after } => (failure, retry_after),
            };
            if attempt == ATTEMPTS_MAX {
                return Err(failure);
            }
            tokio::time::sleep(pause(attempt, retry_after)).await;
            attempt += 1;
            self.retries.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Opens a stream: one attempt, and for as long as `request` says. It counts among those in
    /// flight until it begins.
    pub(crate) async fn open_stream(&self, request: Request) -> Result<PlaceStream, Failure> {
        let _permit = self.in_flight.acquire().await.ok();
        let started = Instant::now();
        let opened = self.builder(&request).send().await;
        if let Some(latencies) = &self.latencies {
            latencies.record(request.step, started.elapsed());
        }
        let what = request.what();
        match opened {
            Ok(response) if response.status() == 200 => Ok(PlaceStream::new(response)),
            Ok(response) => {
                let status = response.status().as_u16();
                Err(Failure::Unexpected { what, status, body: String::new() })
            }
            Err(error) => {
                let cause = format!("{:#}", anyhow::Error::new(error));
                Err(Failure::Unreachable { what, cause })
            }
        }
    }

    fn builder(&self, request: &Request) -> reqwest::RequestBuilder {
        let url = format!("{}{}", self.base_url, request.path);
        let mut builder = self.http.request(request.method.clone(), url);
        builder = builder.timeout(REQUEST_TIMEOUT + request.wait);
        if let Some(token) = &request.bearer {
            builder = builder.bearer_auth(token);
        }
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        if let Some(body) = &request.body {
            builder = builder.header("Content-Type", "application/json").body(body.clone());
        }
        builder
    }

    async fn attempt(&self, request: &Request) -> Attempt {
        // The semaphore is never closed; a permit that fails would only lift the bound.
        let waits = !request.wait.is_zero();
        let _permit = if waits { None } else { self.in_flight.acquire().await.ok() };
        let started = Instant::now();
        let answer = match self.builder(request).send().await {
            Ok(response) => {
                let status = response.status().as_u16();
                let retry_after = response
                    .headers()
                    .get("retry-after")
                    .and_then(|value| value.to_str().ok()?.parse().ok())
                    .map(Duration::from_secs);
                response.bytes().await.map(|body| (status, retry_after, body.to_vec()))
            }
            Err(error) => Err(error),
        };
        if let Some(latencies) = self.latencies.as_ref().filter(|_| !waits) {
            latencies.record(request.step, started.elapsed());
        }
        match answer {
            Ok((status, retry_after, body)) => judge(request.what(), status, retry_after, body),
            Err(error) => Attempt::Again {
                failure: Failure::Unreachable {
                    what: request.what(),
                    cause: format!("{:#}", anyhow::Error::new(error)),
                },
                retry_after: None,
            },
        }
    }
}

/// What one attempt came to.
#[derive(Debug)]
enum Attempt {
    /// The answer will stay as it is.
    Final(Result<Reply, Failure>),
    /// The same request may be answered later.
    Again { failure: Failure, retry_after: Option<Duration> },
}

/// Sorts an answer. Trouble of the server and what the contract calls retryable is worth another
/// attempt; after the last one it is an unexpected answer, not a refusal.
fn judge(what: String, status: u16, retry_after: Option<Duration>, body: Vec<u8>) -> Attempt {
    if (200..300).contains(&status) {
        return Attempt::Final(Ok(Reply { what, status, body }));
    }
    let problem: Option<Problem> = serde_json::from_slice(&body).ok();
    let in_progress = problem.as_ref().is_some_and(|known| known.code == "request_in_progress");
    let unexpected = Failure::Unexpected { what, status, body: beginning(&body) };
    match problem {
        _ if status >= 500 || status == 429 || in_progress => {
            Attempt::Again { failure: unexpected, retry_after }
        }
        Some(problem) => Attempt::Final(Err(Failure::Refused(Problem { status, ..problem }))),
        None => Attempt::Final(Err(unexpected)),
    }
}

/// A doubling pause, moved by chance, so that a crowd refused together does not return together.
fn pause(attempt: u32, retry_after: Option<Duration>) -> Duration {
    let longest = Duration::from_millis(PAUSES.longest_ms);
    let least = retry_after.unwrap_or(Duration::ZERO).min(longest);
    least + Duration::from_millis(PAUSES.wait_ms(attempt, fastrand::u64(..)))
}

fn beginning(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(BODY_SHOWN_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOLD_OUT: &[u8] = br#"{"type":"about:blank","title":"Sold out","status":409,
        "code":"sold_out","retryable":false,"request_id":"r1"}"#;

    fn judged(status: u16, body: &[u8]) -> Attempt {
        judge("POST /x".to_owned(), status, None, body.to_vec())
    }

    #[test]
    fn a_refusal_is_final_and_keeps_its_code() {
        let Attempt::Final(Err(failure)) = judged(409, SOLD_OUT) else {
            panic!("a refusal must be final");
        };
        assert_eq!(failure.code(), Some("sold_out"));
        assert_eq!(failure.to_string(), "sold_out (409) (request r1)");
    }

    #[test]
    fn trouble_of_the_server_is_tried_again() {
        let in_progress = br#"{"code":"request_in_progress"}"#;
        for (status, body) in [(503, SOLD_OUT), (500, b""), (429, b"{}"), (409, in_progress)] {
            let attempt = judged(status, body);
            assert!(matches!(attempt, Attempt::Again { .. }), "{status}: {attempt:?}");
        }
    }

    #[test]
    fn an_answer_outside_of_the_contract_is_no_refusal() {
        let Attempt::Final(Err(Failure::Unexpected { status: 404, .. })) = judged(404, b"<html>")
        else {
            panic!("an unknown answer must be unexpected");
        };
    }

    #[test]
    fn pauses_grow_and_are_bounded() {
        for attempt in 1..ATTEMPTS_MAX {
            let longest = pause(attempt, Some(Duration::from_secs(3_600)));
            assert!(longest <= Duration::from_secs(4), "{attempt}: {longest:?}");
            assert!(pause(attempt, None) >= Duration::from_millis(50));
        }
    }
}
