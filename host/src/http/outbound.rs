//! HTTP requests made by a component: only to hosts it may reach. TLS with the web's usual roots.

use std::sync::Arc;

use http::Request;
use http_body_util::BodyExt;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks, default_send_request};

use crate::instance::SharedState;

/// Sends the requests of one component.
pub(crate) struct OutboundHttp {
    /// The component that sends the requests.
    pub(crate) component: Arc<SharedState>,
}

/// A step of a request that may still fail.
type Step<T> = Box<dyn Future<Output = Result<T, Error>> + Send>;

/// A response, and what is left to do on its connection.
type Answer = (http::Response<WasiBody>, Step<()>);

impl WasiHttpHooks for OutboundHttp {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _processed: Step<()>,
    ) -> Step<Answer> {
        let allowed = self.component.allowed_hosts.allow(&request.uri().to_string(), "https");
        Box::new(async move {
            if !allowed {
                return Err(Error::HttpRequestDenied);
            }
            let (response, connection) = default_send_request(request, options).await?;
            Ok((response.map(BodyExt::boxed_unsync), Box::new(connection) as Step<()>))
        })
    }
}
