//! The pages: one frame, and a section for each way a fan can stand.

use domain::id::EventId;
use domain::queue::{Place, PlaceStatus};
use guest::html::{self, Html};
use guest::{Call, Problem, Reply, clock};
use http::{StatusCode, header};

use crate::event::Event;
use crate::words::{chance, grouped, moment, wait};

/// How soon a page that failed for the moment looks again, in seconds: longer than a program would,
/// since everybody's page fails together.
const LOOK_AGAIN_MIN_S: i64 = 5;

/// The longest that a page waits before the sale opens, in seconds: the opening may be moved.
const BEFORE_LOOK_MAX_S: i64 = 60;
/// Pages that wait for the opening look within so many seconds after it.
const OPENING_SPREAD_S: i64 = 10;
/// How soon a page looks again whether joining is possible again, in seconds.
const STOPPED_LOOK_S: i64 = 30;

/// For somebody who has no place: the way in.
pub(crate) fn outside(event: &Event) -> Reply {
    let now = clock::now();
    let opens = Html::default().raw("<time>").text(moment(event.on_sale_at)).raw("</time>");
    let section = if event.cancelled {
        heading("This event is called off").raw("<p>Nothing is sold.</p>")
    } else if now >= event.ends_at {
        heading("This event is over").raw("<p>Nothing is sold any more.</p>")
    } else if !event.joining {
        heading("Nobody else can join at the moment").raw(
            "<p>Whoever is in the line keeps their place. This page looks again by itself.</p>",
        )
    } else if now < event.on_sale_at {
        heading("The sale has not begun")
            .raw("<p>It opens on ")
            .with(opens)
            .raw(
                ". Whoever is in the waiting room by then takes part in a draw: being early is no \
                 advantage.</p>",
            )
            .with(form(event.id, "Enter the waiting room"))
    } else {
        heading("The sale is open")
            .raw(
                "<p>Everybody is let in by turns. Your place is yours: refreshing, closing the page \
                 or opening it again does not change it.</p>",
            )
            .with(form(event.id, "Join the line"))
    };
    let refresh_s = (!event.joining).then_some(STOPPED_LOOK_S);
    html::page(StatusCode::OK, frame(event, refresh_s, element(section)))
}

/// For somebody who has a place.
pub(crate) fn inside(event: &Event, place: &Place) -> Reply {
    let now = clock::now();
    let (refresh_s, section) = match place.status {
        PlaceStatus::Waiting if now < event.on_sale_at => {
            let left_s = event.on_sale_at.unix_s().saturating_sub(now.unix_s());
            // Not everybody in the moment of the opening.
            let refresh_s = left_s.saturating_add(1 + place.number.rem_euclid(OPENING_SPREAD_S));
            (Some(refresh_s.min(BEFORE_LOOK_MAX_S)), element(before_the_draw(event)))
        }
        PlaceStatus::Waiting => {
            let poll_s = i64::try_from(place.poll_after_ms.div_ceil(1_000)).unwrap_or(1).max(1);
            (Some(poll_s), followed(place, waiting(place)))
        }
        PlaceStatus::Admitted => {
            let ends_at = place.pass_expires_at.unwrap_or(now);
            let left_s = ends_at.unix_s().saturating_sub(now.unix_s()).max(0);
            (Some(left_s.saturating_add(1)), element(admitted(place)))
        }
        PlaceStatus::Expired => (None, element(expired(event))),
        PlaceStatus::Closed => (None, element(closed(event))),
    };
    html::page(StatusCode::OK, frame(event, refresh_s, section))
}

/// For somebody whose browser has to compute before joining.
pub(crate) fn proof(event: EventId, problem: &Problem) -> Reply {
    let challenge = problem.context("challenge").map(serde_json::Value::to_string);
    let section = heading("One moment")
        .raw(
            "<p role=\"status\">So that nobody fills the line with programs, your browser solves a \
             small puzzle. It joins by itself when it has.</p><noscript><p>This needs JavaScript, \
             which is off in this browser. For this sale there is no way to join without \
             it.</p></noscript><form method=\"post\" action=\"/waiting-room/",
        )
        .text(event)
        .raw("\" data-challenge=\"")
        .text(challenge.unwrap_or_default())
        .raw("\"><input type=\"hidden\" name=\"proof\" value=\"\"></form>");
    html::page(StatusCode::FORBIDDEN, bare("Waiting room", None, element(section)))
}

/// What could not be done, and when it is tried again.
pub(crate) fn failure(call: &Call, problem: Problem) -> Reply {
    problem.log(&call.request_id);
    let again_s = problem.retries_after_s();
    let section = heading(problem.code.title()).raw("<p>").text(problem.detail()).raw("</p>");
    let section = match again_s {
        Some(_) => section.raw(
            "<p>This page looks again by itself. If you had a place in the line, it is kept.</p>",
        ),
        None => section,
    };
    let refresh_s = again_s.map(|seconds| seconds.max(LOOK_AGAIN_MIN_S));
    let status = StatusCode::from_u16(problem.code.status());
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let reply = html::page(status, bare("Waiting room", refresh_s, element(section)));
    match again_s {
        Some(seconds) => reply.with_header(header::RETRY_AFTER, &seconds.to_string()),
        None => reply,
    }
}

