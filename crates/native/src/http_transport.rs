//! HTTP to the payment provider.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use provider::{HttpTransport, TransportError};

/// The longest answer that is read, as in a component.
const BODY_LENGTH_MAX: usize = 1024 * 1024;

/// A client that follows no redirects.
#[derive(Debug, Clone)]
pub struct NativeHttp {
    client: reqwest::Client,
}

impl NativeHttp {
    /// A client with its own connections.
    ///
    /// # Panics
    ///
    /// When the client cannot be set up, which no test can mend.
    pub fn new() -> Self {
        let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        Self { client: builder.build().unwrap() }
    }
}

impl Default for NativeHttp {
    fn default() -> Self {
        Self::new()
    }
}

impl HttpTransport for NativeHttp {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        deadline: Duration,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let exchange = async {
            let request = reqwest::Request::try_from(request)?;
            let mut response = self.client.execute(request).await?;
            let mut body = BytesMut::new();
            while let Some(chunk) = response.chunk().await? {
                body.extend_from_slice(&chunk);
                if body.len() > BODY_LENGTH_MAX {
                    return Ok(Err(TransportError::Failed("the answer is too long".to_owned())));
                }
            }
            let mut answer = http::Response::new(body.freeze());
            *answer.status_mut() = response.status();
            *answer.headers_mut() = response.headers().clone();
            Ok::<_, reqwest::Error>(Ok(answer))
        };
        match tokio::time::timeout(deadline, exchange).await {
            Ok(Ok(answer)) => answer,
            // Without the address: it is the same as in a component.
            Ok(Err(error)) => Err(TransportError::Failed(error.without_url().to_string())),
            Err(_) => Err(TransportError::TimedOut),
        }
    }
}
