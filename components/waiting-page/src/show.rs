//! `GET /waiting-room/{event_id}`: where the fan stands, as a page. Changes nothing, but for a
//! place that Redis has lost: the receipt in the cookie brings it back.

use domain::code::Code;
use domain::id::EventId;
use domain::queue::{Place, PlaceStatus};
use domain::rate::RouteClass;
use guest::{Call, Problem, Reply, limit, place, stores};

use crate::event::{self, Event};
use crate::visitor::{self, Visitor};
use crate::{cookies, page};

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    Ok(match show(&call).await {
        Ok(reply) => reply,
        Err(problem) => page::failure(&call, problem),
    })
}

async fn show(call: &Call) -> Result<Reply, Problem> {
    let id = call.event_id()?;
    let event = event::find(id).await?;
    let Some(visitor) = visitor::known(call, id).await? else {
        limit::address(call, RouteClass::Poll).await?;
        return Ok(way_in(call, &event).await);
    };
    limit::user(call, RouteClass::Poll, &visitor.user.to_string()).await?;
    let reply = match find(id, &visitor).await {
        Ok(place) => {
            // Why the line has ended just now, what was read before does not tell.
            let is_outdated = place.status == PlaceStatus::Closed && !event.is_over();
            let event = if is_outdated { event::read(id).await.unwrap_or(event) } else { event };
            let reply = page::inside(&event, &place);
            match &place.receipt {
                Some(receipt) if call.cookie(cookies::RECEIPT) != Some(receipt) => {
                    cookies::with_receipt(reply, call, id, receipt)
                }
                _ => reply,
            }
        }
        Err(problem) if problem.code == Code::NotInQueue => page::outside(&event, false),
        Err(problem) => return Err(problem),
    };
    Ok(visitor.remember(reply, call, id))
}

/// The page for somebody new. With the form comes who sends it, so that sending it twice is once.
/// Where that cannot be, the form makes the guest.
async fn way_in(call: &Call, event: &Event) -> Reply {
    if !event.can_be_joined() || !is_shown_as_page(call) {
        return page::outside(event, false);
    }
    match visitor::new(call).await {
        Ok(visitor) => visitor.remember(page::outside(event, true), call, event.id),
        Err(_) => page::outside(event, false),
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
