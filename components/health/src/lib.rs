//! Liveness, readiness, metrics, the description of the interface, and a problem for every address
//! that is not there.

use guest::routing::get;
use guest::{Router, action};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

mod live;
mod metrics;
mod openapi;
mod ready;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    guest::serve(routes, request).await
}

fn routes() -> Router {
    Router::new()
        .route("/health/live", get(action(live::handle)))
        .route("/health/ready", get(action(ready::handle)))
        .route("/metrics", get(action(metrics::handle)))
        .route("/openapi.json", get(action(openapi::handle)))
}
