//! `GET /waiting-room/{event_id}`: where the fan stands, as a page. Changes nothing, but for a
//! place that Redis has lost: the receipt in the cookie brings it back.

use domain::code::Code;
use domain::id::{EventId, UserId};
use domain::queue::Place;
use domain::rate::RouteClass;
use guest::{Call, Problem, Reply, auth, limit, place, stores};

use crate::{cookies, event, page};

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    Ok(match show(&call).await {
        Ok(reply) => reply,
        Err(problem) => page::failure(&call, problem),
    })
}

async fn show(call: &Call) -> Result<Reply, Problem> {
    let id = call.event_id()?;
    let event = event::find(id).await?;
    // Who cannot be read is somebody new: the form makes them a guest.
    let user = match call.cookie(cookies::BUYER) {
        Some(token) => auth::buyer_of_token(token).await.ok(),
        None => None,
    };
    let Some(user) = user else {
        limit::address(call, RouteClass::Poll).await?;
        return Ok(page::outside(&event));
    };
    limit::user(call, RouteClass::Poll, &user.to_string()).await?;
    let place = match find(call, id, user).await {
        Ok(place) => place,
        Err(problem) if problem.code == Code::NotInQueue => return Ok(page::outside(&event)),
        Err(problem) => return Err(problem),
    };
    let reply = page::inside(&event, &place);
    Ok(match &place.receipt {
        Some(receipt) if call.cookie(cookies::RECEIPT) != Some(receipt) => {
            cookies::with_receipt(reply, call, id, receipt)
        }
        _ => reply,
    })
}

async fn find(call: &Call, event: EventId, user: UserId) -> Result<Place, Problem> {
    let receipt = auth::queue_receipt(call, call.cookie(cookies::RECEIPT), event, user).await?;
    let found = sale::watch_place(&stores::open().await?, event, user, receipt).await?;
    place::describe(event, user, &found.place).await
}
