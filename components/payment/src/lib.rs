//! Begins payments: the routes that wait for the payment provider.

use guest::routing::post;
use guest::{Router, action};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

mod begin;
mod checkout;
mod pay;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    guest::serve(routes, request).await
}

fn routes() -> Router {
    Router::new()
        .route("/api/v1/bookings/{booking_id}/checkout", post(action(checkout::handle)))
        .route("/api/v1/bookings/{booking_id}/payment", post(action(begin::handle)))
        .route("/bookings/{booking_id}/pay", post(action(pay::handle)))
}
