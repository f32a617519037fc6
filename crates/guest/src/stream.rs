//! Replies that go on: the head is answered like any other, the body whenever there is something
//! to say.
//!
//! The body of such a reply is two ends of the host's own making. The reading end leaves with the
//! head; the writing end, [`Outgoing`], belongs to the instance and not to the request, so that
//! whichever task of the instance has news may write them, also after the request's own task is
//! over. A write that is under way belongs to the task that began it.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use axum::Router;
use http::{Method, StatusCode, header};
use spin_sdk::http::{IntoResponse, Request};
use wasi::http::types::{ErrorCode, Fields, Response};
use wasi::http_compat::{BodyResult, BodyWriter};
use wasi::wit_bindgen::{FutureReader, FutureWriter, StreamReader, StreamWriter};

use crate::clock::within;
use crate::service::{answer, with_length};

/// How long the host may take to hear that a body is at its end. It reads that after the last
/// byte, and a client that takes no bytes must not keep us.
const END_LIMIT: Duration = Duration::from_millis(1_000);

/// The reading end of a body.
type Incoming = (StreamReader<u8>, FutureReader<BodyResult>);

/// The client is gone: nothing that is written arrives any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone;

/// The writing end of a body.
pub struct Outgoing {
    bytes: StreamWriter<u8>,
    end: FutureWriter<BodyResult>,
}

impl Outgoing {
    /// Writes; returns when the host has taken all of it.
    ///
    /// # Errors
    ///
    /// [`Gone`] when the client is.
    pub async fn send(&mut self, bytes: Vec<u8>) -> Result<(), Gone> {
        let unwritten = self.bytes.write_all(bytes).await;
        if unwritten.is_empty() { Ok(()) } else { Err(Gone) }
    }

    /// Ends the body, so that the client sees that it is whole.
    pub async fn finish(self) {
        drop(self.bytes);
        // Nobody reads it when the client is gone.
        let _ = within(END_LIMIT, self.end.write(Ok(None))).await;
    }
}

/// The right of one request to begin a stream.
#[derive(Clone, Default)]
pub struct Opening {
    incoming: Rc<Cell<Option<Incoming>>>,
}

impl Opening {
    /// Begins the body of the reply. The reply must then be a success without a body of its own.
    pub fn begin(&self) -> Outgoing {
        let (writer, bytes, end) = BodyWriter::new();
        self.incoming.set(Some((bytes, end)));
        Outgoing { bytes: writer.stream_writer, end: writer.result_writer }
    }
}

/// Serves one request of a component with [`stream_action`](crate::stream_action)s: each answers
/// within the deadline of any request, and when it has begun a stream, that is the reply's body.
///
/// # Errors
///
/// What the host says when a reply cannot be made of the head: a defect of ours.
pub async fn serve_stream(routes: fn() -> Router, request: Request) -> Result<Response, ErrorCode> {
    let is_head = *request.method() == Method::HEAD;
    let opening = Opening::default();
    let response = answer(routes, request, opening.clone()).await;
    match opening.incoming.take() {
        Some((bytes, end)) if response.status() == StatusCode::OK && !is_head => {
            let (mut head, _) = response.into_parts();
            // The router has counted the body that the reply itself does not have.
            head.headers.remove(header::CONTENT_LENGTH);
            let headers = Fields::try_from(head.headers)
                .map_err(|error| ErrorCode::InternalError(Some(error.to_string())))?;
            // What becomes of the transmission is seen at the next write.
            let (response, _transmitted) = Response::new(headers, Some(bytes), end);
            response
                .set_status_code(head.status.as_u16())
                .map_err(|()| ErrorCode::InternalError(None))?;
            Ok(response)
        }
        // The length of a stream is not known, whoever asks for it.
        Some(_) if response.status() == StatusCode::OK => {
            let (mut head, _) = response.into_parts();
            head.headers.remove(header::CONTENT_LENGTH);
            http::Response::from_parts(head, axum::body::Body::empty()).into_response()
        }
        _ => with_length(response, is_head).into_response(),
    }
}
