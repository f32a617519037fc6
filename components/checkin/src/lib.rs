//! The door: tickets are shown, once each. Postgres decides alone, so that it goes on while Redis
//! is down.

use guest::routing::{get, post};
use guest::{Router, action};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

mod check_in;
mod counts;
mod manifest;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    guest::serve(routes, request).await
}

fn routes() -> Router {
    Router::new()
        .route("/api/v1/checkin", post(action(check_in::handle)))
        .route("/api/v1/checkin/{event_id}", get(action(counts::handle)))
        .route("/api/v1/checkin/{event_id}/manifest", get(action(manifest::handle)))
}
