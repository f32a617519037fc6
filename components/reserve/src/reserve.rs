//! `POST /api/v1/bookings/reserve`: named seats, so many of a section, or the best block anywhere.

use domain::code::Code;
use domain::contact::Contact;
use domain::id::{BookingId, EventId, UserId};
use domain::rate::RouteClass;
use domain::selection::Selection;
use guest::auth::PassHeader;
use guest::call::invalid_fields;
use guest::idempotency::{self, Claim};
use guest::{Call, Problem, Reply, auth, limit, stores};
use sale::ReserveSeats;
use scripts::{PresentedPass, ReserveOutcome};
use serde::Deserialize;
use service::reserving::refusal;
use uuid::Uuid;

#[derive(Deserialize)]
struct Body {
    event_id: EventId,
    seats: Option<Vec<String>>,
    section: Option<String>,
    quantity: Option<i64>,
    email: Option<String>,
    name: Option<String>,
    locale: Option<String>,
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let buyer = auth::buyer_or_account(&call).await?;
    let user = buyer.0;
    limit::user(&call, RouteClass::Reserve, &user.to_string()).await?;
    let mut body: Body = call.json()?;
    let contact = Contact::read(body.email.take(), body.name.take(), body.locale.take())
        .map_err(|problems| invalid_fields(&problems))?;
    idempotency::once_in_event(&call, body.event_id, &format!("reserve:{user}"), async |claim| {
        reserve(&call, buyer, &body, &contact, claim).await
    })
    .await
}

async fn reserve(
    call: &Call,
    (user, is_registered): (UserId, bool),
    body: &Body,
    contact: &Contact,
    claim: Option<&Claim>,
) -> Result<Reply, Problem> {
    let pass = auth::queue_pass(call, body.event_id, user).await?;
    let selection = Selection::read(body.seats.as_deref(), body.section.as_deref(), body.quantity)
        .map_err(|error| Problem::new(Code::InvalidSeats, error.to_string()))?;
    // The same id for every attempt below: a lost reply is asked for again, not held twice.
    let booking = BookingId::new(body.event_id, Uuid::now_v7());
    let request = ReserveSeats {
        user,
        booking,
        pass: match &pass {
            PassHeader::Absent => PresentedPass::None,
            PassHeader::Invalid => PresentedPass::Invalid,
            PassHeader::Expired(pass) => PresentedPass::Expired(&pass.id),
            PassHeader::Signed(pass) => PresentedPass::Id(&pass.id),
        },
        idempotency: claim.map(Claim::as_idempotency),
        selection: &selection,
        contact,
        is_registered,
    };
    let stores = stores::open().await?;
    match sale::reserve_seats(&stores, &request).await? {
        ReserveOutcome::Held(hold) => Reply::created(&hold.booking),
        ReserveOutcome::Replayed(hold) => {
            Ok(Reply::created(&hold.booking)?.with_header(idempotency::REPLAYED, "true"))
        }
        refused => Err(refusal(refused).into()),
    }
}
