//! Holds seats for a buyer.

use std::time::Duration;

use cluster::Transport;
use domain::contact::Contact;
use domain::id::{BookingId, EventId, UserId};
use domain::selection::Selection;
use ledger::Database;
use scripts::{Choice, Idempotency, MarkKind, PresentedPass, ReserveOutcome};

use crate::best_effort::best_effort;
use crate::bookings::seated_sections::{ATTEMPTS_MAX, keep_sections, known_sections};
use crate::{Error, Stores, find_past_event, with_open_event};

/// How long noting the event for the buyer's list may take. The hold is made, and its owner waits
/// for the answer; without the note the list has it when the worker has drained the journal.
const NOTE_DEADLINE: Duration = Duration::from_millis(200);

/// A reservation.
#[derive(Debug, Clone, Copy)]
pub struct ReserveSeats<'a> {
    /// The buyer.
    pub user: UserId,
    /// A fresh booking id. It is the same for every attempt: a lost reply is asked for again, and
    /// nothing is held twice.
    pub booking: BookingId,
    /// The queue pass.
    pub pass: PresentedPass<'a>,
    /// The idempotency key, if the request has one.
    pub idempotency: Option<Idempotency<'a>>,
    /// The places.
    pub selection: &'a Selection,
    /// Where the buyer can be reached.
    pub contact: &'a Contact,
    /// Whether the buyer is signed in to an account.
    pub is_registered: bool,
}

/// Holds the places: all or none. Never answers that sections have changed.
///
/// # Errors
///
/// See [`Error`].
pub async fn reserve_seats<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    request: &ReserveSeats<'_>,
) -> Result<ReserveOutcome, Error> {
    let event = request.booking.event();
    let outcome = match request.selection {
        Selection::Seats { section, seats } => {
            let seats: Vec<_> = seats.iter().map(|seat| (seat.row, seat.number)).collect();
            reserve(stores, request, Choice::Seats { section, seats: &seats }).await?
        }
        Selection::Section { section, quantity } => {
            reserve(stores, request, Choice::Section { section, quantity: *quantity }).await?
        }
        Selection::Any { quantity } => reserve_anywhere(stores, request, *quantity).await?,
    };
    if outcome == ReserveOutcome::EventMissing && find_past_event(stores, event).await?.is_some() {
        return Ok(ReserveOutcome::EventNotOnSale);
    }
    // Only for what is held: a crowd that is refused costs nothing. Before the answer: what a buyer
    // was told is in the list at once.
    if matches!(outcome, ReserveOutcome::Held(_) | ReserveOutcome::Replayed(_)) {
        note_own_event(stores, request.user, event).await;
    }
    Ok(outcome)
}

/// Notes the event for the buyer's list. It is in the slot of the buyer, so it is no part of the
/// step that holds; a hold is worth more than its place in a list.
async fn note_own_event<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    user: UserId,
    event: EventId,
) {
    let deadline = NOTE_DEADLINE.min(stores.redis_deadline);
    // mutant: reservations-are-not-noted
    let noted = scripts::note_own_event(&stores.cluster, user, event, deadline).await;
    best_effort(stores, MarkKind::OwnEvent, noted.map_err(Error::from)).await;
}

async fn reserve_anywhere<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    request: &ReserveSeats<'_>,
    quantity: u32,
) -> Result<ReserveOutcome, Error> {
    let event = request.booking.event();
    let mut sections = known_sections(event);
    for _ in 0..ATTEMPTS_MAX {
        match reserve(stores, request, Choice::Any { sections: &sections, quantity }).await? {
            ReserveOutcome::SectionsChanged { sections: changed } => {
                keep_sections(event, &changed);
                sections = changed;
            }
            outcome => return Ok(outcome),
        }
    }
    Err(Error::Contention("reserving anywhere"))
}

async fn reserve<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    request: &ReserveSeats<'_>,
    choice: Choice<'_>,
) -> Result<ReserveOutcome, Error> {
    let ReserveSeats { user, booking, pass, idempotency, contact, is_registered, .. } = *request;
    let contact = Some(contact);
    let request =
        scripts::ReserveSeats { user, booking, pass, idempotency, choice, contact, is_registered };
    with_open_event(stores, booking.event(), async || {
        scripts::reserve_seats(&stores.cluster, &request, stores.redis_deadline).await
    })
    .await
}
