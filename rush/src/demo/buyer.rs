//! The way of one buyer: arrive, wait, shop, and pay, release or walk away.

use std::time::Duration;

use domain::booking::BookingStatus;
use domain::id::EventId;
use domain::queue::{Place, PlaceStatus};

use super::cheat;
use super::paying;
use super::plan::{Ending, Plan};
use super::shopping::{self, Held};
use super::stage::Stage;
use super::tally::Tally;
use crate::command::{now, unique};
use crate::waiting::Waiting;

/// How long a buyer waits for a pass. Large crowds wait longer: see [`PATIENCE_PER_AHEAD`].
const PATIENCE_MIN: Duration = Duration::from_secs(180);
/// More patience for each fan ahead: twice what the release of 50 a second needs.
const PATIENCE_PER_AHEAD: Duration = Duration::from_millis(40);

pub(crate) struct Arrival {
    pub(crate) token: String,
    place: Place,
}

/// Becomes a guest and joins the queue.
pub(crate) async fn arrive(stage: &Stage, tally: &Tally) -> Option<Arrival> {
    let guest = tally.expect("login", stage.client.login().await)?;
    let joined = stage.client.join(&guest.token, stage.event_id, &unique(), None).await;
    let place = tally.expect("join", joined)?;
    Some(Arrival { token: guest.token, place })
}

/// Everything after joining.
pub(crate) async fn visit(stage: &Stage, tally: &Tally, arrival: Arrival, plan: &Plan) {
    let Arrival { token, place } = arrival;
    tally.add(|counts| counts.waiting += 1);
    let pass = wait_for_pass(stage, tally, &token, stage.event_id, place).await;
    tally.add(|counts| counts.waiting -= 1);
    let Some(pass) = pass else { return };

    cheat::with_pass(stage, tally, &token, &pass, plan).await;
    let held = match cheat::with_pass_in_parallel(stage, tally, &token, &pass, plan).await {
        Some(held) => Some(held),
        None => shopping::reserve(stage, tally, &token, &pass, plan).await,
    };
    let Some(held) = held else {
        // The pass goes to somebody who fits into what is left.
        let left = stage.client.leave(&token, stage.event_id).await;
        tally.expect("leave", left);
        return;
    };
    cheat::with_booking(stage, tally, &token, &pass, &held, plan).await;
    tokio::time::sleep(Duration::from_millis(plan.think_ms)).await;
    match plan.ending {
        Ending::Pay { delivery } => {
            paying::pay(stage, tally, &token, &held.booking, delivery).await;
        }
        Ending::Release => release(stage, tally, &token, &held).await,
        Ending::Expire => tally.abandoned(&token, held.booking.booking_id),
    }
}

/// Follows the place until there is a pass or no hope.
pub(crate) async fn wait_for_pass(
    stage: &Stage,
    tally: &Tally,
    token: &str,
    event_id: EventId,
    place: Place,
) -> Option<String> {
    let ahead = u32::try_from(place.ahead.unwrap_or(0)).unwrap_or(0);
    let mut waiting = Waiting::new(&stage.client, token, event_id, place);
    let ended = waiting.run(PATIENCE_MIN + PATIENCE_PER_AHEAD * ahead, |_| {}).await;
    tally.add(|counts| {
        counts.streams_lost += waiting.streams_lost;
        counts.polls += waiting.polls;
    });
    tally.expect("wait", ended)?;
    let place = waiting.place;
    match place.status {
        PlaceStatus::Admitted => {
            if place.queue_pass.is_none() {
                tally.error("admitted without a pass");
            }
            place.queue_pass
        }
        PlaceStatus::Closed => {
            tally.add(|counts| counts.closed += 1);
            None
        }
        PlaceStatus::Expired => {
            tally.error("a pass expired although its owner kept asking");
            None
        }
        PlaceStatus::Waiting => {
            tally.error("a buyer was not let in in time");
            None
        }
    }
}

/// Gives the places back, twice: the second time must say the same.
async fn release(stage: &Stage, tally: &Tally, token: &str, held: &Held) {
    let id = held.booking.booking_id;
    for time in ["release", "second release"] {
        match stage.client.release(token, id, &unique()).await {
            Ok(booking) if booking.status == BookingStatus::Released => {}
            Ok(booking) => tally.error(format!("{time}: {}", booking.status.as_str())),
            Err(failure)
                if failure.code() == Some("booking_expired")
                    && now().unix_ms() >= held.booking.expires_at.unix_ms() =>
            {
                tally.abandoned(token, id);
                return;
            }
            Err(failure) => tally.error(format!("{time}: {failure}")),
        }
    }
    tally.add(|counts| counts.released += 1);
}
