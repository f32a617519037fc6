//! `GET /bookings`: what the browser's guest has booked. With the key of a letter: see
//! [`open`](super::open).

use std::collections::BTreeMap;

use askama::Template;
use domain::booking::Booking;
use domain::id::EventId;
use domain::rate::RouteClass;
use guest::stores::SpinStores;
use guest::{Call, Problem, Reply, limit, log, stores};
use http::StatusCode;
use ledger::{ListBookings, StoredEvent};

use crate::frame::{self, Frame};
use crate::session;

/// Bookings of one page.
const PAGE_BOOKINGS: u32 = 20;

#[derive(Template)]
#[template(path = "bookings.html")]
struct BookingsPage {
    frame: Frame,
    bookings: Vec<Line>,
    next: Option<String>,
}

struct Line {
    href: String,
    event: String,
    starts_at: String,
    places: String,
    amount: String,
    status: String,
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    frame::told(&call, show(&call).await)
}

async fn show(call: &Call) -> Result<Reply, Problem> {
    if let Some(key) = call.query("key") {
        return super::open::page(call, &key).await;
    }
    let frame = Frame::new(call, "");
    let frame = Frame { title: frame.say("bookings-title"), ..frame };
    let Some(visitor) = session::known(call).await? else {
        let page = BookingsPage { frame, bookings: Vec::new(), next: None };
        return Ok(frame::reply(call, StatusCode::OK, &page));
    };
    limit::user(call, RouteClass::Poll, &visitor.user.to_string()).await?;
    let words = frame.words;
    let stores = stores::open().await?;
    if let Err(error) = sale::drain_for_user(&stores, visitor.user).await {
        log::failed_job("drain_for_user", &call.request_id, &error.to_string());
    }
    let cursor = call.query("cursor");
    let request =
        ListBookings { user: visitor.user, limit: PAGE_BOOKINGS, cursor: cursor.as_deref() };
    let page = ledger::list_bookings(&stores.database, &request).await?;
    let events = events_of(&stores, &page.bookings).await?;
    let lines = page.bookings.iter().map(|booking| {
        let event = events.get(&booking.event_id);
        let starts_at = event.map(|event| words.moment(event.starts_at, &event.time_zone));
        Line {
            href: format!("/bookings/{}", booking.booking_id),
            event: event.map(|event| event.name.clone()).unwrap_or_default(),
            starts_at: starts_at.unwrap_or_default(),
            places: super::show::places(booking),
            amount: words.money(booking.amount, &booking.currency),
            status: words.say(&format!("booking-{}", booking.status.as_str())),
        }
    });
    let page = BookingsPage {
        bookings: lines.collect(),
        next: page.next_cursor.map(|cursor| format!("/bookings?cursor={cursor}")),
        frame,
    };
    Ok(visitor.remember(frame::reply(call, StatusCode::OK, &page), call))
}

/// The events of bookings: a page has few of them.
async fn events_of(
    stores: &SpinStores,
    bookings: &[Booking],
) -> Result<BTreeMap<EventId, StoredEvent>, Problem> {
    let mut events = BTreeMap::new();
    for booking in bookings {
        if events.contains_key(&booking.event_id) {
            continue;
        }
        if let Some(event) = ledger::find_event(&stores.database, booking.event_id).await? {
            events.insert(booking.event_id, event);
        }
    }
    Ok(events)
}
