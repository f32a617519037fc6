//! A place in the queue as clients see it.

use domain::code::Code;
use domain::id::{EventId, UserId};
use domain::queue::{Place, PlaceStatus, estimated_wait_s, poll_after_ms};
use domain::token::{Claims, ISSUER, Purpose, TokenError, pass_claims};
use scripts::{PlaceOutcome, QueuePlace};

use crate::problem::Problem;
use crate::variables;

/// Life of a receipt: longer than any queue lasts.
const RECEIPT_TTL_S: i64 = 7 * 24 * 60 * 60;

/// The place of `user`, with receipt and, once let in, with pass.
///
/// The pass is signed from the admission on record, so it is the same every time it is asked for.
///
/// # Errors
///
/// The refusal that the outcome stands for; 503 without signing keys.
pub async fn describe(event: EventId, user: UserId, place: &QueuePlace) -> Result<Place, Problem> {
    let status = match place.outcome {
        PlaceOutcome::Waiting => PlaceStatus::Waiting,
        PlaceOutcome::Admitted => PlaceStatus::Admitted,
        PlaceOutcome::Expired => PlaceStatus::Expired,
        PlaceOutcome::Closed => PlaceStatus::Closed,
        PlaceOutcome::Absent => return Err(Problem::of(Code::NotInQueue)),
        PlaceOutcome::NotOnSale => return Err(Problem::of(Code::EventNotOnSale)),
        PlaceOutcome::EventMissing => return Err(Problem::of(Code::EventNotFound)),
    };
    let keys = variables::signing_keys().await?;
    let unsigned = |error: TokenError| Problem::internal(error.to_string());
    let waiting = status == PlaceStatus::Waiting;
    let wait_s = estimated_wait_s(place.position, place.release_per_s);
    let pass = place.pass.as_ref().filter(|_| status == PlaceStatus::Admitted);
    let queue_pass = pass
        .map(|pass| {
            let claims = pass_claims(event, user, &pass.id, pass.issued_at, pass.expires_at);
            keys.sign(Purpose::QueuePass, &claims).map_err(unsigned)
        })
        .transpose()?;
    let receipt = (place.number > 0)
        .then(|| keys.sign(Purpose::Receipt, &receipt_claims(event, user, place)))
        .transpose()
        .map_err(unsigned)?;
    Ok(Place {
        event_id: event,
        user_id: user,
        status,
        number: place.number,
        position: waiting.then_some(place.position),
        ahead: waiting.then_some(place.position.saturating_sub(1).max(0)),
        estimated_wait_s: waiting.then_some(wait_s),
        poll_after_ms: poll_after_ms(if waiting { wait_s } else { 0 }),
        receipt,
        stream_url: None,
        queue_pass,
        pass_expires_at: pass.map(|pass| pass.expires_at),
    })
}

fn receipt_claims(event: EventId, user: UserId, place: &QueuePlace) -> Claims {
    let issued_s = place.now.unix_s();
    Claims {
        iss: ISSUER.to_owned(),
        aud: event.to_string(),
        sub: user,
        jti: place.number.to_string(),
        iat: issued_s,
        exp: issued_s.saturating_add(RECEIPT_TTL_S),
        number: Some(place.number),
    }
}
