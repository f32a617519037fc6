//! `POST /waiting-room/{event_id}`: the form that joins. Pressing it twice keeps the place.

use domain::code::Code;
use domain::id::EventId;
use domain::queue::Place;
use domain::rate::RouteClass;
use guest::{Call, Problem, Reply, joining, limit, place, stores};
use scripts::PlaceOutcome;

use super::page;
use crate::frame;
use crate::session::{self, Visitor};

/// The field of a form that came together with the cookie of who sends it.
pub(super) const REMEMBERED: &str = "remembered";

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    frame::told(&call, join_by_form(&call).await)
}

async fn join_by_form(call: &Call) -> Result<Reply, Problem> {
    let event = call.event_id()?;
    let Some(visitor) = identify(call).await? else {
        return Ok(page::without_cookies(call));
    };
    let reply = match join(call, event, &visitor).await {
        Ok(place) => {
            let reply = frame::see_other(&format!("/waiting-room/{event}"));
            match &place.receipt {
                Some(receipt) => session::with_receipt(reply, call, event, receipt),
                None => reply,
            }
        }
        Err(problem) if problem.code == Code::ProofRequired => page::proof(call, &problem),
        Err(problem) => frame::failure(call, &problem),
    };
    // A challenge is for this buyer, so the buyer is remembered either way.
    Ok(visitor.remember(reply, call))
}

/// Who the browser is; somebody new when it does not say. A page of another site may not do that:
/// it would make the fan somebody else, without a place. Nobody, when the browser keeps no cookies:
/// each place would be another one's, and each proof of work another one's too, for ever.
async fn identify(call: &Call) -> Result<Option<Visitor>, Problem> {
    if call.is_cross_site() {
        return Err(Problem::new(Code::Forbidden, "the form is not of a page of ours"));
    }
    if let Some(visitor) = session::known(call).await? {
        return Ok(Some(visitor));
    }
    let was_remembered = call.form_field(REMEMBERED)?.is_some() || proof(call)?.is_some();
    if was_remembered && guest::session::sent(call).is_none() {
        return Ok(None);
    }
    session::new(call).await.map(Some)
}

async fn join(call: &Call, event: EventId, visitor: &Visitor) -> Result<Place, Problem> {
    let Visitor { user, receipt, .. } = *visitor;
    limit::user(call, RouteClass::Join, &user.to_string()).await?;
    let proof = proof(call)?;
    let stores = stores::open().await?;
    let proof = proof.as_deref();
    let joined = joining::join(call, &stores, event, user, receipt, proof, false).await;
    let joined = match joined {
        // Only then is it of interest whether this is the browser of an account.
        Ok(place)
            if place.outcome == PlaceOutcome::AccountRequired
                && ledger::is_account(&stores.database, user).await? =>
        {
            joining::join(call, &stores, event, user, receipt, proof, true).await?
        }
        joined => joined?,
    };
    place::describe(event, user, &joined).await
}

fn proof(call: &Call) -> Result<Option<String>, Problem> {
    Ok(call.form_field("proof")?.filter(|it| !it.is_empty()))
}
