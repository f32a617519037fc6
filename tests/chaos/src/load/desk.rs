//! The counter of the box office: calls over HTTP, each written into the history.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::history::{History, Outcome};

/// A client gives up after this: well beyond the 5 s that are promised, so that a broken promise is
/// seen and not cut off.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(15);

/// The keys of those who may more than a buyer.
#[derive(Debug, Clone)]
pub struct Keys {
    /// The organiser's bearer key.
    pub organiser: String,
    /// The scheduler's bearer key.
    pub worker: String,
    /// What the provider signs with.
    pub webhook_secret: String,
}

/// One call, to be made.
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    /// The name of the call in the history.
    pub op: &'a str,
    /// What checkers want to know of it.
    pub facts: Value,
    /// The HTTP method.
    pub method: Method,
    /// The path, from `/`.
    pub path: String,
    /// Bearer token or key.
    pub token: Option<&'a str>,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    /// A JSON body, as text.
    pub body: Option<String>,
}

impl<'a> Ask<'a> {
    /// A call without credentials and body.
    pub fn new(op: &'a str, method: Method, path: impl Into<String>) -> Self {
        let (facts, path) = (json!({}), path.into());
        Self { op, facts, method, path, token: None, headers: Vec::new(), body: None }
    }

    /// As the owner of this token.
    pub fn token(mut self, token: &'a str) -> Self {
        self.token = Some(token);
        self
    }

    /// With what checkers want to know.
    pub fn facts(mut self, facts: Value) -> Self {
        self.facts = facts;
        self
    }

    /// With a header.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With a JSON body.
    pub fn json(mut self, body: &Value) -> Self {
        self.body = Some(body.to_string());
        self
    }
}

/// The answer to a call.
#[derive(Debug, Clone)]
pub struct Answer {
    /// 0 when there was none.
    pub status: u16,
    /// The body; null when there was none.
    pub body: Value,
}

impl Answer {
    /// Whether it has been done.
    pub fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether it may have been done although nobody said so.
    pub fn is_unknown(&self) -> bool {
        outcome_of(self.status) == Outcome::Unknown
    }

    /// A text of the body.
    pub fn text(&self, member: &str) -> &str {
        self.body[member].as_str().unwrap_or_default()
    }
}

/// A status tells whether something has changed: nothing after a refusal, perhaps after a failure.
fn outcome_of(status: u16) -> Outcome {
    match status {
        200..300 => Outcome::Ok,
        400..500 => Outcome::Fail,
        _ => Outcome::Unknown,
    }
}

/// The counter of one application.
#[derive(Debug, Clone)]
pub struct Desk {
    http: Client,
    base_url: String,
    history: Arc<History>,
    /// Keys of organiser, worker and provider.
    pub keys: Keys,
}

impl Desk {
    /// The counter at `base_url`.
    pub fn open(base_url: &str, keys: Keys, history: Arc<History>) -> Result<Self> {
        let http =
            Client::builder().no_proxy().tcp_nodelay(true).timeout(CLIENT_TIMEOUT).build()?;
        Ok(Self { http, base_url: base_url.to_owned(), history, keys })
    }

    /// The history that this counter writes.
    pub fn history(&self) -> &Arc<History> {
        &self.history
    }

    /// Makes a call and notes it.
    pub async fn call(&self, visitor: u64, ask: Ask<'_>) -> Answer {
        let url = format!("{}{}", self.base_url, ask.path);
        self.call_url(visitor, ask, &url).await
    }

    /// Makes a call somewhere else and notes it.
    pub async fn call_url(&self, visitor: u64, ask: Ask<'_>, url: &str) -> Answer {
        let index = self.history.begin(visitor, ask.op, ask.facts.clone());
        let mut request = self.http.request(ask.method, url);
        if let Some(token) = ask.token {
            request = request.bearer_auth(token);
        }
        for (name, value) in &ask.headers {
            request = request.header(*name, value);
        }
        if let Some(body) = ask.body {
            request = request.header("content-type", "application/json").body(body);
        }
        let answer = send(request).await;
        let mut reply = answer.body.clone();
        // Signed tokens are long and no checker reads them.
        for secret in ["token", "queue_pass", "receipt", "client_secret"] {
            if let Some(member) = reply.get_mut(secret) {
                *member = Value::Bool(!member.is_null());
            }
        }
        self.history.end(index, outcome_of(answer.status), answer.status, reply);
        answer
    }
}

async fn send(request: reqwest::RequestBuilder) -> Answer {
    let failed = |error: reqwest::Error| Answer {
        status: 0,
        body: json!({ "error": format!("{error:?}").chars().take(300).collect::<String>() }),
    };
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) => return failed(error),
    };
    let status = response.status().as_u16();
    let retry_after = response.headers().contains_key("retry-after");
    let replayed = response.headers().contains_key("idempotent-replayed");
    match response.bytes().await {
        Ok(bytes) => {
            let mut body: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
            if let Some(members) = body.as_object_mut() {
                if retry_after {
                    members.insert("retry_after".to_owned(), Value::Bool(true));
                }
                if replayed {
                    members.insert("replayed".to_owned(), Value::Bool(true));
                }
            }
            Answer { status, body }
        }
        Err(error) => failed(error),
    }
}
