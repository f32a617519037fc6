//! The payment provider through Spin's HTTP client.
//!
//! Only the components `payment` and `worker` may reach it; to any other the host refuses the
//! connection.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Full, Limited};
use provider::{HttpTransport, Provider, ProviderError, ProviderSettings, TransportError};

use crate::clock::within;
use crate::problem::Problem;
use crate::variables;

/// The longest answer that is read, in bytes. A payment intent with everything in it has about
/// 10 KiB, a page of events 300 KiB.
const BODY_LENGTH_MAX: usize = 1024 * 1024;

/// The provider as a component reaches it.
pub type SpinProvider = Provider<SpinHttp>;

/// The provider that the variables name. Where they name none, every call of it fails as
/// unavailable.
///
/// # Errors
///
/// 503 when the host's provider of variables cannot answer.
pub async fn provider() -> Result<SpinProvider, Problem> {
    let api_base = variables::text("stripe_api_base").await?;
    let api_key = variables::text("stripe_api_key").await?;
    Ok(Provider::new(SpinHttp, ProviderSettings { api_base, api_key }))
}

/// Single requests through Spin, each with a deadline. Spin follows no redirects.
#[derive(Debug, Clone, Copy)]
pub struct SpinHttp;

impl HttpTransport for SpinHttp {
    async fn send(
        &self,
        request: Request<Bytes>,
        deadline: Duration,
    ) -> Result<Response<Bytes>, TransportError> {
        within(deadline, exchange(request)).await.unwrap_or(Err(TransportError::TimedOut))
    }
}

async fn exchange(request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
    let (mut head, body) = request.into_parts();
    // Without it the host would send the form in chunks.
    head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    let response = spin_sdk::http::send(Request::from_parts(head, Full::new(body)))
        .await
        .map_err(|error| TransportError::Failed(error.to_string()))?;
    let (head, body) = response.into_parts();
    let body = Limited::new(body, BODY_LENGTH_MAX)
        .collect()
        .await
        .map_err(|error| TransportError::Failed(format!("the answer cannot be read: {error}")))?;
    Ok(Response::from_parts(head, body.to_bytes()))
}

impl From<ProviderError> for Problem {
    /// Whatever it is, the client can only come again; an operator reads the cause.
    fn from(error: ProviderError) -> Self {
        Self::unavailable(error.to_string())
    }
}
