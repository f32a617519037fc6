//! Where a fan stands, the pass once let in, the queue as a whole, and its draw.

use std::time::Duration;

use guest::clock::{REQUEST_DEADLINE, WAIT_MAX_S};
use guest::routing::{get, post};
use guest::{Router, action};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

mod draw;
mod position;
mod process;
mod status;
mod waiting;

/// A request that asks to wait for a change is answered later by what it may ask for.
const LIMIT: Duration = REQUEST_DEADLINE.saturating_add(Duration::from_secs(WAIT_MAX_S));

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    let routes = Router::new()
        .route("/api/v1/queue/position/{event_id}", get(action(position::handle)))
        .route("/api/v1/queue/draw/{event_id}", get(action(draw::handle)))
        .route("/api/v1/queue/status/{event_id}", get(action(status::handle)))
        .route("/api/v1/queue/process/{event_id}", post(action(process::handle)));
    guest::serve_within(LIMIT, routes, request).await
}
