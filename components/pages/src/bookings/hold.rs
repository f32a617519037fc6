//! `POST /events/{event_id}/seats`: one press holds the chosen seats, or says which are gone and
//! offers the nearest.

use domain::code::Code;
use domain::contact::Contact;
use domain::id::{BookingId, EventId};
use domain::nearest::nearest_block;
use domain::rate::RouteClass;
use domain::seat::Seat;
use domain::selection::Selection;
use guest::call::invalid_fields;
use guest::stores::SpinStores;
use guest::{Call, Problem, Reply, limit, stores};
use http::StatusCode;
use sale::ReserveSeats;
use scripts::{PlaceOutcome, PresentedPass, ReserveOutcome};
use service::reserving::refusal;

use super::picker::{self, Notice};
use crate::frame;
use crate::language::{Language, Words};
use crate::session;

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    frame::told(&call, hold(&call).await)
}

async fn hold(call: &Call) -> Result<Reply, Problem> {
    let event = call.event_id()?;
    let (user, attempt) = guest::session::sender(call).await?;
    limit::user(call, RouteClass::Reserve, &user.to_string()).await?;
    let selection = read_selection(call)?;
    // What is written to the buyer later is in the language of the page.
    let locale = Some(Language::of(call).tag().to_owned());
    let contact =
        Contact::read(None, None, locale).map_err(|problems| invalid_fields(&problems))?;
    let stores = stores::open().await?;
    // The pass is on record with its owner; a page has no need to carry it about.
    let watched = sale::watch_place(&stores, event, user, None).await?;
    let admitted = watched.place.outcome == PlaceOutcome::Admitted;
    let pass = watched.place.pass.as_ref().filter(|_| admitted);
    let request = ReserveSeats {
        user,
        // The same press again is the same booking: nothing is held twice.
        booking: BookingId::new(event, attempt),
        pass: pass.map_or(PresentedPass::None, |pass| PresentedPass::Id(&pass.id)),
        idempotency: None,
        selection: &selection,
        contact: &contact,
        is_registered: false,
    };
    let outcome = match sale::reserve_seats(&stores, &request).await? {
        // Only then is it of interest whether this is the browser of an account.
        ReserveOutcome::AccountRequired if ledger::is_account(&stores.database, user).await? => {
            let request = ReserveSeats { is_registered: true, ..request };
            sale::reserve_seats(&stores, &request).await?
        }
        outcome => outcome,
    };
    match outcome {
        ReserveOutcome::Held(hold) | ReserveOutcome::Replayed(hold) => {
            Ok(frame::see_other(&format!("/bookings/{}", hold.booking.booking_id)))
        }
        ReserveOutcome::SeatUnavailable { seats } => {
            offer_others(call, &stores, event, &selection, &seats).await
        }
        refused => Err(refusal(refused).into()),
    }
}

/// Seats by name, or a number of a section, or of any.
fn read_selection(call: &Call) -> Result<Selection, Problem> {
    let seats = call.form_fields("seats")?;
    let section = call.form_field("section")?.filter(|name| !name.is_empty());
    let quantity = call.form_field("quantity")?.and_then(|text| text.parse().ok());
    let invalid = |error: domain::selection::InvalidSelection| {
        Problem::new(Code::InvalidSeats, error.to_string())
    };
    if quantity.is_some() && seats.is_empty() {
        return Selection::read(None, section.as_deref(), quantity).map_err(invalid);
    }
    Selection::read(Some(&seats), None, None).map_err(invalid)
}

/// The page again, with the nearest free seats chosen in place of those that are gone.
async fn offer_others(
    call: &Call,
    stores: &SpinStores,
    id: EventId,
    selection: &Selection,
    gone: &[Seat],
) -> Result<Reply, Problem> {
    let event = ledger::find_event(&stores.database, id).await?;
    let event = event.ok_or_else(|| Problem::of(Code::EventNotFound))?;
    let chosen = nearest(stores, id, &event, selection).await?;
    let words = Words::of(call);
    let list =
        |seats: &[Seat]| seats.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let gone = list(gone);
    let problem = if chosen.is_empty() {
        words.with("seats-gone", [("seats", gone.into())])
    } else {
        let arguments = [("seats", gone.into()), ("others", list(&chosen).into())];
        words.with("seats-gone-others", arguments)
    };
    let notice = Notice { problem: Some(problem), chosen, turn: None };
    let visitor = session::known(call).await?.ok_or_else(|| Problem::of(Code::Forbidden))?;
    picker::page(call, stores, &event, &visitor, StatusCode::CONFLICT, notice).await
}

async fn nearest(
    stores: &SpinStores,
    id: EventId,
    event: &ledger::StoredEvent,
    selection: &Selection,
) -> Result<Vec<Seat>, Problem> {
    let Selection::Seats { section, seats } = selection else { return Ok(Vec::new()) };
    let Some(stored) = event.sections.iter().find(|stored| stored.name == *section) else {
        return Ok(Vec::new());
    };
    let map = sale::read_map(stores, id, stored).await?.unwrap_or_default();
    let wished: Vec<_> = seats.iter().map(|seat| (seat.row, seat.number)).collect();
    let block = nearest_block(&map, &wished).unwrap_or_default();
    let seat = |(row, number)| Seat { section: section.clone(), row, number };
    Ok(block.into_iter().map(seat).collect())
}
