//! One request, put together and sent.

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;

use crate::answer::Answer;

/// The system promises an answer within 5 s; the rest is for a busy machine.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A request that is not sent yet.
#[derive(Debug)]
pub struct Request {
    what: String,
    is_head: bool,
    builder: reqwest::RequestBuilder,
}

impl Request {
    pub(crate) fn new(http: &reqwest::Client, method: Method, base_url: &str, path: &str) -> Self {
        let what = format!("{method} {path}");
        let is_head = method == Method::HEAD;
        let builder = http.request(method, format!("{base_url}{path}")).timeout(TIMEOUT);
        Self { what, is_head, builder }
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

    /// Sends it, reads the reply and checks what holds for every reply.
    pub async fn send(self) -> Answer {
        let what = self.what;
        let response =
            self.builder.send().await.unwrap_or_else(|error| panic!("{what}: {error:?}"));
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = response.bytes().await.unwrap_or_else(|error| panic!("{what}: {error:?}"));
        let answer = Answer { what, status, headers, body: body.to_vec() };
        answer.check_form(self.is_head);
        answer
    }
}
