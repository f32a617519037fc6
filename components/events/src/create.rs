//! `POST /api/v1/events`: stores a new event and opens it in Redis.

use domain::event::NewEvent;
use domain::id::EventId;
use domain::rate::RouteClass;
use guest::call::invalid_fields;
use guest::{Call, Problem, Reply, auth, idempotency, limit, random, stores};
use http::{StatusCode, header};
use ledger::{CreateEvent, CreateEventOutcome, Idempotency};
use uuid::Uuid;

use crate::charging::charge_problems;
use crate::view::EventView;

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    auth::organiser(&call).await?;
    limit::user(&call, RouteClass::Organiser, "organiser").await?;
    let wanted: NewEvent = call.json()?;
    let mut problems = wanted.problems();
    problems.extend(charge_problems(&wanted.currency, &wanted.sections, &problems));
    if !problems.is_empty() {
        return Err(invalid_fields(&problems));
    }
    let fingerprint = idempotency::fingerprint(&call);
    let idempotency =
        call.idempotency_key()?.map(|key| Idempotency { key, fingerprint: &fingerprint });
    let stores = stores::open().await?;
    let event = EventId::from_uuid(Uuid::now_v7());
    let draw_seed = random::secret();
    let request = CreateEvent { event, wanted: &wanted, draw_seed: &draw_seed, idempotency };
    let outcome = ledger::create_event(&stores.database, &request).await?;
    let (event, replayed) = match outcome {
        CreateEventOutcome::Created(event) => (event, false),
        CreateEventOutcome::Replayed(event) => (event, true),
        CreateEventOutcome::IdempotencyKeyReused => {
            return Err(Problem::of(domain::code::Code::IdempotencyKeyReused));
        }
    };
    // The event exists from here on. Should Redis be away, the first who asks for it opens it.
    // An event that was created before may have been sold from: it is not opened as a new one.
    if !replayed && let Err(error) = sale::open_event(&stores, &event).await {
        guest::log::failed_job("open_event", &event.id.to_string(), &error.to_string());
    }
    let location = format!("/api/v1/events/{}", event.id);
    // As it was then: a repetition gets the first answer, also after the opening.
    let created_at = event.created_at;
    let reply = Reply::json(StatusCode::CREATED, &EventView::new(*event, created_at))?
        .with_header(header::LOCATION, &location);
    Ok(if replayed { reply.with_header(idempotency::REPLAYED, "true") } else { reply })
}
