//! Into the queue of an event, and out of it.

use guest::routing::{delete, post};
use guest::{Router, action};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

mod join;
mod leave;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    guest::serve(routes, request).await
}

fn routes() -> Router {
    Router::new()
        .route("/api/v1/queue/join", post(action(join::handle)))
        .route("/api/v1/queue/{event_id}", delete(action(leave::handle)))
}
