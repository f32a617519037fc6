//! Bookings, as their owner and the organiser read them, look them up, extend their holds, and give
//! them up once they are sold.

use guest::routing::{get, post};
use guest::{Router, action, serve_stream, stream_action};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

mod cancel;
mod extend;
mod list;
mod list_of_event;
mod lookup;
mod read;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve_stream(routes, request).await
}

fn routes() -> Router {
    Router::new()
        .route("/api/v1/bookings", get(action(list::handle)))
        .route("/api/v1/bookings/lookup", post(action(lookup::handle)))
        .route("/api/v1/events/{event_id}/bookings", get(stream_action(list_of_event::handle)))
        .route("/api/v1/bookings/{booking_id}", get(action(read::handle)))
        .route("/api/v1/bookings/{booking_id}/cancel", post(action(cancel::handle)))
        .route("/api/v1/bookings/{booking_id}/extend", post(action(extend::handle)))
}
