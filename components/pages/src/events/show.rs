//! `GET /events/{event_id}`: what it is, what it costs, what is left, and the way in.

use askama::Template;
use domain::code::Code;
use domain::event::EventStatus;
use domain::rate::RouteClass;
use guest::{Call, Problem, Reply, limit, log, stores};
use http::StatusCode;

use super::event::{status_of, status_words};
use super::list::price_range;
use crate::frame::{self, Frame, WayOn};

#[derive(Template)]
#[template(path = "event.html")]
struct EventPage {
    frame: Frame,
    name: String,
    venue: String,
    /// Each line of the description.
    description: Vec<String>,
    starts_at: String,
    machine_time: String,
    ends_at: String,
    opens_at: Option<String>,
    status: String,
    prices: String,
    sections: Vec<SectionLine>,
    way_in: Option<WayOn>,
    message: String,
}

struct SectionLine {
    name: String,
    kind: String,
    price: String,
    left: String,
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    frame::told(&call, show(&call).await)
}

async fn show(call: &Call) -> Result<Reply, Problem> {
    limit::address(call, RouteClass::Poll).await?;
    let id = call.event_id()?;
    let stores = stores::open().await?;
    let event = ledger::find_event(&stores.database, id).await?;
    let event = event.ok_or_else(|| Problem::of(Code::EventNotFound))?;
    // What is left is told as far as Redis can tell it; the rest of the page does not need it.
    let state = match sale::read_event(&stores, id).await {
        Ok(state) => state,
        Err(error) => {
            log::failed_job("read_event", &call.request_id, &error.to_string());
            None
        }
    };
    let frame = Frame::new(call, event.name.clone());
    let words = frame.words;
    let status = state.as_ref().map_or_else(|| status_of(&event), scripts::EventState::status);
    let left = |name: &domain::section::SectionName| {
        let state = state.as_ref()?;
        let mut of_each = state.settings.sections.iter().zip(&state.sections);
        of_each.find(|(section, _)| section.name == *name).map(|(_, counts)| counts.available)
    };
    let sections = event.sections.iter().map(|section| SectionLine {
        name: section.name.to_string(),
        kind: words.say(if section.is_seated() { "section-seated" } else { "section-standing" }),
        price: words.money(section.price, &event.currency),
        left: match left(&section.name) {
            None => String::new(),
            Some(left) => {
                words.with("left", [("count", left.into()), ("number", words.number(left).into())])
            }
        },
    });
    let way = |label: &str, path: String| Some(WayOn { href: path, label: words.say(label) });
    let way_in = match (status, event.sale.queue.enabled) {
        (EventStatus::Cancelled | EventStatus::Ended, _) => None,
        (_, true) => way("way-to-waiting-room", format!("/waiting-room/{id}")),
        (EventStatus::OnSale, false) => way("choose-seats", format!("/events/{id}/seats")),
        (_, false) => None,
    };
    let opens_at = (status == EventStatus::Scheduled)
        .then(|| words.moment(event.on_sale_at, &event.time_zone));
    let page = EventPage {
        sections: sections.collect(),
        prices: price_range(words, &event),
        description: event.description.lines().map(str::to_owned).collect(),
        starts_at: words.moment(event.starts_at, &event.time_zone),
        machine_time: event.starts_at.to_string(),
        ends_at: words.moment(event.ends_at, &event.time_zone),
        status: words.say(status_words(status)),
        name: event.name,
        venue: event.venue,
        message: event.sale.queue.message,
        opens_at,
        way_in,
        frame,
    };
    Ok(frame::reply(call, StatusCode::OK, &page))
}
