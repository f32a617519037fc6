//! Answers of the API: objects, and errors in the provider's envelope.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use serde_json::{Value, json};

/// An answer as it is saved and sent.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) replayed: bool,
}

impl Reply {
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: 200, body, replayed: false }
    }

    /// An error; `code` is empty where the provider has none.
    pub(crate) fn error(status: u16, kind: &str, code: &str, message: &str) -> Self {
        let mut error = json!({ "type": kind, "message": message });
        if !code.is_empty() {
            error["code"] = json!(code);
        }
        Self { status, body: json!({ "error": error }), replayed: false }
    }

    /// 400 for a request that is wrong by itself.
    pub(crate) fn invalid(message: &str) -> Self {
        Self::error(400, "invalid_request_error", "", message)
    }

    /// 400 for a request that the payment's state does not allow.
    pub(crate) fn unexpected_state(message: &str) -> Self {
        Self::error(400, "invalid_request_error", "payment_intent_unexpected_state", message)
    }

    /// 404.
    pub(crate) fn missing(what: &str) -> Self {
        let message = format!("No such {what}");
        Self::error(404, "invalid_request_error", "resource_missing", &message)
    }

    pub(crate) fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(Bytes::from(self.body.to_string())));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if self.replayed {
            headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
        }
        response
    }
}
