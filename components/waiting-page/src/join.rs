//! `POST /waiting-room/{event_id}`: the form that joins. Pressing it twice keeps the place.

use domain::code::Code;
use domain::id::EventId;
use domain::queue::Place;
use domain::rate::RouteClass;
use guest::{Call, Problem, Reply, joining, limit, place, stores};
use http::{StatusCode, header};

use crate::visitor::{self, Visitor};
use crate::{cookies, page};

/// The field of a form that came together with the cookie of who sends it.
pub(crate) const REMEMBERED: &str = "remembered";

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let event = match call.event_id() {
        Ok(event) => event,
        Err(problem) => return Ok(page::failure(&call, problem)),
    };
    let visitor = match identify(&call, event).await {
        Ok(Some(visitor)) => visitor,
        Ok(None) => return Ok(page::without_cookies(event)),
        Err(problem) => return Ok(page::failure(&call, problem)),
    };
    let reply = match join(&call, event, &visitor).await {
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
    Ok(visitor.remember(reply, &call, event))
}

/// Who the browser is; somebody new when it does not say. A page of another site may not do that:
/// it would make the fan somebody else, without a place. Nobody, when the browser keeps no cookies:
/// each place would be another one's, and each proof of work another one's too, for ever.
async fn identify(call: &Call, event: EventId) -> Result<Option<Visitor>, Problem> {
    if call.is_cross_site() {
        return Err(Problem::new(Code::Forbidden, "Please join on the page of the waiting room."));
    }
    if let Some(visitor) = visitor::known(call, event).await? {
        return Ok(Some(visitor));
    }
    let was_remembered = call.form_field(REMEMBERED)?.is_some() || proof(call)?.is_some();
    if was_remembered && call.cookie(cookies::BUYER).is_none() {
        return Ok(None);
    }
    visitor::new(call).await.map(Some)
}

async fn join(call: &Call, event: EventId, visitor: &Visitor) -> Result<Place, Problem> {
    let Visitor { user, receipt, .. } = *visitor;
    limit::user(call, RouteClass::Join, &user.to_string()).await?;
    let proof = proof(call)?;
    let stores = stores::open().await?;
    let joined = joining::join(call, &stores, event, user, receipt, proof.as_deref()).await?;
    place::describe(event, user, &joined).await
}

fn proof(call: &Call) -> Result<Option<String>, Problem> {
    Ok(call.form_field("proof")?.filter(|it| !it.is_empty()))
}
