//! `GET /`: what is on, page by page.

use askama::Template;
use domain::rate::RouteClass;
use guest::{Call, Problem, Reply, limit, stores};
use http::StatusCode;
use ledger::ListEvents;

use super::event::{status_of, status_words};
use crate::frame::{self, Frame};

/// Events of one page.
const PAGE_EVENTS: u32 = 20;

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    frame: Frame,
    events: Vec<Line>,
    /// Where the next page begins.
    next: Option<String>,
}

struct Line {
    href: String,
    name: String,
    venue: String,
    starts_at: String,
    machine_time: String,
    price: String,
    status: String,
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    frame::told(&call, show(&call).await)
}

async fn show(call: &Call) -> Result<Reply, Problem> {
    limit::address(call, RouteClass::Poll).await?;
    let frame = Frame::new(call, "");
    let frame = Frame { title: frame.say("home-title"), ..frame };
    let words = frame.words;
    let stores = stores::open().await?;
    let cursor = call.query("cursor");
    let request = ListEvents { limit: PAGE_EVENTS, cursor: cursor.as_deref(), active_only: true };
    let page = ledger::list_events(&stores.database, &request).await?;
    let lines = page.events.iter().map(|event| Line {
        href: format!("/events/{}", event.id),
        name: event.name.clone(),
        venue: event.venue.clone(),
        starts_at: words.moment(event.starts_at, &event.time_zone),
        machine_time: event.starts_at.to_string(),
        price: price_range(words, event),
        status: words.say(status_words(status_of(event))),
    });
    let home = Home {
        events: lines.collect(),
        next: page.next_cursor.map(|cursor| format!("/?cursor={cursor}")),
        frame,
    };
    Ok(frame::reply(call, StatusCode::OK, &home))
}

/// From the lowest to the highest price.
pub(super) fn price_range(words: crate::language::Words, event: &ledger::StoredEvent) -> String {
    let prices = || event.sections.iter().map(|section| section.price);
    let (Some(low), Some(high)) = (prices().min(), prices().max()) else { return String::new() };
    let low_text = words.money(low, &event.currency);
    if low == high {
        return low_text;
    }
    words.with(
        "price-range",
        [("low", low_text.into()), ("high", words.money(high, &event.currency).into())],
    )
}
