//! `GET /door`: the events whose door one can be at; or where one signs in.

use askama::Template;
use domain::time_zone::local_time;
use guest::{Call, Problem, Reply, postgres};
use http::StatusCode;
use ledger::{ListEvents, StoredEvent};

use super::words::Words;
use super::{enter, page, session};

/// Events of the list: no house has more at once.
const EVENTS_MAX: u32 = 100;

#[derive(Template)]
#[template(path = "door_events.html")]
struct EventsPage {
    words: Words,
    title: String,
    script: bool,
    events: Vec<EventLine>,
}

struct EventLine {
    id: String,
    name: String,
    when: String,
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    page::told(&call, show(&call).await)
}

async fn show(call: &Call) -> Result<Reply, Problem> {
    if session::known(call).await?.is_none() {
        return Ok(enter::page(call, StatusCode::OK, false));
    }
    let database = postgres::database().await?;
    let request = ListEvents { limit: EVENTS_MAX, cursor: None, active_only: true };
    let mut events = ledger::list_events(&database, &request).await?.events;
    events.sort_by_key(|event| event.starts_at.unix_ms());
    let words = page::words(call);
    let page = EventsPage {
        words,
        title: words.door().to_owned(),
        script: false,
        events: events.into_iter().map(line).collect(),
    };
    Ok(page::reply(StatusCode::OK, &page))
}

fn line(event: StoredEvent) -> EventLine {
    let local = local_time(event.starts_at, &event.time_zone);
    let when = format!("{} {}", local.date_time.strftime("%Y-%m-%d %H:%M"), local.abbreviation);
    EventLine { id: event.id.to_string(), name: event.name, when }
}
