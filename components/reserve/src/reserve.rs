//! `POST /api/v1/bookings/reserve`: named seats, so many of a section, or the best block anywhere.

use domain::code::Code;
use domain::id::{BookingId, EventId, UserId};
use domain::rate::RouteClass;
use domain::section::SectionName;
use domain::selection::Selection;
use guest::auth::PassHeader;
use guest::idempotency::{self, Claim};
use guest::stores::SpinStores;
use guest::{Call, Problem, Reply, auth, limit, stores};
use scripts::{Choice, Idempotency, PresentedPass, ReserveOutcome, ReserveSeats, reserve_seats};
use serde::Deserialize;
use uuid::Uuid;

use crate::refusal::refusal;

/// The seated sections of an event are learned from the script; they can change once more when the
/// organiser adds one in the same moment.
const SECTIONS_LEARNED_MAX: usize = 3;

#[derive(Deserialize)]
struct Body {
    event_id: EventId,
    seats: Option<Vec<String>>,
    section: Option<String>,
    quantity: Option<i64>,
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let user = auth::buyer(&call).await?;
    limit::user(&call, RouteClass::Reserve, &user.to_string()).await?;
    let body: Body = call.json()?;
    let pass = auth::queue_pass(&call, body.event_id, user).await?;
    let selection = Selection::read(body.seats.as_deref(), body.section.as_deref(), body.quantity)
        .map_err(|error| Problem::new(Code::InvalidSeats, error.to_string()))?;
    let claim = idempotency::claim(&call, &format!("reserve:{user}"))?;
    // The same id for every attempt below: a lost reply is asked for again, not held twice.
    let booking = BookingId::new(body.event_id, Uuid::now_v7());
    let attempt = Attempt {
        user,
        booking,
        pass: &pass,
        idempotency: claim.as_ref().map(Claim::as_idempotency),
    };
    let stores = stores::open().await?;
    match attempt.hold(&stores, &selection).await? {
        ReserveOutcome::Held(hold) => Reply::created(&hold.booking),
        ReserveOutcome::Replayed(hold) => {
            Ok(Reply::created(&hold.booking)?.with_header(idempotency::REPLAYED, "true"))
        }
        refused => Err(refusal(refused)),
    }
}

struct Attempt<'a> {
    user: UserId,
    booking: BookingId,
    pass: &'a PassHeader,
    idempotency: Option<Idempotency<'a>>,
}

impl Attempt<'_> {
    async fn hold(
        &self,
        stores: &SpinStores,
        selection: &Selection,
    ) -> Result<ReserveOutcome, Problem> {
        match selection {
            Selection::Seats { section, seats } => {
                let seats: Vec<_> = seats.iter().map(|seat| (seat.row, seat.number)).collect();
                self.call(stores, Choice::Seats { section, seats: &seats }).await
            }
            Selection::Section { section, quantity } => {
                self.call(stores, Choice::Section { section, quantity: *quantity }).await
            }
            Selection::Any { quantity } => self.hold_anywhere(stores, *quantity).await,
        }
    }

    /// Learns the seated sections from the refusal of a first call that names none.
    async fn hold_anywhere(
        &self,
        stores: &SpinStores,
        quantity: u32,
    ) -> Result<ReserveOutcome, Problem> {
        let mut seated: Vec<SectionName> = Vec::new();
        for _ in 0..SECTIONS_LEARNED_MAX {
            match self.call(stores, Choice::Any { sections: &seated, quantity }).await? {
                ReserveOutcome::SectionsChanged { sections } => seated = sections,
                outcome => return Ok(outcome),
            }
        }
        Err(Problem::unavailable("the sections of the event kept changing"))
    }

    async fn call(
        &self,
        stores: &SpinStores,
        choice: Choice<'_>,
    ) -> Result<ReserveOutcome, Problem> {
        let request = ReserveSeats {
            user: self.user,
            booking: self.booking,
            pass: match self.pass {
                PassHeader::Absent => PresentedPass::None,
                PassHeader::Expired => PresentedPass::Expired,
                PassHeader::Signed(pass) => PresentedPass::Id(&pass.id),
            },
            idempotency: self.idempotency,
            choice,
        };
        let outcome = sale::opened(stores, self.booking.event(), async || {
            reserve_seats(&stores.cluster, &request, stores.redis_deadline).await
        })
        .await?;
        Ok(outcome)
    }
}
