//! `GET /bookings`: what the browser's guest has booked. With the key of a letter: see
//! [`open`](super::open).

use askama::Template;
use domain::rate::RouteClass;
use guest::{Call, Problem, Reply, limit, log, stores};
use http::StatusCode;
use ledger::ListBookings;

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
    let lines = page.bookings.iter().map(|booking| Line {
        href: format!("/bookings/{}", booking.booking_id),
        places: super::show::places(booking),
        amount: words.money(booking.amount, &booking.currency),
        status: words.say(&format!("booking-{}", booking.status.as_str())),
    });
    let page = BookingsPage {
        bookings: lines.collect(),
        next: page.next_cursor.map(|cursor| format!("/bookings?cursor={cursor}")),
        frame,
    };
    Ok(visitor.remember(frame::reply(call, StatusCode::OK, &page), call))
}
