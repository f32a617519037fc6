//! Cancels bookings.

use guest::routing::post;
use guest::{Router, action};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

mod cancel;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    let routes =
        Router::new().route("/api/v1/bookings/{booking_id}/cancel", post(action(cancel::handle)));
    guest::serve(routes, request).await
}
