//! Tickets, as their owner and the organiser read them: as data, as a QR code, as pages to print
//! and as an entry of a calendar.

use guest::routing::get;
use guest::{Router, action};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

mod form;
mod list;
mod name_holder;
mod read;
mod render;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    guest::serve(routes, request).await
}

fn routes() -> Router {
    Router::new()
        .route("/api/v1/bookings/{booking_id}/tickets", get(action(list::handle)))
        .route(
            "/api/v1/tickets/{ticket_id}",
            get(action(read::handle)).put(action(name_holder::handle)),
        )
        .route("/bookings/{booking_id}/tickets.pdf", get(action(list::handle_own)))
        .route("/tickets/{ticket_id}", get(action(read::handle_own)))
}
