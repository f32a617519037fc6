//! The waiting room: one page, and a part for each way a fan can stand.

use askama::Template;
use domain::event::EventStatus;
use domain::queue::{Place, PlaceStatus, poll_before_opening_ms};
use guest::{Call, Problem, Reply, clock};
use http::StatusCode;

use super::join::REMEMBERED;
use super::words::{Templates, chance, wait};
use crate::events::event::Event;
use crate::frame::{self, Frame, WayOn};
use crate::language::Words;

/// How soon a page looks again whether joining is possible again, in seconds.
const STOPPED_LOOK_S: i64 = 30;

#[derive(Template)]
#[template(path = "waiting_room.html")]
struct WaitingRoom {
    frame: Frame,
    name: String,
    venue: String,
    starts_at: String,
    machine_time: String,
    /// What the organiser has to say to those who wait.
    message: String,
    heading: String,
    text: String,
    /// The way into the line.
    form: Option<JoinForm>,
    /// A place in a line that moves.
    place: Option<InLine>,
    way_on: Option<WayOn>,
    templates: Templates,
}

struct JoinForm {
    action: String,
    label: String,
    /// The field that says that the page brought a cookie, where it did.
    remembered: Option<&'static str>,
}

struct InLine {
    position: String,
    wait: String,
    chance: String,
    stream_url: String,
    poll_ms: u64,
}

impl WaitingRoom {
    /// A page with a heading and one text.
    fn new(call: &Call, event: &Event, heading: &str, text: String) -> Self {
        let frame = Frame::new(call, event.name.clone()).with_script("waiting-room.js");
        let words = frame.words;
        Self {
            name: event.name.clone(),
            venue: event.venue.clone(),
            starts_at: words.moment(event.starts_at, &event.time_zone),
            machine_time: event.starts_at.to_string(),
            message: event.message.clone(),
            heading: words.say(heading),
            text,
            form: None,
            place: None,
            way_on: None,
            templates: Templates::new(words),
            frame,
        }
    }

    fn with_form(mut self, event: &Event, label: &str, with_cookie: bool) -> Self {
        self.form = Some(JoinForm {
            action: format!("/waiting-room/{}", event.id),
            label: self.frame.say(label),
            remembered: with_cookie.then_some(REMEMBERED),
        });
        self
    }

    fn with_way_on(mut self, label: &str, href: String) -> Self {
        self.way_on = Some(WayOn { href, label: self.frame.say(label) });
        self
    }

    fn refreshed(mut self, refresh_s: Option<i64>) -> Self {
        self.frame = self.frame.refreshed(refresh_s);
        self
    }
}

/// For somebody who has no place: the way in. `with_cookie` when the page brings the cookie that
/// says who joins.
pub(super) fn outside(call: &Call, event: &Event, with_cookie: bool) -> Reply {
    let words = Words::of(call);
    let opens = || words.moment(event.on_sale_at, &event.time_zone);
    let page = |topic: &str| {
        let text = words.with(&format!("{topic}-text"), [("opens", opens().into())]);
        WaitingRoom::new(call, event, topic, text)
    };
    let with_form = |topic: &str, label: &str| page(topic).with_form(event, label, with_cookie);
    let status = event.status();
    let page = match status {
        EventStatus::Cancelled => page("room-cancelled"),
        EventStatus::Ended => page("room-over"),
        EventStatus::SoldOut => page("room-sold-out"),
        _ if !event.joining => page("room-closed"),
        EventStatus::Paused => with_form("room-paused", "join-line"),
        EventStatus::Scheduled if event.is_drawn => with_form("room-drawn", "join-line"),
        EventStatus::Scheduled => with_form("room-scheduled", "enter-room"),
        EventStatus::OnSale => with_form("room-open", "join-line"),
    };
    let may_change = matches!(status, EventStatus::SoldOut | EventStatus::Paused) || !event.joining;
    let page = page.refreshed(may_change.then_some(STOPPED_LOOK_S));
    frame::reply(call, StatusCode::OK, &page)
}

/// For somebody who has a place.
pub(super) fn inside(call: &Call, event: &Event, place: &Place) -> Reply {
    let page = match place.status {
        PlaceStatus::Waiting => waiting(call, event, place),
        PlaceStatus::Admitted => admitted(call, event, place),
        PlaceStatus::Expired => {
            simple(call, event, "room-expired").with_form(event, "join-again", false)
        }
        PlaceStatus::Closed => closed(call, event),
    };
    frame::reply(call, StatusCode::OK, &page)
}

