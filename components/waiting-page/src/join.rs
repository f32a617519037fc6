//! `POST /waiting-room/{event_id}`: the form that joins. Pressing it twice keeps the place.

use domain::code::Code;
use domain::id::{EventId, UserId};
use domain::queue::Place;
use domain::rate::RouteClass;
use guest::identity::new_guest;
use guest::{Call, Problem, Reply, auth, joining, limit, place, stores};
use http::{StatusCode, header};

use crate::{cookies, page};

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let event = match call.event_id() {
        Ok(event) => event,
        Err(problem) => return Ok(page::failure(&call, problem)),
    };
    let (user, new_token) = match identify(&call).await {
        Ok(identified) => identified,
        Err(problem) => return Ok(page::failure(&call, problem)),
    };
    let reply = match join(&call, event, user).await {
        Ok(place) => {
            // The page is asked for anew, so that a refresh does not send the form again.
            let path = format!("/waiting-room/{event}");
            let reply = Reply::text(StatusCode::SEE_OTHER, "text/html; charset=utf-8", "")
                .with_header(header::LOCATION, &path)
                .with_header(header::CACHE_CONTROL, "no-store");
            match &place.receipt {
                Some(receipt) => cookies::with_receipt(reply, &call, event, receipt),
                None => reply,
            }
        }
        Err(problem) if problem.code == Code::ProofRequired => page::proof(event, &problem),
        Err(problem) => page::failure(&call, problem),
    };
    // A challenge is for this buyer, so the buyer is remembered either way.
    Ok(match new_token {
        Some(token) => cookies::with_buyer(reply, &call, &token),
        None => reply,
    })
}

/// Who the browser is; somebody new, with the token to remember, when it does not say. A page of
/// another site may not do that: it would make the fan somebody else, without a place.
async fn identify(call: &Call) -> Result<(UserId, Option<String>), Problem> {
    if call.is_cross_site() {
        return Err(Problem::new(Code::Forbidden, "Please join on the page of the waiting room."));
    }
    if let Some(token) = call.cookie(cookies::BUYER)
        && let Ok(user) = auth::buyer_of_token(token).await
    {
        return Ok((user, None));
    }
    limit::address(call, RouteClass::Guest).await?;
    let guest = new_guest().await?;
    Ok((guest.user_id, Some(guest.token)))
}

async fn join(call: &Call, event: EventId, user: UserId) -> Result<Place, Problem> {
    limit::user(call, RouteClass::Join, &user.to_string()).await?;
    let proof = call.form_field("proof")?.filter(|it| !it.is_empty());
    let receipt = auth::queue_receipt(call, call.cookie(cookies::RECEIPT), event, user).await?;
    let stores = stores::open().await?;
    let joined = joining::join(call, &stores, event, user, receipt, proof.as_deref()).await?;
    place::describe(event, user, &joined).await
}
