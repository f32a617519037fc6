//! A place in the queue as clients see it.

use domain::code::Code;
use domain::id::{EventId, UserId};
use domain::queue::{ComingDraw, Place, PlaceStatus, poll_after_ms, poll_before_opening_ms};
use domain::token::{PlaceReceipt, QueuePass, SigningKeys, StreamTicket, TokenError};
use scripts::{Pass, PlaceOutcome, QueuePlace};

use crate::Refusal;

/// Life of a ticket for the stream: a stream lives ten minutes, and a client that lost it without
/// a word comes back with the ticket it has.
const TICKET_TTL_MS: i64 = 20 * 60 * 1_000;

/// When to try again while nobody may join: an organiser or another fan has to act, and nothing
/// that soon passes.
const JOIN_AGAIN_AFTER_S: i64 = 30;

/// The place of `user`, with receipt and, once let in, with pass.
///
/// Pass and receipt are signed from what is on record, so they are the same every time they are
/// asked for.
///
/// # Errors
///
/// The refusal that the outcome stands for.
pub fn describe(
    keys: &SigningKeys,
    event: EventId,
    user: UserId,
    place: &QueuePlace,
) -> Result<Place, Refusal> {
    let status = match place.outcome {
        PlaceOutcome::Waiting => PlaceStatus::Waiting,
        PlaceOutcome::Admitted => PlaceStatus::Admitted,
        PlaceOutcome::Expired => PlaceStatus::Expired,
        PlaceOutcome::Closed => PlaceStatus::Closed,
        PlaceOutcome::Absent => return Err(Refusal::of(Code::NotInQueue)),
        PlaceOutcome::NotOnSale => return Err(Refusal::of(Code::EventNotOnSale)),
        PlaceOutcome::JoiningStopped => {
            return Err(Refusal::of(Code::JoiningStopped).retry_after_s(JOIN_AGAIN_AFTER_S));
        }
        PlaceOutcome::AddressFull => {
            let detail = "this address has as many places as it may";
            let refusal = Refusal::new(Code::RateLimited, detail);
            return Err(refusal.retry_after_s(JOIN_AGAIN_AFTER_S));
        }
        PlaceOutcome::AccountRequired => return Err(Refusal::of(Code::AccountRequired)),
        PlaceOutcome::EventMissing => return Err(Refusal::of(Code::EventNotFound)),
        PlaceOutcome::UnknownPlace | PlaceOutcome::ProofRequired => {
            return Err(Refusal::internal("an outcome of joining alone"));
        }
    };
    let unsigned = |error: TokenError| Refusal::internal(error.to_string());
    let waiting = status == PlaceStatus::Waiting;
    let draw = coming_draw(place);
    let pass = place.pass.as_ref().filter(|_| status == PlaceStatus::Admitted);
    let queue_pass = pass
        .map(|pass| {
            let Pass { id, issued_at, expires_at } = pass.clone();
            QueuePass { event, user, id, issued_at, expires_at }.sign(keys).map_err(unsigned)
        })
        .transpose()?;
    let receipt = (place.number > 0 && place.score > 0)
        .then(|| {
            let QueuePlace { number, score, joined_at, .. } = *place;
            PlaceReceipt { event, user, number, score, joined_at }.sign(keys)
        })
        .transpose()
        .map_err(unsigned)?;
    let ticket = waiting
        .then(|| {
            let (number, issued_at) = (place.number, place.now);
            let expires_at = issued_at.plus_ms(TICKET_TTL_MS);
            StreamTicket { event, user, number, issued_at, expires_at }.sign(keys)
        })
        .transpose()
        .map_err(unsigned)?;
    let mut told = Place {
        event_id: event,
        user_id: user,
        status,
        number: place.number,
        position: None,
        ahead: None,
        estimated_wait_s: None,
        estimated_wait_range_s: None,
        chance_percent: None,
        draw,
        message: Some(place.message.clone()).filter(|text| waiting && !text.is_empty()),
        poll_after_ms: draw
            .map_or_else(|| poll_after_ms(0), |draw| draw.poll_after_ms(place.number, place.now)),
        receipt,
        stream_url: ticket
            .map(|ticket| format!("/api/v1/queue/position/{event}/stream?ticket={ticket}")),
        queue_pass,
        pass_expires_at: pass.map(|pass| pass.expires_at),
    };
    if waiting && draw.is_none() {
        let opens_in_ms = place.opens_in_ms().unwrap_or(0);
        told.stand_at(place.position, &place.line_outlook(), opens_in_ms);
    }
    Ok(told)
}

/// The draw that a place waits for.
pub fn coming_draw(place: &QueuePlace) -> Option<ComingDraw> {
    let draws_at = place.draws_at.filter(|_| place.outcome == PlaceOutcome::Waiting)?;
    Some(ComingDraw { draws_at, joined: place.waiting })
}

/// When one who waits should ask again before the sale opens, in ms; nothing once it has.
pub fn poll_before_opening(place: &QueuePlace) -> Option<u64> {
    if let Some(draw) = coming_draw(place) {
        return Some(draw.poll_after_ms(place.number, place.now));
    }
    Some(poll_before_opening_ms(place.opens_in_ms()?, place.number, None))
}
