//! Answers: JSON with a status, and the few headers an operation may add.

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::problem::Problem;

/// A successful answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The body; empty for 204.
    pub body: Bytes,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Reply {
    /// `value` as JSON with `status`.
    ///
    /// # Errors
    ///
    /// 500 when the value cannot be written, which is a defect of ours.
    pub fn json(status: StatusCode, value: &impl Serialize) -> Result<Self, Problem> {
        let body =
            serde_json::to_vec(value).map_err(|error| Problem::internal(error.to_string()))?;
        Ok(Self::json_bytes(status, body.into()))
    }

    /// JSON that is already written.
    pub fn json_bytes(status: StatusCode, body: Bytes) -> Self {
        let media_type = HeaderValue::from_static("application/json");
        Self { status, body, headers: vec![(header::CONTENT_TYPE, media_type)] }
    }

    /// Text of another media type.
    pub fn text(status: StatusCode, media_type: &'static str, text: impl Into<Bytes>) -> Self {
        let media_type = HeaderValue::from_static(media_type);
        Self { status, body: text.into(), headers: vec![(header::CONTENT_TYPE, media_type)] }
    }

    /// 200 with `value` as JSON.
    ///
    /// # Errors
    ///
    /// As [`Reply::json`].
    pub fn ok(value: &impl Serialize) -> Result<Self, Problem> {
        Self::json(StatusCode::OK, value)
    }

    /// 201 with `value` as JSON.
    ///
    /// # Errors
    ///
    /// As [`Reply::json`].
    pub fn created(value: &impl Serialize) -> Result<Self, Problem> {
        Self::json(StatusCode::CREATED, value)
    }

    /// 200, the head of a stream of server-sent events, which nobody between may hold back.
    pub fn event_stream() -> Self {
        let headers = [
            (header::CONTENT_TYPE, "text/event-stream"),
            (HeaderName::from_static("x-accel-buffering"), "no"),
        ];
        Self {
            status: StatusCode::OK,
            body: Bytes::new(),
            headers: headers.map(|(name, value)| (name, HeaderValue::from_static(value))).to_vec(),
        }
    }

    /// 204 without a body.
    pub const fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, body: Bytes::new(), headers: Vec::new() }
    }

    /// 304 without a body.
    pub const fn not_modified() -> Self {
        Self { status: StatusCode::NOT_MODIFIED, body: Bytes::new(), headers: Vec::new() }
    }

    /// Adds a header. A value that is not visible ASCII is left out: no header is worth a 500.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = Response::new(axum::body::Body::from(self.body));
        *response.status_mut() = self.status;
        response.headers_mut().extend(self.headers);
        response
    }
}
