//! The pages: one frame, and a section for each way a fan can stand.

use domain::event::EventStatus;
use domain::id::EventId;
use domain::queue::{ComingDraw, Place, PlaceStatus, poll_before_opening_ms};
use domain::time::Instant;
use guest::html::{self, Html};
use guest::{Call, Problem, Reply, clock};
use http::{StatusCode, header};

use crate::event::Event;
use crate::join::REMEMBERED;
use crate::words::{chance, grouped, moment, wait};

/// How soon a page that failed for the moment looks again, in seconds: longer than a program would,
/// since everybody's page fails together.
const LOOK_AGAIN_MIN_S: i64 = 5;

/// How soon a page looks again whether joining is possible again, in seconds.
const STOPPED_LOOK_S: i64 = 30;

/// For somebody who has no place: the way in. `with_cookie` when the page brings the cookie that
/// says who joins.
pub(crate) fn outside(event: &Event, with_cookie: bool) -> Reply {
    let opens = Html::default().raw("<time>").text(moment(event.on_sale_at)).raw("</time>");
    let status = event.status();
    let section = match status {
        EventStatus::Cancelled => {
            heading("This event is called off").raw("<p>Nothing is sold.</p>")
        }
        EventStatus::Ended => {
            heading("This event is over").raw("<p>Nothing is sold any more.</p>")
        }
        EventStatus::SoldOut => heading("Everything is sold")
            .raw("<p>If anything comes back, this page will show it.</p>"),
        _ if !event.joining => heading("Nobody else can join at the moment").raw(
            "<p>If you are in the line, you keep your place. This page looks again by itself.</p>",
        ),
        EventStatus::Paused => heading("The sale is stopped for the moment")
            .raw(
                "<p>Nobody is let in until it goes on. You can join the line now and keep your \
                 place: refreshing, closing the page or opening it again does not change it.</p>",
            )
            .with(form(event.id, "Join the line", with_cookie)),
        EventStatus::Scheduled if event.is_drawn => heading("The sale has not begun")
            .raw("<p>It opens on ")
            .with(opens)
            .raw(
                ". The line has begun: if you join now, you are behind those who are in it, in \
                 order. Your place is yours: refreshing, closing the page or opening it again does \
                 not change it.</p>",
            )
            .with(form(event.id, "Join the line", with_cookie)),
        EventStatus::Scheduled => heading("The sale has not begun")
            .raw("<p>It opens on ")
            .with(opens)
            .raw(
                ". Everybody in the waiting room by then takes part in a draw: being early is no \
                 advantage.</p>",
            )
            .with(form(event.id, "Enter the waiting room", with_cookie)),
        EventStatus::OnSale => heading("The sale is open")
            .raw(
                "<p>Everybody is let in by turns. Your place is yours: refreshing, closing the page \
                 or opening it again does not change it.</p>",
            )
            .with(form(event.id, "Join the line", with_cookie)),
    };
    let may_change = matches!(status, EventStatus::SoldOut | EventStatus::Paused) || !event.joining;
    let refresh_s = may_change.then_some(STOPPED_LOOK_S);
    html::page(StatusCode::OK, frame(event, refresh_s, element(section)))
}

/// For somebody who has a place.
pub(crate) fn inside(event: &Event, place: &Place) -> Reply {
    let now = clock::now();
    let (refresh_s, section) = match place.status {
        PlaceStatus::Waiting => {
            let (look_after_ms, section) = in_the_line(event, place, now);
            let look_after_s = i64::try_from(look_after_ms.div_ceil(1_000)).unwrap_or(1).max(1);
            (Some(look_after_s), section)
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

/// For somebody whose browser keeps no cookies.
pub(crate) fn without_cookies(event: EventId) -> Reply {
    let section = heading("This page needs cookies")
        .raw(
            "<p>Your browser did not send back the cookie that says who you are, so a place could \
             not be kept for you, and none was taken. Please allow cookies for this site, and then \
             <a href=\"/waiting-room/",
        )
        .text(event)
        .raw("\">go back to the waiting room</a>.</p>");
    html::page(StatusCode::BAD_REQUEST, bare("Waiting room", None, element(section)))
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

/// A place that waits, and after how many ms the page looks again. What the place itself says of
/// a draw counts: a sale can be put off after the draw, and then places are taken in order.
fn in_the_line(event: &Event, place: &Place, now: Instant) -> (u64, Html) {
    match place.draw {
        Some(draw) if now < draw.draws_at => {
            (draw.poll_after_ms(place.number, now), element(before_the_draw(&draw)))
        }
        None if now < event.on_sale_at => {
            let opens_in_ms = event.on_sale_at.unix_ms().saturating_sub(now.unix_ms());
            let look_after_ms = poll_before_opening_ms(opens_in_ms, place.number, None);
            (look_after_ms, followed(place, waiting(place, Some(event.on_sale_at))))
        }
        _ => (place.poll_after_ms, followed(place, waiting(place, None))),
    }
}

fn before_the_draw(draw: &ComingDraw) -> Html {
    heading("You are in the waiting room")
        .raw("<p>The sale opens on <time>")
        .text(moment(draw.draws_at))
        .raw(
            "</time>. At that moment places are drawn among all who are here; until then nobody \
             has a position, and being early is no advantage. You keep your place in the draw if \
             you close this page, as long as you come back with this browser.</p>",
        )
}

/// `opens_at` when the sale opens later, and the order of the line stands already.
fn waiting(place: &Place, opens_at: Option<Instant>) -> Html {
    let Some(position) = place.position else {
        return heading("You are in the line").raw("<p>Places are being drawn.</p>");
    };
    let section = heading("You are in the line");
    let section = match opens_at {
        Some(opens_at) => section
            .raw("<p>The sale opens on <time>")
            .text(moment(opens_at))
            .raw("</time>; until then the line stands still.</p>"),
        None => section,
    };
    section
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
        .with(form(event.id, "Join again", false))
}

fn closed(event: &Event) -> Html {
    let reason = match event.status() {
        EventStatus::Cancelled => "The event is called off.",
        EventStatus::Ended => "The event is over.",
        _ => "Everything is sold.",
    };
    heading("The line has ended").raw("<p>").text(reason).raw(" Nobody else is let in.</p>")
}

fn heading(text: &str) -> Html {
    Html::default().raw("<h2>").text(text).raw("</h2>")
}

fn form(event: EventId, label: &str, with_cookie: bool) -> Html {
    let form =
        Html::default().raw("<form method=\"post\" action=\"/waiting-room/").text(event).raw("\">");
    let form = if with_cookie {
        form.raw("<input type=\"hidden\" name=\"").text(REMEMBERED).raw("\" value=\"1\">")
    } else {
        form
    };
    form.raw("<button type=\"submit\">").text(label).raw("</button></form>")
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
