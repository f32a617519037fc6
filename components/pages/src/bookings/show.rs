//! `GET /bookings/{booking_id}`: where a booking stands, and what can be done with it. After a
//! payment the page follows the booking until it is sold.

use askama::Template;
use domain::booking::{Booking, BookingStatus};
use domain::code::Code;
use domain::rate::RouteClass;
use guest::auth::Caller;
use guest::{Call, Problem, Reply, clock, limit, stores};
use http::StatusCode;
use service::booking;

use crate::frame::{self, Frame, WayOn};
use crate::session::{self, FormSeal};

/// How soon the page looks again whether a payment has arrived, in seconds.
const PAID_LOOK_S: i64 = 3;

#[derive(Template)]
#[template(path = "booking.html")]
struct BookingPage {
    frame: Frame,
    booking: String,
    event_name: String,
    venue: String,
    starts_at: String,
    /// Why paying has just not begun.
    problem: Option<String>,
    heading: String,
    text: String,
    places: Vec<String>,
    section: String,
    amount: String,
    /// While seats are held.
    hold: Option<HoldView>,
    has_tickets: bool,
    /// While tickets can be given up.
    giving_up: Option<FormSeal>,
    way_on: Option<WayOn>,
}

struct HoldView {
    seal: FormSeal,
    ends: String,
    ends_ms: i64,
    /// On the clock of the server, so that a wrong clock of the phone does not matter.
    now_ms: i64,
    is_free: bool,
    /// Where tickets are sent to, as far as it is known.
    email: String,
    name: String,
    /// Whether the fan comes back from paying.
    is_paid: bool,
    words_left: String,
    words_soon: String,
    words_over: String,
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    frame::told(&call, show(&call).await)
}

async fn show(call: &Call) -> Result<Reply, Problem> {
    let id = call.booking_id()?;
    let visitor = session::known(call).await?;
    let visitor = visitor.ok_or_else(|| Problem::of(Code::BookingNotFound))?;
    limit::user(call, RouteClass::Poll, &visitor.user.to_string()).await?;
    let stores = stores::open().await?;
    let booking = booking::visible(&stores, id, Caller::Buyer(visitor.user)).await?;
    let event = ledger::find_event(&stores.database, id.event()).await?;
    let event = event.ok_or_else(|| Problem::of(Code::EventNotFound))?;
    let frame = Frame::new(call, event.name.clone()).with_script("booking.js");
    let words = frame.words;
    let now = clock::now();
    let is_held = booking.status == BookingStatus::Reserved;
    let is_paid = is_held && call.query("paid").is_some();
    let topic = if is_paid { "booking-paid" } else { topic(booking.status) };
    let ends = words.clock(booking.expires_at, &event.time_zone);
    let hold = if is_held {
        // What was said on this page is in Postgres, and Redis has what was said before.
        let recorded = ledger::find_booking(&stores.database, id).await.ok().flatten();
        let contact = recorded.map(|it| it.contact).filter(|contact| contact.email.is_some());
        let contact = contact.unwrap_or_else(|| booking.contact.clone());
        Some(HoldView {
            email: contact.email.unwrap_or_default(),
            name: contact.name.unwrap_or_default(),
            seal: visitor.seal(),
            ends: words.with("held-until", [("ends", ends.clone().into())]),
            ends_ms: booking.expires_at.unix_ms(),
            now_ms: now.unix_ms(),
            is_free: booking.amount == 0,
            is_paid,
            words_left: words.with("time-left", [("time", "{time}".into())]),
            words_soon: words.say("time-soon"),
            words_over: words.say("time-over"),
        })
    } else {
        None
    };
    let left_s = booking.expires_at.unix_s().saturating_sub(now.unix_s()).saturating_add(1).max(1);
    let refresh_s = is_held.then_some(if is_paid { PAID_LOOK_S } else { left_s });
    let again = WayOn { href: format!("/events/{}", event.id), label: words.say("way-to-event") };
    let problem = call.query("problem").and_then(|word| {
        let code = Code::ALL.iter().find(|code| code.as_str() == word)?;
        let message = match code {
            Code::ValidationFailed => "problem-contact".to_owned(),
            code => frame::message_of(*code),
        };
        Some(format!("{}. {}", words.say(&message), words.say(&format!("{message}-detail"))))
    });
    let page = BookingPage {
        problem,
        booking: id.to_string(),
        event_name: event.name,
        venue: event.venue,
        starts_at: words.moment(event.starts_at, &event.time_zone),
        heading: words.say(topic),
        text: words.with(&format!("{topic}-text"), [("ends", ends.into())]),
        places: booking.seat_labels(),
        section: words.with(
            "booking-section",
            [
                ("section", booking.section.to_string().into()),
                ("count", i64::from(booking.quantity).into()),
            ],
        ),
        amount: words.money(booking.amount, &booking.currency),
        giving_up: (booking.status == BookingStatus::Confirmed && now < event.starts_at)
            .then(|| visitor.seal()),
        has_tickets: booking.status == BookingStatus::Confirmed,
        way_on: (!is_held).then_some(again),
        hold,
        frame: frame.refreshed(refresh_s),
    };
    Ok(visitor.remember(frame::reply(call, StatusCode::OK, &page), call))
}

const fn topic(status: BookingStatus) -> &'static str {
    match status {
        BookingStatus::Reserved => "booking-reserved",
        BookingStatus::Confirmed => "booking-confirmed",
        BookingStatus::Released => "booking-released",
        BookingStatus::Expired => "booking-expired",
        BookingStatus::Refunded => "booking-refunded",
        BookingStatus::Cancelled => "booking-cancelled",
    }
}

/// The seats of a booking, or how many of which section.
pub(super) fn places(booking: &Booking) -> String {
    if booking.seats.is_empty() {
        format!("{} × {}", booking.quantity, booking.section)
    } else {
        booking.seat_labels().join(", ")
    }
}
