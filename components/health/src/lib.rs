//! Liveness, readiness, and a problem for every address that is not there.

use guest::routing::get;
use guest::{Router, action};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

mod live;
mod ready;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    let routes = Router::new()
        .route("/health/live", get(action(live::handle)))
        .route("/health/ready", get(action(ready::handle)));
    guest::serve(routes, request).await
}
