//! Passes and bookings used by those they do not belong to, or too often.

use domain::booking::Booking;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::{Verdict, must_be_refused};
use crate::api::{Reservation, Wish};
use crate::command::unique;
use crate::demo::buyer;
use crate::demo::plan::MAX_PER_BUYER;
use crate::demo::shopping::Held;
use crate::demo::stage::{STANDING, Stage};
use crate::demo::tally::Tally;
use crate::problem::Failure;

/// A place to stand: what every thief asks for, so that only the pass can be the reason to refuse.
fn places_to_stand(quantity: u32) -> Wish {
    Wish::Best { section: Some(STANDING.to_owned()), quantity }
}

async fn reserve(
    stage: &Stage,
    token: &str,
    pass: Option<&str>,
    wish: &Wish,
) -> Result<Booking, Failure> {
    reserve_under(stage, token, pass, wish, &unique()).await
}

async fn reserve_under(
    stage: &Stage,
    token: &str,
    pass: Option<&str>,
    wish: &Wish,
    idempotency_key: &str,
) -> Result<Booking, Failure> {
    let event_id = stage.event_id;
    stage.client.reserve(&Reservation { token, event_id, pass, idempotency_key, wish }).await
}

/// A reservation whose pass must be refused with `code`.
pub(super) async fn reserve_with(
    stage: &Stage,
    token: &str,
    pass: Option<&str>,
    code: &str,
) -> Result<Verdict, Failure> {
    Ok(must_be_refused(reserve(stage, token, pass, &places_to_stand(1)).await, code))
}

/// A thief with a token of their own shows the pass of the buyer.
pub(super) async fn pass_of_another(stage: &Stage, pass: &str) -> Result<Verdict, Failure> {
    let thief = stage.client.login().await?;
    reserve_with(stage, &thief.token, Some(pass), "queue_pass_invalid").await
}

/// A pass from the event without other fans.
pub(super) async fn pass_of_another_event(
    stage: &Stage,
    tally: &Tally,
    token: &str,
) -> Result<Verdict, Failure> {
    let event_id = stage.side_event_id;
    let place = stage.client.join(token, event_id, &unique(), None).await?;
    match buyer::wait_for_pass(stage, tally, token, event_id, place).await {
        Some(pass) => reserve_with(stage, token, Some(&pass), "queue_pass_invalid").await,
        None => Ok(Verdict::Odd("no pass of the other event".to_owned())),
    }
}

/// One ticket more than a buyer may have.
pub(super) async fn too_many(stage: &Stage, token: &str, pass: &str) -> Result<Verdict, Failure> {
    let answer = reserve(stage, token, Some(pass), &places_to_stand(MAX_PER_BUYER + 1)).await;
    Ok(must_be_refused(answer, "buyer_limit_exceeded"))
}

/// How often a pass is used at the same moment.
const PARALLEL_USES: usize = 8;

/// One pass, many reservations at once, each under a key of its own: one may be held. Nothing when
/// none was, because no place to stand was left.
pub(super) async fn pass_in_parallel(
    stage: &Stage,
    token: &str,
    pass: &str,
) -> Option<(Held, Verdict)> {
    let wish = places_to_stand(1);
    let mut uses: FuturesUnordered<_> = std::iter::repeat_with(unique)
        .take(PARALLEL_USES)
        .map(|key| async {
            let answer = reserve_under(stage, token, Some(pass), &wish, &key).await;
            (key, answer)
        })
        .collect();
    let mut held = Vec::new();
    let mut odd = None;
    while let Some((idempotency_key, answer)) = uses.next().await {
        match answer {
            Ok(booking) => held.push(Held { booking, wish: wish.clone(), idempotency_key }),
            Err(failure) if failure.code() == Some("queue_pass_used") => {}
            Err(failure) => odd = Some(failure.to_string()),
        }
    }
    let verdict = match odd {
        _ if held.len() > 1 => Verdict::Accepted,
        Some(answer) => Verdict::Odd(answer),
        None => Verdict::Refused,
    };
    held.pop().map(|held| (held, verdict))
}

/// The same reservation under the same key: the same hold again, not a second one.
pub(super) async fn double_click(
    stage: &Stage,
    token: &str,
    pass: &str,
    held: &Held,
) -> Result<Verdict, Failure> {
    let reservation = Reservation {
        token,
        event_id: stage.event_id,
        pass: Some(pass),
        idempotency_key: &held.idempotency_key,
        wish: &held.wish,
    };
    Ok(match stage.client.reserve(&reservation).await {
        Ok(booking) if booking.booking_id == held.booking.booking_id => Verdict::Refused,
        Ok(_) => Verdict::Accepted,
        Err(failure) => Verdict::Odd(failure.to_string()),
    })
}

/// Only the organiser confirms what has not been paid.
pub(super) async fn confirm_unpaid(
    stage: &Stage,
    token: &str,
    booking: &Booking,
) -> Result<Verdict, Failure> {
    let answer = stage.client.confirm(token, booking.booking_id, &unique()).await;
    Ok(must_be_refused(answer, "payment_required"))
}

/// Bookings of others do not exist.
pub(super) async fn read_other(stage: &Stage, booking: &Booking) -> Result<Verdict, Failure> {
    let thief = stage.client.login().await?;
    let answer = stage.client.booking(&thief.token, booking.booking_id).await;
    Ok(must_be_refused(answer, "booking_not_found"))
}

/// Bookings of others cannot be given back.
pub(super) async fn release_other(stage: &Stage, booking: &Booking) -> Result<Verdict, Failure> {
    let thief = stage.client.login().await?;
    let answer = stage.client.release(&thief.token, booking.booking_id, &unique()).await;
    Ok(must_be_refused(answer, "booking_not_found"))
}
