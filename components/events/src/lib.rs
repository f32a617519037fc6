//! Events: created and changed by the organiser, read by everybody.

use guest::routing::{get, post};
use guest::{Router, action};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

mod add_sections;
mod audit;
mod availability;
mod available_seats;
mod cancel;
mod charging;
mod create;
mod list;
mod read;
mod seat_map;
mod update;
mod view;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    guest::serve(routes, request).await
}

fn routes() -> Router {
    Router::new()
        .route("/api/v1/events", post(action(create::handle)).get(action(list::all)))
        .route("/api/v1/events/active", get(action(list::active)))
        .route(
            "/api/v1/events/{event_id}",
            get(action(read::handle)).put(action(update::handle)).delete(action(cancel::handle)),
        )
        .route("/api/v1/events/{event_id}/audit", get(action(audit::handle)))
        .route("/api/v1/events/{event_id}/availability", get(action(availability::handle)))
        .route(
            "/api/v1/events/{event_id}/seats",
            post(action(add_sections::handle)).get(action(seat_map::handle)),
        )
        .route("/api/v1/events/{event_id}/seats/available", get(action(available_seats::handle)))
}
