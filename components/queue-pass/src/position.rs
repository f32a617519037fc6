//! `GET /api/v1/queue/position/{event_id}`: the caller's place, with the pass once let in.
//!
//! With `If-None-Match` a place that is the same is a 304; with `wait_s` the answer comes when the
//! place is another one, or after so many seconds.

use std::time::Duration;

use domain::rate::RouteClass;
use domain::time::Instant;
use domain::wait::Wait;
use guest::clock::{REQUEST_DEADLINE, WAIT_MAX_S, within};
use guest::{Call, Problem, Reply, auth, limit, place, stores};
use http::header;
use scripts::{PlaceOutcome, QueuePlace};

use crate::waiting;

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let begun = std::time::Instant::now();
    let user = auth::buyer(&call).await?;
    limit::user(&call, RouteClass::Poll, &user.to_string()).await?;
    let event = call.event_id()?;
    let receipt = auth::queue_receipt(&call, None, event, user).await?;
    let wait = wait(&call)?;
    let stores = stores::open().await?;
    // `wait_s` extends the deadline of the wait only, not of the lookups.
    let watching = sale::watch_place(&stores, event, user, receipt);
    let in_time = within(REQUEST_DEADLINE.saturating_sub(begun.elapsed()), watching).await;
    let mut watched = in_time.ok_or_else(|| Problem::unavailable("the place is not found"))??;
    if !wait.is_zero()
        && may_wait(&call, &watched.place)
        && waiting::for_change(&stores, event, &watched, wait).await
    {
        watched = sale::watch_place(&stores, event, user, receipt).await?;
    }
    let Some(etag) = entity_tag(&watched.place) else {
        return Reply::ok(&place::describe(event, user, &watched.place).await?);
    };
    if call.has_answer(&etag) {
        return Ok(Reply::not_modified().with_header(header::ETAG, &etag));
    }
    let described = place::describe(event, user, &watched.place).await?;
    Ok(Reply::ok(&described)?.with_header(header::ETAG, &etag))
}

/// A client that has another answer than this one need not wait for the next.
fn may_wait(call: &Call, place: &QueuePlace) -> bool {
    if !call.headers.contains_key(header::IF_NONE_MATCH) {
        return true;
    }
    let stem = entity_stem(place).map(|it| format!("\"{it}-"));
    call.has_answer_like(|tag| stem.as_ref().is_some_and(|stem| tag.starts_with(stem)))
}

/// How much later than another request this one may be answered.
pub(crate) fn patience(call: &Call) -> Duration {
    wait(call).unwrap_or_default()
}

/// How long the client asks to wait, bounded.
fn wait(call: &Call) -> Result<Duration, Problem> {
    let Some(text) = call.query("wait_s") else { return Ok(Duration::ZERO) };
    let seconds = guest::call::whole_number(&text)
        .ok_or_else(|| guest::call::invalid_field("wait_s", "must be a number of seconds"))?;
    Ok(Duration::from_secs(seconds.min(WAIT_MAX_S)))
}

/// Two places with one tag say the same, but for what is signed anew each time. So it is a weak one
/// (RFC 9110, section 8.8.3). When to ask again is part of it: shortly before the opening that is
/// another time with each answer, and a client that gets a 304 goes on with the last one.
fn entity_tag(place: &QueuePlace) -> Option<String> {
    let poll_after_ms = service::place::poll_before_opening(place).unwrap_or(0);
    Some(format!("W/\"{}-{poll_after_ms}\"", entity_stem(place)?))
}

/// What a tag says of the place itself; nothing where there is no place to describe.
fn entity_stem(place: &QueuePlace) -> Option<String> {
    let status = match place.outcome {
        PlaceOutcome::Waiting => "waiting",
        PlaceOutcome::Admitted => "admitted",
        PlaceOutcome::Expired => "expired",
        PlaceOutcome::Closed => "closed",
        PlaceOutcome::Absent
        | PlaceOutcome::NotOnSale
        | PlaceOutcome::UnknownPlace
        | PlaceOutcome::JoiningStopped
        | PlaceOutcome::AddressFull
        | PlaceOutcome::AccountRequired
        | PlaceOutcome::ProofRequired
        | PlaceOutcome::EventMissing => return None,
    };
    let QueuePlace { number, position, outlook, .. } = place;
    // A pause gives a pass more time, and another text.
    let pass = place.pass.as_ref().map(|it| format!("{} {}", it.id, it.expires_at.unix_s()));
    let pass = pass.unwrap_or_default();
    let Wait { likely_s, spread_s } = place.line_outlook().wait(*position);
    let (quick_s, slow_s) = spread_s.unwrap_or_default();
    let slow_s = slow_s.unwrap_or_default();
    let chance = outlook.chance_percent(*position).unwrap_or(100);
    let unix_ms = |at: Option<Instant>| at.map_or(0, Instant::unix_ms);
    let (draws_ms, opens_ms) = (unix_ms(place.draws_at), unix_ms(place.opens_at));
    // How many there are is told before the draw only.
    let joined = place.draws_at.map_or(0, |_| place.waiting);
    let numbers = format!(
        "{number} {position} {likely_s} {quick_s} {slow_s} {chance} {draws_ms} {opens_ms} {joined}"
    );
    let parts = [status, pass.as_str(), numbers.as_str(), place.message.as_str()];
    Some(guest::etag(parts.map(str::as_bytes)))
}
