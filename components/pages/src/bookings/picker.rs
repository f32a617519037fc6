//! The page where seats are chosen: sections with their prices, and the rows of one section.
//!
//! Every seat is a box with a name, which keyboards and screen readers use as it is. A map that the
//! script draws is over the same boxes.

use askama::Template;
use domain::booking::BookingStatus;
use domain::code::Code;
use domain::id::EventId;
use domain::seat::{SEATS_PER_RESERVATION_MAX, Seat};
use domain::section::{ROW_SEPARATOR, SEAT_FREE, SEAT_SOLD, Section, SectionKind};
use guest::stores::SpinStores;
use guest::{Call, Problem, Reply, log};
use http::StatusCode;
use ledger::{ListBookings, StoredEvent};
use scripts::EventState;

use crate::frame::{self, Frame, WayOn};
use crate::language::Words;
use crate::session::{FormSeal, Visitor};

/// Boxes on one page: what a phone shows at once without a pause. Larger sections have several
/// pages of rows.
const SEATS_PER_PAGE: u32 = 1_500;
/// Open holds of a fan that the page leads to.
const HOLDS_SHOWN: u32 = 10;

/// What the page says above the seats.
#[derive(Default)]
pub(super) struct Notice {
    /// Why nothing was held.
    pub(super) problem: Option<String>,
    /// Seats that are chosen in place of those.
    pub(super) chosen: Vec<Seat>,
    /// That it is the fan's turn, and until when.
    pub(super) turn: Option<String>,
}

#[derive(Template)]
#[template(path = "seats.html")]
struct SeatsPage {
    frame: Frame,
    event: EventId,
    name: String,
    venue: String,
    starts_at: String,
    problem: Option<String>,
    turn: Option<String>,
    holds: Vec<WayOn>,
    sections: Vec<SectionChoice>,
    shown: Option<ShownSection>,
    quantities: Vec<u32>,
    most: String,
    seal: FormSeal,
    sold_out: bool,
    words_free: String,
    words_held: String,
    words_sold: String,
    words_mine: String,
    words_gone: String,
    words_too_many: String,
    money_template: String,
    decimals: u32,
}

struct SectionChoice {
    name: String,
    href: String,
    price: String,
    left: String,
    is_shown: bool,
    is_empty: bool,
}

struct ShownSection {
    name: String,
    title: String,
    price_minor: i64,
    is_seated: bool,
    rows: Vec<Row>,
    all_rows: u32,
    seats_per_row: u32,
    earlier: Option<String>,
    later: Option<String>,
}

struct Row {
    label: String,
    seats: Vec<SeatBox>,
}

struct SeatBox {
    value: String,
    number: u32,
    /// `free`, `held` or `sold`.
    state: &'static str,
    label: String,
    is_free: bool,
    is_chosen: bool,
}

/// The page of `event`.
///
/// # Errors
///
/// 503 when a store does not answer.
pub(super) async fn page(
    call: &Call,
    stores: &SpinStores,
    event: &StoredEvent,
    visitor: &Visitor,
    status: StatusCode,
    notice: Notice,
) -> Result<Reply, Problem> {
    let state = sale::read_event(stores, event.id).await?;
    let state = state.ok_or_else(|| Problem::of(Code::EventNotFound))?;
    let frame = Frame::new(call, event.name.clone()).with_script("seats.js");
    let words = frame.words;
    let wished = notice.chosen.first().map(|seat| seat.section.to_string());
    let wished = wished.or_else(|| call.query("section").map(Into::into));
    let shown = shown_section(&state, wished.as_deref());
    let sections = state.settings.sections.iter().zip(&state.sections).map(|(section, counts)| {
        let left = counts.available;
        SectionChoice {
            name: section.name.to_string(),
            href: format!("/events/{}/seats?section={}", event.id, section.name),
            price: words.money(section.price, &event.currency),
            left: words
                .with("left", [("count", left.into()), ("number", words.number(left).into())]),
            is_shown: shown.is_some_and(|shown| shown.name == section.name),
            is_empty: left <= 0,
        }
    });
    let sections = sections.collect();
    let shown = match shown {
        None => None,
        Some(section) => Some(rows_of(call, stores, event, section, words, &notice.chosen).await?),
    };
    let most = event.sale.max_per_buyer.min(SEATS_PER_RESERVATION_MAX as i64);
    let page = SeatsPage {
        event: event.id,
        name: event.name.clone(),
        venue: event.venue.clone(),
        starts_at: words.moment(event.starts_at, &event.time_zone),
        problem: notice.problem,
        turn: notice.turn,
        holds: open_holds(call, stores, event, visitor, words).await,
        sections,
        shown,
        quantities: (1..=u32::try_from(most).unwrap_or(1)).collect(),
        most: most.to_string(),
        seal: visitor.seal(),
        sold_out: state.total.available <= 0,
        words_free: words.say("seat-free"),
        words_held: words.say("seat-held"),
        words_sold: words.say("seat-sold"),
        words_mine: words.say("seat-mine"),
        words_gone: words.with("seat-gone", [("seat", "{seat}".into())]),
        words_too_many: words.with("seats-too-many", [("most", most.into())]),
        money_template: words.money_template(&event.currency),
        decimals: domain::money::decimals(&event.currency),
        frame,
    };
    Ok(visitor.remember(frame::reply(call, status, &page), call))
}

