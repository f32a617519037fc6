//! Holds seats: one script, and a note for the list of the buyer; nothing of Postgres.

use guest::routing::post;
use guest::{Router, action};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

mod reserve;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    guest::serve(routes, request).await
}

fn routes() -> Router {
    Router::new().route("/api/v1/bookings/reserve", post(action(reserve::handle)))
}
