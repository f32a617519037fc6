//! `GET /events/{event_id}/seats`: choose seats.

use domain::code::Code;
use domain::event::EventStatus;
use domain::queue::PlaceStatus;
use domain::rate::RouteClass;
use guest::stores::SpinStores;
use guest::{Call, Problem, Reply, limit, place, stores};
use http::StatusCode;
use ledger::StoredEvent;

use super::picker::{self, Notice};
use crate::events::event::status_of;
use crate::frame;
use crate::language::Words;
use crate::session::{self, Visitor};

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    frame::told(&call, show(&call).await)
}

async fn show(call: &Call) -> Result<Reply, Problem> {
    let id = call.event_id()?;
    let stores = stores::open().await?;
    let event = ledger::find_event(&stores.database, id).await?;
    let event = event.ok_or_else(|| Problem::of(Code::EventNotFound))?;
    let known = session::known(call).await?;
    match &known {
        Some(visitor) => {
            limit::user(call, RouteClass::Poll, &visitor.user.to_string()).await?;
        }
        None => limit::address(call, RouteClass::Poll).await?,
    }
    // Who has to wait first is led there; who came by a link is no less welcome.
    let Some(Turn(turn)) = turn(call, &stores, &event, known.as_ref()).await? else {
        return Ok(frame::see_other(&format!("/waiting-room/{id}")));
    };
    match status_of(&event) {
        EventStatus::OnSale | EventStatus::SoldOut => {}
        _ => return Ok(frame::see_other(&format!("/events/{id}"))),
    }
    let visitor = match known {
        Some(visitor) => visitor,
        None => session::new(call).await?,
    };
    let notice = Notice { turn, ..Notice::default() };
    picker::page(call, &stores, &event, &visitor, StatusCode::OK, notice).await
}

/// What the page says of a turn.
struct Turn(Option<String>);

/// Nothing when the fan has to wait first.
async fn turn(
    call: &Call,
    stores: &SpinStores,
    event: &StoredEvent,
    visitor: Option<&Visitor>,
) -> Result<Option<Turn>, Problem> {
    if !event.sale.queue.enabled {
        return Ok(Some(Turn(None)));
    }
    let Some(visitor) = visitor else { return Ok(None) };
    let watched = sale::watch_place(stores, event.id, visitor.user, None).await?;
    let place = match place::describe(event.id, visitor.user, &watched.place).await {
        Ok(place) => place,
        Err(problem) if problem.code == Code::NotInQueue => return Ok(None),
        Err(problem) => return Err(problem),
    };
    let ends_at = place.pass_expires_at.filter(|_| place.status == PlaceStatus::Admitted);
    let words = Words::of(call);
    Ok(ends_at.map(|at| {
        let ends = words.clock(at, &event.time_zone);
        Turn(Some(words.with("turn", [("ends", ends.into())])))
    }))
}
