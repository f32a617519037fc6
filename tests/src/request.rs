//! One request, put together and sent.

use std::fs;
use std::path::Path;
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;

use crate::answer::Answer;
use crate::stream::EventStream;

/// The system promises an answer within 5 s; the rest is for a busy machine.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Longer than any test reads a stream.
const STREAM_TIMEOUT: Duration = Duration::from_secs(300);

/// How much of the log's end is shown where no line names the request.
const LOG_LINES: usize = 3;

/// A request that is not sent yet.
#[derive(Debug)]
pub struct Request {
    what: String,
    is_head: bool,
    log: &'static Path,
    builder: reqwest::RequestBuilder,
}

impl Request {
    /// A request for `url`; what the application says about a failure is looked up in `log`.
    pub(crate) fn new(
        http: &reqwest::Client,
        method: Method,
        base_url: &str,
        path: &str,
        log: &'static Path,
    ) -> Self {
        let what = format!("{method} {path}");
        let is_head = method == Method::HEAD;
        let builder = http.request(method, format!("{base_url}{path}")).timeout(TIMEOUT);
        Self { what, is_head, log, builder }
    }

    /// With a header.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.builder = self.builder.header(name, value.as_ref());
        self
    }

    /// With `Authorization: Bearer`.
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// With an idempotency key.
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// With a JSON body.
    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// With a body, byte for byte.
    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.builder = self.builder.header("content-type", content_type).body(body.into());
        self
    }

    /// Sends it and expects a stream.
    pub async fn stream(self) -> EventStream {
        let what = self.what;
        let sent = self.builder.timeout(STREAM_TIMEOUT).send().await;
        let response = sent.unwrap_or_else(|error| panic!("{what}: {error:?}"));
        let header = |name: &str| response.headers().get(name).and_then(|it| it.to_str().ok());
        assert_eq!(response.status(), 200, "{what}");
        assert_eq!(header("content-type"), Some("text/event-stream"), "{what}");
        assert_eq!(header("cache-control"), Some("no-store"), "{what}");
        assert_eq!(header("vary"), Some("Origin"), "{what}");
        assert!(header("x-request-id").is_some(), "{what}");
        assert!(header("content-length").is_none(), "{what}: the length of what goes on");
        EventStream::new(response)
    }

    /// Sends it; nothing unless a stream begins.
    pub async fn try_stream(self) -> Option<EventStream> {
        let response = self.builder.timeout(STREAM_TIMEOUT).send().await.ok()?;
        (response.status() == 200).then(|| EventStream::new(response))
    }

    /// Sends it, reads the reply and checks what holds for every reply.
    pub async fn send(self) -> Answer {
        let what = self.what.clone();
        self.exchange().await.unwrap_or_else(|error| panic!("{what}: {error:?}"))
    }

    /// Sends it to an application that may die over it; nothing when no whole reply comes.
    pub async fn try_send(self) -> Option<Answer> {
        self.exchange().await.ok()
    }

    async fn exchange(self) -> Result<Answer, reqwest::Error> {
        let response = self.builder.send().await?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = response.bytes().await?.to_vec();
        let answer = Answer { what: self.what, status, headers, body };
        if status >= 500 {
            tell_causes(self.log, &answer);
        }
        answer.check_form(self.is_head);
        Ok(answer)
    }
}

/// Shows what the log says about a failed request: should the test fail, that is the reason.
fn tell_causes(log: &Path, answer: &Answer) {
    let log = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = match answer.header("x-request-id") {
        Some(request_id) => log.lines().filter(|line| line.contains(request_id)).collect(),
        // Not even the component has answered.
        None => log.lines().rev().take(LOG_LINES).collect(),
    };
    eprintln!("{answer}\n{}", lines.join("\n"));
}
