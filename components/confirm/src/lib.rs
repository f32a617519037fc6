//! Confirms bookings without the payment provider: at the cash desk, or free of charge.

use guest::routing::post;
use guest::{Router, action};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

mod confirm;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    guest::serve(routes, request).await
}

fn routes() -> Router {
    Router::new().route("/api/v1/bookings/{booking_id}/confirm", post(action(confirm::handle)))
}
