//! The thin layer under the client: one request, one answer.

use std::time::Duration;

use bytes::Bytes;

/// How a request reaches the provider.
///
/// An implementation follows no redirects (a key must not travel to another host), and refuses an
/// answer that is longer than it is ready to hold.
#[expect(async_fn_in_trait, reason = "used from single-threaded tasks only, no Send bound wanted")]
pub trait HttpTransport {
    /// Sends one request and reads the whole answer, within `deadline`.
    ///
    /// # Errors
    ///
    /// [`TransportError`] when there is no answer. The request may have had its effect.
    async fn send(
        &self,
        request: http::Request<Bytes>,
        deadline: Duration,
    ) -> Result<http::Response<Bytes>, TransportError>;
}

impl<T: HttpTransport> HttpTransport for &T {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        deadline: Duration,
    ) -> Result<http::Response<Bytes>, TransportError> {
        (**self).send(request, deadline).await
    }
}

/// No answer arrived. Whether the request had its effect is unknown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The deadline passed first.
    #[error("no answer in time")]
    TimedOut,
    /// The connection was refused or lost, or the answer could not be read.
    #[error("{0}")]
    Failed(String),
}
