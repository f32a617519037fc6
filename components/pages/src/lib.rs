//! What a person sees in a browser, from the list of events to the booking: with JavaScript and
//! without.
//!
//! Every page is a template over the same use cases as the JSON routes. Forms do, links show; where
//! there is JavaScript, files of [`site`] keep a page up to date.
//!
//! # Layout
//!
//! - [`events`]: what is on. [`queue`]: the waiting room. [`bookings`]: seats and what is bought.
//!   [`people`]: signing in. [`site`]: files, and pages about the site itself.
//! - [`frame`]: what all pages have in common. [`language`] and [`format`]: how they say it.
//!   [`session`]: who the browser is.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

use guest::routing::{get, post};
use guest::{Router, action};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

mod bookings;
mod events;
mod format;
mod frame;
mod language;
mod people;
mod queue;
mod session;
mod site;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    guest::serve(routes, request).await
}

fn routes() -> Router {
    Router::new()
        .route("/", get(action(events::list::handle)))
        .route("/accessibility", get(action(site::about::accessibility)))
        .route("/assets/{file}", get(action(site::files::handle)))
        .route("/auth/link", get(action(people::link::show)).post(action(people::link::handle)))
        .route(
            "/bookings",
            get(action(bookings::list::handle)).post(action(bookings::open::handle)),
        )
        .route("/bookings/{booking_id}", get(action(bookings::show::handle)))
        .route("/bookings/{booking_id}/confirm", post(action(bookings::confirm::handle)))
        .route("/bookings/{booking_id}/extend", post(action(bookings::extend::handle)))
        .route("/bookings/{booking_id}/give-up", post(action(bookings::give_up::handle)))
        .route("/bookings/{booking_id}/release", post(action(bookings::release::handle)))
        .route("/bookings/{booking_id}/tickets", get(action(bookings::tickets::handle)))
        .route("/events/{event_id}", get(action(events::show::handle)))
        .route(
            "/events/{event_id}/seats",
            get(action(bookings::choose::handle)).post(action(bookings::hold::handle)),
        )
        .route(
            "/lookup",
            get(action(bookings::lookup::show)).post(action(bookings::lookup::handle)),
        )
        .route("/privacy", get(action(site::about::privacy)))
        .route("/tickets/{ticket_id}/holder", post(action(bookings::name_holder::handle)))
        .route(
            "/waiting-room/{event_id}",
            get(action(queue::show::handle)).post(action(queue::join::handle)),
        )
}
