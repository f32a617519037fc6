//! Errors as clients see them (RFC 9457), and their cause as operators see it.
//!
//! The crate `service` says which code of the contract an error is; here it gets its HTTP form. A
//! client may know `detail` and `context`; `cause` only goes to the log.

use axum::body::Body;
use axum::response::Response;
use domain::code::Code;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};
use service::Refusal;

use crate::log;

/// How long a client should wait before it repeats a request that failed for the moment, in
/// seconds: the time of a failover, split in a few tries.
const RETRY_AFTER_S: i64 = 1;

/// A request that is refused or failed.
#[derive(Debug, Clone)]
pub struct Problem {
    /// The stable code; it decides status and title.
    pub code: Code,
    detail: String,
    context: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
    retry_after_s: i64,
    cause: Option<String>,
}

impl Problem {
    /// A problem with a sentence for the client.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            context: Map::new(),
            headers: Vec::new(),
            retry_after_s: RETRY_AFTER_S,
            cause: None,
        }
    }

    /// A problem that its code explains fully.
    pub fn of(code: Code) -> Self {
        Self::new(code, code.title())
    }

    /// 503: what the route needs is not set up; `cause` is for operators. No repetition helps,
    /// until one of them acts.
    pub fn not_configured(cause: impl Into<String>) -> Self {
        Self::of(Code::NotConfigured).caused_by(cause)
    }

    /// 503: a store is not there at the moment; `cause` is for operators.
    pub fn unavailable(cause: impl Into<String>) -> Self {
        Self::of(Code::Unavailable).caused_by(cause)
    }

    /// 500: a defect of ours; `cause` is for operators.
    pub fn internal(cause: impl Into<String>) -> Self {
        Self::of(Code::Internal).caused_by(cause)
    }

    /// What the client is told.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// What the client is told besides, for example `challenge`.
    pub fn context(&self, name: &str) -> Option<&Value> {
        self.context.get(name)
    }

    /// When the request may succeed, in seconds; nothing when a repetition is of no use.
    pub fn retries_after_s(&self) -> Option<i64> {
        self.code.retryable().then_some(self.retry_after_s)
    }

    /// Writes the line for the log, when there is something to tell an operator.
    pub fn log(&self, request_id: &str) {
        if let Some(cause) = &self.cause {
            log::failed_request(request_id, self.code, cause);
        }
    }

    /// Adds a member that a client needs, for example `seats`.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.context.insert(name.to_owned(), value);
        self
    }

    /// Says when a request of a retryable code may succeed, in seconds.
    #[must_use]
    pub const fn retry_after_s(mut self, seconds: i64) -> Self {
        self.retry_after_s = seconds;
        self
    }

    /// Adds a header. A value that is not visible ASCII is left out.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// Adds the cause for the log.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        self
    }
}

impl std::fmt::Display for Problem {
    /// For operators: the code and, where there is one, the cause.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let reason = self.cause.as_ref().unwrap_or(&self.detail);
        write!(formatter, "{}: {reason}", self.code.as_str())
    }
}

/// The `type` of a problem: a name, not an address.
fn type_uri(code: Code) -> String {
    format!("urn:boxoffice:problem:{}", code.as_str())
}

impl Problem {
    /// The reply, and the line for the log when there is something to tell an operator.
    pub(crate) fn into_response(self, request_id: &str) -> Response {
        self.log(request_id);
        let mut members = self.context;
        members.insert("type".to_owned(), json!(type_uri(self.code)));
        members.insert("title".to_owned(), json!(self.code.title()));
        members.insert("status".to_owned(), json!(self.code.status()));
        members.insert("detail".to_owned(), json!(self.detail));
        members.insert("code".to_owned(), json!(self.code.as_str()));
        members.insert("retryable".to_owned(), json!(self.code.retryable()));
        members.insert("request_id".to_owned(), json!(request_id));
        let mut response = Response::new(Body::from(Value::Object(members).to_string()));
        *response.status_mut() =
            StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let media_type = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, media_type);
        response.headers_mut().extend(self.headers);
        if matches!(self.code, Code::Unauthenticated) {
            let scheme = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        if self.code.retryable() {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(self.retry_after_s));
        }
        response
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let Refusal { code, detail, context, retry_after_s, cause } = refusal;
        let retry_after_s = retry_after_s.unwrap_or(RETRY_AFTER_S);
        Self { code, detail, context, headers: Vec::new(), retry_after_s, cause }
    }
}

impl From<scripts::Error> for Problem {
    fn from(error: scripts::Error) -> Self {
        Refusal::from(error).into()
    }
}

impl From<ledger::Error> for Problem {
    fn from(error: ledger::Error) -> Self {
        Refusal::from(error).into()
    }
}

impl From<sale::Error> for Problem {
    fn from(error: sale::Error) -> Self {
        Refusal::from(error).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_of_somebody_else_is_the_clients_mistake() {
        let problem = Problem::from(ledger::Error::InvalidCursor);
        assert_eq!(problem.code, Code::ValidationFailed);
        let errors = json!([{ "field": "cursor", "problem": "is not one of ours" }]);
        assert_eq!(problem.context("errors"), Some(&errors));
    }
}