fn simple(call: &Call, event: &Event, topic: &str) -> WaitingRoom {
    let text = Words::of(call).say(&format!("{topic}-text"));
    WaitingRoom::new(call, event, topic, text)
}

/// What the place itself says of a draw counts: a sale can be put off after the draw, and then
/// places are taken in order.
fn waiting(call: &Call, event: &Event, place: &Place) -> WaitingRoom {
    let now = clock::now();
    let seconds = |ms: u64| i64::try_from(ms.div_ceil(1_000)).unwrap_or(1).max(1);
    if let Some(draw) = place.draw.filter(|draw| now < draw.draws_at) {
        let words = Words::of(call);
        let opens = words.moment(draw.draws_at, &event.time_zone);
        let text = words.with("room-draw-text", [("opens", opens.into())]);
        return WaitingRoom::new(call, event, "room-draw", text)
            .refreshed(Some(seconds(draw.poll_after_ms(place.number, now))));
    }
    let opens_later = place.draw.is_none() && now < event.on_sale_at;
    let look_after_ms = if opens_later {
        let opens_in_ms = event.on_sale_at.unix_ms().saturating_sub(now.unix_ms());
        poll_before_opening_ms(opens_in_ms, place.number, None)
    } else {
        place.poll_after_ms
    };
    let words = Words::of(call);
    let text = match place.position {
        None => words.say("room-drawing-text"),
        Some(_) if opens_later => {
            let opens = words.moment(event.on_sale_at, &event.time_zone);
            words.with("room-line-opens-text", [("opens", opens.into())])
        }
        Some(_) => String::new(),
    };
    let mut page = WaitingRoom::new(call, event, "room-line", text);
    page.place = Some(InLine {
        position: place.position.map_or_else(String::new, |it| words.number(it)),
        wait: wait(words, place),
        chance: chance(words, place),
        stream_url: place.stream_url.clone().unwrap_or_default(),
        poll_ms: place.poll_after_ms,
    });
    page.refreshed(Some(seconds(look_after_ms)))
}

/// Leads on by itself.
fn admitted(call: &Call, event: &Event, place: &Place) -> WaitingRoom {
    let words = Words::of(call);
    let ends_at = place.pass_expires_at.unwrap_or_else(clock::now);
    let ends = words.clock(ends_at, &event.time_zone);
    let text = words.with("room-turn-text", [("ends", ends.into())]);
    let seats = format!("/events/{}/seats", event.id);
    let mut page =
        WaitingRoom::new(call, event, "room-turn", text).with_way_on("choose-seats", seats.clone());
    page.frame.leads_to = Some(seats);
    page
}

fn closed(call: &Call, event: &Event) -> WaitingRoom {
    let words = Words::of(call);
    let reason = match event.status() {
        EventStatus::Cancelled => "line-ended-cancelled",
        EventStatus::Ended => "line-ended-over",
        _ => "line-ended-sold-out",
    };
    let text = format!("{} {}", words.say(reason), words.say("line-ended-nobody"));
    WaitingRoom::new(call, event, "line-ended", text)
}

#[derive(Template)]
#[template(path = "proof.html")]
struct Proof {
    frame: Frame,
    action: String,
    challenge: String,
    unsolved: String,
}

/// For somebody whose browser has to compute before joining.
pub(super) fn proof(call: &Call, problem: &Problem) -> Reply {
    let challenge = problem.context("challenge").map(serde_json::Value::to_string);
    let frame = Frame::new(call, "").with_script("waiting-room.js");
    let page = Proof {
        frame: Frame { title: frame.say("proof-title"), ..frame },
        action: call.uri.path().to_owned(),
        challenge: challenge.unwrap_or_default(),
        unsolved: Words::of(call).say("proof-unsolved"),
    };
    frame::reply(call, StatusCode::FORBIDDEN, &page)
}

#[derive(Template)]
#[template(path = "without_cookies.html")]
struct WithoutCookies {
    frame: Frame,
    way_back: String,
}

/// For somebody whose browser keeps no cookies.
pub(super) fn without_cookies(call: &Call) -> Reply {
    let frame = Frame::new(call, "");
    let frame = Frame { title: frame.say("cookies-title"), ..frame };
    let page = WithoutCookies { frame, way_back: call.uri.path().to_owned() };
    frame::reply(call, StatusCode::BAD_REQUEST, &page)
}