fn before_the_draw(event: &Event) -> Html {
    heading("You are in the waiting room")
        .raw("<p>The sale opens on <time>")
        .text(moment(event.on_sale_at))
        .raw(
            "</time>. At that moment places are drawn among all who are here; until then nobody \
             has a position, and being early is no advantage. You keep your place in the draw if \
             you close this page, as long as you come back with this browser within a day of \
             joining.</p>",
        )
}

fn waiting(place: &Place) -> Html {
    let Some(position) = place.position else {
        return heading("You are in the line").raw("<p>Places are being drawn.</p>");
    };
    heading("You are in the line")
        .raw("<p>Your position: <strong id=\"position\">")
        .text(grouped(position))
        .raw("</strong></p><p>Estimated wait: <span id=\"wait\">")
        .text(wait(place))
        .raw(".</span></p><p id=\"chance\">")
        .text(chance(place))
        .raw(
            "</p><p>Your position never grows. Refreshing or opening more tabs changes \
             nothing; this page refreshes by itself.</p>",
        )
}

fn admitted(place: &Place) -> Html {
    let pass = place.queue_pass.as_deref().unwrap_or_default();
    let ends = place.pass_expires_at.map(moment).unwrap_or_default();
    heading("It is your turn")
        .raw("<p>Choose your seats by <strong><time>")
        .text(ends)
        .raw(
            "</time></strong>. After that your place goes to the next in the line.</p><p>Your pass, \
             good for one reservation:</p><code id=\"pass\">",
        )
        .text(pass)
        .raw("</code>")
}

fn expired(event: &Event) -> Html {
    heading("Your turn is over")
        .raw(
            "<p>Your turn came while you were away, or your pass was not used in time, and your \
             place went to the next in the line. You can join again, at its end.</p>",
        )
        .with(form(event.id, "Join again"))
}

fn closed(event: &Event) -> Html {
    let reason = if event.cancelled {
        "The event is called off."
    } else if clock::now() >= event.ends_at {
        "The event is over."
    } else {
        "Everything is sold."
    };
    heading("The line has ended").raw("<p>").text(reason).raw(" Nobody else is let in.</p>")
}

fn heading(text: &str) -> Html {
    Html::default().raw("<h2>").text(text).raw("</h2>")
}

fn form(event: EventId, label: &str) -> Html {
    Html::default()
        .raw("<form method=\"post\" action=\"/waiting-room/")
        .text(event)
        .raw("\"><button type=\"submit\">")
        .text(label)
        .raw("</button></form>")
}

/// A section whose news the script reads aloud.
fn element(content: Html) -> Html {
    Html::default().raw("<section aria-live=\"polite\">").with(content).raw("</section>")
}

/// A section that the script keeps up to date.
fn followed(place: &Place, content: Html) -> Html {
    Html::default()
        .raw("<section data-poll-ms=\"")
        .text(place.poll_after_ms)
        .raw("\" data-stream=\"")
        .text(place.stream_url.as_deref().unwrap_or_default())
        .raw("\">")
        .with(content)
        .raw(
            "</section><p id=\"spoken\" class=\"spoken\" role=\"status\" aria-live=\"polite\"></p>",
        )
}

fn frame(event: &Event, refresh_s: Option<i64>, section: Html) -> Html {
    let header = Html::default()
        .raw("<h1>")
        .text(&event.name)
        .raw("</h1><p class=\"where\">")
        .text(&event.venue)
        .raw(if event.venue.is_empty() { "<time>" } else { ", <time>" })
        .text(moment(event.starts_at))
        .raw("</time></p><p id=\"message\" class=\"message\" role=\"status\"")
        .raw(if event.message.is_empty() { " hidden>" } else { ">" })
        .text(&event.message)
        .raw("</p>");
    document(&event.name, refresh_s, header.with(section))
}

/// A page that is not about an event that could be read.
fn bare(title: &str, refresh_s: Option<i64>, section: Html) -> Html {
    document(title, refresh_s, Html::default().raw("<h1>").text(title).raw("</h1>").with(section))
}

/// The refresh is for browsers without JavaScript; the script follows the stream instead, and
/// refreshes pages without one.
fn document(title: &str, refresh_s: Option<i64>, content: Html) -> Html {
    let head = Html::default()
        .raw("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>")
        .text(title)
        .raw(
            "</title><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <link rel=\"stylesheet\" href=\"/waiting-room/style.css\">\
             <script src=\"/waiting-room/script.js\" defer></script>",
        );
    let html = match refresh_s {
        Some(seconds) => head
            .raw("<noscript><meta http-equiv=\"refresh\" content=\"")
            .text(seconds)
            .raw("\"></noscript></head><body data-refresh-s=\"")
            .text(seconds)
            .raw("\">"),
        None => head.raw("</head><body>"),
    };
    html.raw("<main>").with(content).raw("</main></body></html>\n")
}
