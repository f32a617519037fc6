//! Where a fan stands, the pass once let in, the queue as a whole, and its draw.

use guest::routing::{get, post};
use guest::{Router, action, patient_action};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

mod draw;
mod position;
mod process;
mod status;
mod waiting;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    guest::serve(routes, request).await
}

fn routes() -> Router {
    let position = patient_action(position::patience, position::handle);
    Router::new()
        .route("/api/v1/queue/position/{event_id}", get(position))
        .route("/api/v1/queue/draw/{event_id}", get(action(draw::handle)))
        .route("/api/v1/queue/status/{event_id}", get(action(status::handle)))
        .route("/api/v1/queue/process/{event_id}", post(action(process::handle)))
}