/// The section that the page shows: the wished one, or the first that has something left.
fn shown_section<'a>(state: &'a EventState, wished: Option<&str>) -> Option<&'a Section> {
    let sections = &state.settings.sections;
    let named = sections.iter().find(|section| Some(section.name.as_str()) == wished);
    let with_left = || {
        let mut of_each = sections.iter().zip(&state.sections);
        of_each.find(|(_, counts)| counts.available > 0).map(|(section, _)| section)
    };
    named.or_else(with_left).or_else(|| sections.first())
}

async fn rows_of(
    call: &Call,
    stores: &SpinStores,
    event: &StoredEvent,
    section: &Section,
    words: Words,
    chosen: &[Seat],
) -> Result<ShownSection, Problem> {
    let shown = ShownSection {
        name: section.name.to_string(),
        title: words.with(
            "section-title",
            [
                ("section", section.name.to_string().into()),
                ("price", words.money(section.price, &event.currency).into()),
            ],
        ),
        price_minor: section.price,
        is_seated: section.is_seated(),
        rows: Vec::new(),
        all_rows: 0,
        seats_per_row: 0,
        earlier: None,
        later: None,
    };
    let SectionKind::Seated { rows, seats_per_row } = section.kind else { return Ok(shown) };
    let map = sale::read_map(stores, event.id, section).await?.unwrap_or_default();
    let rows_per_page = (SEATS_PER_PAGE / seats_per_row.max(1)).max(1);
    let first_chosen = chosen.first().map(|seat| seat.row);
    let asked = call.query("row").and_then(|row| row.parse().ok());
    let wanted = first_chosen.or(asked).unwrap_or(1).clamp(1, rows.max(1));
    // Pages begin at fixed rows, so that links to them meet.
    let first = wanted.saturating_sub(1) / rows_per_page * rows_per_page + 1;
    let link = |row: u32| format!("/events/{}/seats?section={}&row={row}", event.id, section.name);
    let last = first.saturating_add(rows_per_page).saturating_sub(1).min(rows);
    let numbered = map.split(|seat| *seat == ROW_SEPARATOR).zip(1_u32..);
    let shown_rows =
        numbered.filter(|(_, row)| (first..=last).contains(row)).map(|(seats, row)| Row {
            label: words.with("row", [("number", row.to_string().into())]),
            seats: seats
                .iter()
                .zip(1_u32..)
                .map(|(state, number)| seat_box(section, row, number, *state, words, chosen))
                .collect(),
        });
    Ok(ShownSection {
        rows: shown_rows.collect(),
        all_rows: rows,
        seats_per_row,
        earlier: (first > 1).then(|| link(first.saturating_sub(rows_per_page).max(1))),
        later: (last < rows).then(|| link(last.saturating_add(1))),
        ..shown
    })
}

fn seat_box(
    section: &Section,
    row: u32,
    number: u32,
    state: u8,
    words: Words,
    chosen: &[Seat],
) -> SeatBox {
    let seat = Seat { section: section.name.clone(), row, number };
    let (state, word) = match state {
        SEAT_FREE => ("free", "seat-free"),
        SEAT_SOLD => ("sold", "seat-sold"),
        _ => ("held", "seat-held"),
    };
    let label = words.with(
        "seat-label",
        [
            ("row", row.to_string().into()),
            ("number", number.to_string().into()),
            ("state", words.say(word).into()),
        ],
    );
    SeatBox {
        value: seat.to_string(),
        number,
        state,
        label,
        is_free: state == "free",
        is_chosen: state == "free" && chosen.contains(&seat),
    }
}

/// The holds that the fan has here already. Without them the page is as good as with them, so a
/// store that does not answer is only logged.
async fn open_holds(
    call: &Call,
    stores: &SpinStores,
    event: &StoredEvent,
    visitor: &Visitor,
    words: Words,
) -> Vec<WayOn> {
    if let Err(error) = sale::drain_journal(stores, event.id).await {
        log::failed_job("drain_journal", &call.request_id, &error.to_string());
    }
    let request = ListBookings { user: visitor.user, limit: HOLDS_SHOWN, cursor: None };
    let bookings = match ledger::list_bookings(&stores.database, &request).await {
        Ok(page) => page.bookings,
        Err(error) => {
            log::failed_job("list_bookings", &call.request_id, &error.to_string());
            Vec::new()
        }
    };
    let open = bookings.into_iter().filter(|booking| {
        booking.event_id == event.id && booking.status == BookingStatus::Reserved
    });
    open.map(|booking| WayOn {
        href: format!("/bookings/{}", booking.booking_id),
        label: words.with(
            "open-hold",
            [
                ("places", super::show::places(&booking).into()),
                ("ends", words.clock(booking.expires_at, &event.time_zone).into()),
            ],
        ),
    })
    .collect()
}
