//! `GET /api/v1/events/{event_id}/bookings`: the bookings of an event for its organiser, newest
//! first: page by page as JSON, or all of them as CSV.
//!
//! An event has more bookings than an instance has memory for. So a CSV of several pages is a
//! stream: a page is read, written and dropped, and the next one is read when the client has taken
//! it.

use std::time::Duration;

use domain::booking::BookingStatus;
use domain::code::Code;
use domain::contact::EMAIL_LENGTH_MAX;
use domain::id::EventId;
use domain::rate::RouteClass;
use guest::call::invalid_field;
use guest::clock::within;
use guest::stores::SpinStores;
use guest::stream::{Opening, Outgoing};
use guest::{Call, Problem, Reply, auth, limit, log, stores};
use http::{StatusCode, header};
use ledger::{
    BookingFilter, EVENT_BOOKINGS_MAX, EventBooking, EventBookingPage, ListEventBookings,
};
use serde::Serialize;
use service::bookings_csv;

/// The longest text that is searched for, in characters: as a name may have.
const PART_LENGTH_MAX: usize = 100;
/// Pages of one CSV: more bookings than any event has places, many times over.
const CSV_PAGES_MAX: usize = 100_000;
/// How long a client may take for a page of CSV, some 200 KB: slow networks get it, and one that
/// takes nothing keeps no instance.
const CSV_PAGE_LIMIT: Duration = Duration::from_secs(30);
const CSV: &str = "text/csv; charset=utf-8; header=present";

#[derive(Serialize)]
struct EventBookingList {
    bookings: Vec<EventBooking>,
    next_cursor: Option<String>,
}

pub(crate) async fn handle(call: Call, opening: Opening) -> Result<Reply, Problem> {
    auth::organiser(&call).await?;
    limit::user(&call, RouteClass::Organiser, "organiser").await?;
    let event = call.event_id()?;
    let filter = filter(&call)?;
    let is_csv = is_csv(&call)?;
    let limit = if is_csv { EVENT_BOOKINGS_MAX } else { call.page_limit()? };
    let cursor = call.query("cursor");
    let stores = stores::open().await?;
    if cursor.is_none() {
        drain(&call, &stores, event).await;
    }
    let request = ListEventBookings { event, filter: &filter, limit, cursor: cursor.as_deref() };
    let page = ledger::event_bookings(&stores.database, &request).await?;
    let page = page.ok_or_else(|| Problem::of(Code::EventNotFound))?;
    let EventBookingPage { bookings, next_cursor } = page;
    let reply = if is_csv {
        let text = bookings_csv::HEADER.to_owned() + &bookings_csv::lines(&bookings);
        let name = format!("attachment; filename=\"bookings-{event}.csv\"");
        let whole = match next_cursor {
            None => text,
            Some(cursor) => {
                let rest = Rest { event, filter, cursor, request_id: call.request_id.clone() };
                spin_sdk::wasip3::spawn(write_csv(opening.begin(), stores, text, rest));
                String::new()
            }
        };
        let reply = Reply::text(StatusCode::OK, CSV, whole);
        reply.with_header(header::CONTENT_DISPOSITION, &name)
    } else {
        Reply::ok(&EventBookingList { bookings, next_cursor })?
    };
    Ok(reply.with_header(header::VARY, header::ACCEPT.as_str()))
}

/// So that the list has what happened a moment ago. Without Redis it is a second old.
async fn drain(call: &Call, stores: &SpinStores, event: EventId) {
    if let Err(error) = sale::drain_journal(stores, event).await {
        log::failed_job("drain_journal", &call.request_id, &error.to_string());
    }
}

/// The filters of the query. One that is empty is none: forms send those that nobody has filled in.
fn filter(call: &Call) -> Result<BookingFilter, Problem> {
    let given = |name: &str| call.query(name).filter(|text| !text.is_empty());
    let short = |name: &str, length_max: usize| match given(name) {
        Some(text) if text.chars().count() > length_max => {
            Err(invalid_field(name, &format!("must have at most {length_max} characters")))
        }
        text => Ok(text.map(|text| text.into_owned())),
    };
    let status = given("status").map(|it| it.parse::<BookingStatus>()).transpose();
    let section = given("section").map(|it| it.parse()).transpose();
    Ok(BookingFilter {
        status: status.map_err(|_| invalid_field("status", "must be a status of a booking"))?,
        section: section.map_err(|_| invalid_field("section", "must be the name of a section"))?,
        email: short("email", EMAIL_LENGTH_MAX)?,
        part: short("q", PART_LENGTH_MAX)?,
    })
}

/// Whether the client wants CSV: `format` says so, or else `Accept`.
fn is_csv(call: &Call) -> Result<bool, Problem> {
    match call.query("format").as_deref() {
        Some("csv") => Ok(true),
        Some("json") => Ok(false),
        Some(_) => Err(invalid_field("format", "must be json or csv")),
        None => Ok(call.rather_accepts("text/csv")),
    }
}

/// What is still to be written of a CSV.
struct Rest {
    event: EventId,
    filter: BookingFilter,
    cursor: String,
    request_id: String,
}

/// Writes `text`, then the rest page by page. Where that fails, the body has no proper end, and the
/// client sees that it is not whole.
async fn write_csv(mut outgoing: Outgoing, stores: SpinStores, mut text: String, rest: Rest) {
    let Rest { event, filter, cursor, request_id } = rest;
    let (filter, limit, mut cursor) = (&filter, EVENT_BOOKINGS_MAX, Some(cursor));
    for _ in 0..CSV_PAGES_MAX {
        // A page of which nothing fits has nothing to write.
        if !text.is_empty() {
            let sent = within(CSV_PAGE_LIMIT, outgoing.send(text.into_bytes())).await;
            if sent != Some(Ok(())) {
                return;
            }
        }
        let Some(after) = cursor else { return outgoing.finish().await };
        let request = ListEventBookings { event, filter, limit, cursor: Some(&after) };
        let page = match ledger::event_bookings(&stores.database, &request).await {
            Ok(Some(page)) => page,
            Ok(None) => return log::failed_job("bookings_csv", &request_id, "no event"),
            Err(error) => return log::failed_job("bookings_csv", &request_id, &error.to_string()),
        };
        (text, cursor) = (bookings_csv::lines(&page.bookings), page.next_cursor);
    }
    log::failed_job("bookings_csv", &request_id, "more pages than any event has");
}
