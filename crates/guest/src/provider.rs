//! The payment provider through Spin's HTTP client.
//!
//! Only the components `payment` and `worker` may reach it; to any other the host refuses the
//! connection.

use std::time::Duration;

use bytes::Bytes;
use domain::code::Code;
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Full, Limited};
use provider::{
    HttpTransport, NotChargeable, Provider, ProviderError, ProviderSettings, TransportError,
};
use serde_json::json;

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
    /// What may pass is for the client to try again, what will not pass is not. The causes of
    /// refusals are told elsewhere, once for many requests: see [`sale::note_refusal`].
    fn from(error: ProviderError) -> Self {
        match error {
            ProviderError::Unavailable(cause) => Self::unavailable(cause),
            ProviderError::NotChargeable(NotChargeable::TooHigh { max }) => {
                Self::of(Code::AmountTooHigh).with("amount_max", json!(max))
            }
            // mutant: a-refused-payment-is-retried
            ProviderError::UnexpectedState
            | ProviderError::AlreadyRefunded
            | ProviderError::NotFound
            | ProviderError::Refused(_)
            | ProviderError::NotChargeable(_) => Self::of(Code::PaymentRefused),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_pass_is_to_be_tried_again() {
        let refused = |text: &str| ProviderError::Refused(text.to_owned());
        for (error, code) in [
            (ProviderError::Unavailable("status 429".to_owned()), Code::Unavailable),
            (refused("status 403"), Code::PaymentRefused),
            (ProviderError::NotFound, Code::PaymentRefused),
            (ProviderError::UnexpectedState, Code::PaymentRefused),
            (NotChargeable::TooHigh { max: 9 }.into(), Code::AmountTooHigh),
            (NotChargeable::Fraction { multiple_of: 10 }.into(), Code::PaymentRefused),
        ] {
            let is_definitive = error.is_definitive();
            let problem = Problem::from(error);
            assert_eq!(problem.code, code);
            assert_eq!(problem.retries_after_s().is_some(), is_definitive == Some(false));
        }
    }
}
