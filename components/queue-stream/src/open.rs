//! One request: reads the place and begins its stream.

use domain::feed::EndReason;
use domain::rate::RouteClass;
use guest::event_text::MessageId;
use guest::hub::{INSTANCE, instance, reading};
use guest::stream::Opening;
use guest::{Call, Problem, Reply, auth, limit, stores, variables};
use scripts::{PlaceOutcome, QueuePlace};

use crate::client::{self, Client, Final};
use crate::hub;

pub(crate) async fn open(call: Call, opening: Opening) -> Result<Reply, Problem> {
    let event = call.event_id()?;
    let user = auth::buyer_or_ticket(&call, event).await?;
    let _reading = reading();
    limit::user(&call, RouteClass::Poll, &user.to_string()).await?;
    let receipt = auth::queue_receipt(&call, None, event, user).await?;
    let stores = stores::open().await?;
    let watched = sale::watch_place(&stores, event, user, receipt).await?;
    let resumed_from = call.header("last-event-id").and_then(MessageId::parse);
    // A browser that has read the end comes back all the same; 204 is what stops it (HTML standard,
    // section 9.2.3).
    let QueuePlace { outcome, number, .. } = watched.place;
    let has_ended = outcome != PlaceOutcome::Waiting;
    // mutant: an-ended-stream-is-told-again
    if has_ended && resumed_from.is_some_and(|last| last.has_ended(number)) {
        return Ok(Reply::no_content());
    }
    let keys = variables::signing_keys().await?;
    let told = client::describe(&keys, event, user, &watched.place)?;
    let last = match watched.place.outcome {
        PlaceOutcome::Waiting => None,
        PlaceOutcome::Admitted => Some(Final::Pass),
        PlaceOutcome::Expired => Some(Final::End(EndReason::Expired)),
        _ => {
            let reason = watched.state.and_then(|state| state.end());
            Some(Final::End(reason.unwrap_or(EndReason::Ended)))
        }
    };
    let client = Client::new(user, keys, told, &watched, last, resumed_from);
    hub::add(event, client, opening.begin(), stores.cluster);
    Ok(Reply::event_stream().with_header(INSTANCE, &instance()))
}
