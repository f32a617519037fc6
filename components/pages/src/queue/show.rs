//! `GET /waiting-room/{event_id}`: where the fan stands, as a page. Changes nothing, but for a
//! place that Redis has lost: the receipt in the cookie brings it back.

use domain::code::Code;
use domain::id::EventId;
use domain::queue::{Place, PlaceStatus};
use domain::rate::RouteClass;
use guest::{Call, Problem, Reply, limit, place, stores};

use super::page;
use crate::events::event::{self, Event};
use crate::frame;
use crate::session::{self, Visitor};

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    frame::told(&call, show(&call).await)
}

async fn show(call: &Call) -> Result<Reply, Problem> {
    let id = call.event_id()?;
    let event = event::find(id).await?;
    let Some(visitor) = session::known(call).await? else {
        limit::address(call, RouteClass::Poll).await?;
        return Ok(way_in(call, &event).await);
    };
    limit::user(call, RouteClass::Poll, &visitor.user.to_string()).await?;
    let reply = match find(id, &visitor).await {
        Ok(place) => {
            // Why the line has ended just now, what was read before does not tell.
            let is_outdated = place.status == PlaceStatus::Closed && !event.is_over();
            let event = if is_outdated { event::read(id).await.unwrap_or(event) } else { event };
            let reply = page::inside(call, &event, &place);
            match &place.receipt {
                Some(receipt) => session::with_receipt(reply, call, id, receipt),
                None => reply,
            }
        }
        Err(problem) if problem.code == Code::NotInQueue => page::outside(call, &event, false),
        Err(problem) => return Err(problem),
    };
    Ok(visitor.remember(reply, call))
}

/// The page for somebody new. With the form comes who sends it, so that sending it twice is once.
/// Where that cannot be, the form makes the guest.
async fn way_in(call: &Call, event: &Event) -> Reply {
    if !event.can_be_joined() || !is_shown_as_page(call) {
        return page::outside(call, event, false);
    }
    match session::new(call).await {
        Ok(visitor) => visitor.remember(page::outside(call, event, true), call),
        Err(_) => page::outside(call, event, false),
    }
}

/// What a page of another site embeds comes without cookies, and must not replace them.
fn is_shown_as_page(call: &Call) -> bool {
    call.header("sec-fetch-dest").is_none_or(|dest| dest == "document")
}

async fn find(event: EventId, visitor: &Visitor) -> Result<Place, Problem> {
    let Visitor { user, receipt, .. } = visitor;
    let found = sale::watch_place(&stores::open().await?, event, *user, *receipt).await?;
    place::describe(event, *user, &found.place).await
}
