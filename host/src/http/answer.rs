//! From a request to its response: reserved paths, the route table, the component.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use wasmtime_wasi_http::WasiBody;
use wasmtime_wasi_http::handler::InstantiationError;

use super::arrival::{Arrivals, Refused};
use super::headers;
use super::reuse::{ComponentHandler, ComponentInstances, NoInstance, ReuseOptions};
use super::shares::{Share, Shares, Taken};
use crate::instance::LoadedComponent;
use crate::manifest::{Manifest, Route, StaticResponse};
use crate::routes::{RouteMatch, Router};

/// Paths below it are the host's own.
const RESERVED: &str = "/.well-known/spin/";

/// `Retry-After` of a refused client, in seconds.
const RETRY_AFTER_S: &str = "1";

/// How many requests are served at once. Spin has no such bound: requests beyond what the machine
/// can do would only add to the memory and to everybody's latency.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backpressure {
    /// Requests that have not yet got the head of their response.
    pub(crate) max_requests: usize,
    /// How long a request waits for its turn before it is refused with 503.
    pub(crate) max_wait: Duration,
    /// Instances alive at once.
    pub(crate) max_instances: usize,
    /// How long the body of a request may take; it has no turn meanwhile.
    pub(crate) max_body_wait: Duration,
}

/// The HTTP side of the application.
pub(crate) struct Application {
    router: Router<Destination>,
    info: Bytes,
    arrivals: Arrivals,
    max_wait: Duration,
}

enum Destination {
    Component(Called),
    Fixed(FixedResponse),
}

/// A component as routes lead to it.
#[derive(Clone)]
struct Called {
    handler: ComponentHandler,
    turns: Share,
}

struct FixedResponse {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Application {
    /// Prepares every route of the manifest.
    pub(crate) fn new(
        manifest: &Manifest,
        components: &HashMap<String, Arc<LoadedComponent>>,
        reuse: ReuseOptions,
        backpressure: Backpressure,
        stop: &CancellationToken,
    ) -> Result<Self> {
        let reserved = &manifest.application.tool.host.reserved;
        let turns = Shares::new(backpressure.max_requests, !reserved.is_empty());
        let instances = Shares::new(backpressure.max_instances, !reserved.is_empty());
        // All routes of a component share its instances and its turns.
        let mut called: BTreeMap<&str, Called> = BTreeMap::new();
        let mut routes = Vec::new();
        for trigger in &manifest.trigger.http {
            let destination = match (&trigger.component, &trigger.static_response) {
                (Some(id), _) => {
                    let found = match called.get(id.as_str()) {
                        Some(found) => found.clone(),
                        None => {
                            let is_reserved = reserved.contains(id);
                            let instances = instances.of_component(is_reserved);
                            Called {
                                handler: handler(components, id, reuse, instances, stop.clone())?,
                                turns: turns.of_component(is_reserved),
                            }
                        }
                    };
                    called.insert(id, found.clone());
                    Destination::Component(found)
                }
                (None, Some(fixed)) => Destination::Fixed(FixedResponse::new(fixed)?),
                (None, None) => continue,
            };
            let Route::Public(route) = &trigger.route else {
                continue;
            };
            if route.starts_with(RESERVED) {
                tracing::error!(route, "never reached: paths there are the host's own");
            }
            routes.push((route.clone(), destination));
        }
        let application = &manifest.application;
        let info = match &application.version {
            Some(version) => json!({ "name": application.name, "version": version }),
            None => json!({ "name": application.name }),
        };
        Ok(Self {
            router: Router::new(routes)?,
            info: info.to_string().into(),
            arrivals: Arrivals::new(backpressure.max_body_wait),
            max_wait: backpressure.max_wait,
        })
    }

