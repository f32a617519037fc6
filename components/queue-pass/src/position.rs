//! `GET /api/v1/queue/position/{event_id}`: the caller's place, with the pass once let in.
//!
//! With `If-None-Match` a place that is the same is a 304; with `wait_s` the answer comes when the
//! place is another one, or after so many seconds.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::{Duration, Instant};

use domain::rate::RouteClass;
use domain::wait::Wait;
use guest::clock::{REQUEST_DEADLINE, WAIT_MAX_S, within};
use guest::{Call, Problem, Reply, auth, limit, place, stores};
use http::header;
use scripts::QueuePlace;

use crate::waiting;

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let begun = Instant::now();
    let user = auth::buyer(&call).await?;
    limit::user(&call, RouteClass::Poll, &user.to_string()).await?;
    let event = call.event_id()?;
    let receipt = auth::queue_receipt(&call, None, event, user).await?;
    let wait = wait(&call)?;
    let stores = stores::open().await?;
    // What asks to wait has more time for that, and for nothing else.
    let watching = sale::watch_place(&stores, event, user, receipt);
    let in_time = within(REQUEST_DEADLINE.saturating_sub(begun.elapsed()), watching).await;
    let mut watched = in_time.ok_or_else(|| Problem::unavailable("the place is not found"))??;
    // A client that has another answer than this one need not wait for the next.
    let may_wait = match call.header(header::IF_NONE_MATCH) {
        Some(tags) => {
            tags.trim() == "*" || tags.contains(&format!("\"{}", entity_stem(&watched.place)))
        }
        None => !call.headers.contains_key(header::IF_NONE_MATCH),
    };
    if may_wait && !wait.is_zero() && waiting::for_change(&stores, event, &watched, wait).await {
        watched = sale::watch_place(&stores, event, user, receipt).await?;
    }
    let etag = entity_tag(&watched.place);
    if call.has_answer(&etag) {
        return Ok(Reply::not_modified().with_header(header::ETAG, &etag));
    }
    let told = place::describe(event, user, &watched.place).await?;
    Ok(Reply::ok(&told)?.with_header(header::ETAG, &etag))
}

/// How much later than another request this one may be answered.
pub(crate) fn patience(call: &Call) -> Duration {
    wait(call).unwrap_or_default()
}

/// How long the client asks to wait, bounded.
fn wait(call: &Call) -> Result<Duration, Problem> {
    let Some(text) = call.query("wait_s") else { return Ok(Duration::ZERO) };
    let seconds: u64 = text
        .parse()
        .map_err(|_| guest::call::invalid_field("wait_s", "must be a number of seconds"))?;
    Ok(Duration::from_secs(seconds.min(WAIT_MAX_S)))
}

/// Two places with one tag say the same, but for what is signed anew each time. So it is a weak one
/// (RFC 9110, section 8.8.3). When to ask again is part of it: shortly before the opening that is
/// another time with each answer, and who is told that nothing is new goes on with the last.
fn entity_tag(place: &QueuePlace) -> String {
    let poll_after_ms = place::poll_before_opening(place).unwrap_or(0);
    format!("W/\"{}{poll_after_ms}\"", entity_stem(place))
}

/// What a tag says of the place itself.
fn entity_stem(place: &QueuePlace) -> String {
    let pass = place.pass.as_ref().map_or("", |pass| &pass.id);
    let QueuePlace { outcome, number, position, outlook, release_per_s, .. } = place;
    let Wait { likely_s, spread_s } = outlook.wait(*position, *release_per_s);
    let (quick_s, slow_s) = spread_s.unwrap_or_default();
    let chance = outlook.chance_percent(*position).unwrap_or(100);
    let expected = format!("{likely_s}-{quick_s}-{}-{chance}", slow_s.unwrap_or_default());
    let mut hasher = DefaultHasher::new();
    // How many there are is told before the draw only.
    let joined = place.draws_at.map(|_| place.waiting);
    (place.draws_at, place.opens_at, joined, &place.message).hash(&mut hasher);
    let said = hasher.finish();
    format!("{outcome:?}-{number}-{position}-{pass}-{expected}-{said:x}-")
}