    /// Answers a request. Spin ends the connection where the host is not as it should be; here it
    /// gets the 400 that HTTP asks for.
    pub(super) async fn answer(
        &self,
        mut request: Request<Incoming>,
        client: SocketAddr,
    ) -> Response<WasiBody> {
        if let Err(error) = headers::make_absolute(&mut request) {
            tracing::debug!(%error, "not HTTP");
            return empty(StatusCode::BAD_REQUEST);
        }
        let path = request.uri().path();
        if let Some(reserved) = path.strip_prefix(RESERVED) {
            return self.reserved(reserved);
        }
        let path = path.to_owned();
        let Some(found) = self.router.find(&path) else {
            return empty(StatusCode::NOT_FOUND);
        };
        match &found.route.destination {
            Destination::Fixed(fixed) => fixed.response(),
            Destination::Component(called) => self.call(called, request, &found, client).await,
        }
    }

    fn reserved(&self, name: &str) -> Response<WasiBody> {
        match name {
            "health" => response(StatusCode::OK, Bytes::from_static(b"OK")),
            "info" => {
                let mut info = response(StatusCode::OK, self.info.clone());
                let json = HeaderValue::from_static("application/json");
                info.headers_mut().insert(CONTENT_TYPE, json);
                info
            }
            _ => empty(StatusCode::NOT_FOUND),
        }
    }

    /// Whatever goes wrong in the guest is a 500 without a body.
    async fn call(
        &self,
        called: &Called,
        mut request: Request<Incoming>,
        found: &RouteMatch<'_, Destination>,
        client: SocketAddr,
    ) -> Response<WasiBody> {
        if let Err(error) = headers::add_spin_headers(&mut request, found, client) {
            tracing::warn!(%error, "unusable request");
            return empty(StatusCode::INTERNAL_SERVER_ERROR);
        }
        let (head, body) = request.into_parts();
        let body = match self.arrivals.wait_for(body).await {
            Ok(body) => body,
            // What guests that read it themselves answer after their own time.
            Err(Refused::Late | Refused::NoRoom) => return overloaded(),
            Err(Refused::Broken) => return empty(StatusCode::BAD_REQUEST),
        };
        let Some(turn) = called.turns.take(self.max_wait).await else {
            return overloaded();
        };
        match called.handler.handle(turn, Request::from_parts(head, body)).await {
            Ok(response) => response,
            Err(error) if is_for_want_of_instances(&error) => overloaded(),
            Err(error) => {
                let route = &found.route.raw;
                tracing::error!(route, error = %format!("{error:#}"), "a request failed");
                empty(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }
}

fn is_for_want_of_instances(error: &wasmtime::Error) -> bool {
    let instantiation = error.downcast_ref::<InstantiationError<Taken>>();
    instantiation.is_some_and(|it| it.error.downcast_ref::<NoInstance>().is_some())
}

fn handler(
    components: &HashMap<String, Arc<LoadedComponent>>,
    id: &str,
    reuse: ReuseOptions,
    share: Share,
    stop: CancellationToken,
) -> Result<ComponentHandler> {
    let component = components.get(id).context("unknown component")?;
    let instances = ComponentInstances::new(Arc::clone(component), reuse, share, stop)
        .map_err(anyhow::Error::from)
        .with_context(|| format!("component {id:?} does not export wasi:http/handler@0.3.0"))?;
    Ok(ComponentHandler::new(instances))
}

impl FixedResponse {
    fn new(fixed: &StaticResponse) -> Result<Self> {
        let mut headers = HeaderMap::new();
        for (name, value) in &fixed.headers {
            headers.append(name.parse::<HeaderName>()?, value.parse::<HeaderValue>()?);
        }
        Ok(Self {
            status: StatusCode::from_u16(fixed.status_code.unwrap_or(200))?,
            headers,
            body: fixed.body.clone().unwrap_or_default().into(),
        })
    }

    fn response(&self) -> Response<WasiBody> {
        let mut response = response(self.status, self.body.clone());
        response.headers_mut().extend(self.headers.clone());
        response
    }
}

fn overloaded() -> Response<WasiBody> {
    let mut refusal = empty(StatusCode::SERVICE_UNAVAILABLE);
    refusal.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_S));
    refusal
}

fn empty(status: StatusCode) -> Response<WasiBody> {
    response(status, Bytes::new())
}

/// A response whose length is known: hyper sends `Content-Length`.
fn response(status: StatusCode, body: Bytes) -> Response<WasiBody> {
    let body = Full::new(body).map_err(|never| match never {}).boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}
