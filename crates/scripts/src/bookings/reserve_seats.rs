//! Holds seats for a buyer.

use std::time::Duration;

use cluster::{Argument, Cluster, Transport};
use domain::contact::Contact;
use domain::id::{BookingId, UserId};
use domain::seat::Seat;
use domain::section::SectionName;

use crate::call::{Fields, call, join_names};
use crate::{Error, Hold, Idempotency, registry};

/// Which seats.
#[derive(Debug, Clone, Copy)]
pub enum Choice<'a> {
    /// These seats of one section, as row and number.
    Seats {
        /// The section of all seats.
        section: &'a SectionName,
        /// The seats; whether they exist is for the script to say.
        seats: &'a [(u32, u32)],
    },
    /// The best adjacent seats of a section, or standing tickets.
    Section {
        /// The section, seated or standing.
        section: &'a SectionName,
        /// How many seats.
        quantity: u32,
    },
    /// The best adjacent seats of the first seated section that has them.
    Any {
        /// All seated sections of the event in order, see
        /// [`EventSettings::seated_sections`](crate::EventSettings::seated_sections). When they are
        /// not known, an empty list is answered with [`ReserveOutcome::SectionsChanged`].
        sections: &'a [SectionName],
        /// How many seats.
        quantity: u32,
    },
}

/// The queue pass that came with the request. Signature, user and event are checked already; what
/// they are worth is for the script to say, which knows whether a pass is needed.
#[derive(Debug, Clone, Copy)]
pub enum PresentedPass<'a> {
    /// None.
    None,
    /// One that is forged, of another user or of another event.
    Invalid,
    /// A genuine one with this id that says that it has ended. A pause since it was signed may have
    /// given it more time.
    Expired(&'a str),
    /// A genuine one with this id.
    Id(&'a str),
}

/// A reservation.
#[derive(Debug, Clone, Copy)]
pub struct ReserveSeats<'a> {
    /// The buyer.
    pub user: UserId,
    /// A fresh booking id; the same one again when a call is repeated.
    pub booking: BookingId,
    /// The queue pass.
    pub pass: PresentedPass<'a>,
    /// The idempotency key, if the request has one.
    pub idempotency: Option<Idempotency<'a>>,
    /// Which seats.
    pub choice: Choice<'a>,
    /// Where the buyer can be reached. It is part of the request whose fingerprint the idempotency
    /// key remembers, so a replayed hold has it too.
    pub contact: Option<&'a Contact>,
    /// Whether the buyer is signed in to an account.
    pub is_registered: bool,
}

/// The answer to a reservation; refusals in the order in which they are checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReserveOutcome {
    /// The seats are held.
    Held(Hold),
    /// The idempotency key was used for this request before: the hold that it made, as it was.
    Replayed(Hold),
    /// The idempotency key was used for another request.
    IdempotencyKeyReused,
    /// The event is not open in Redis.
    EventMissing,
    /// Not yet, no longer, paused or cancelled.
    EventNotOnSale,
    /// The sale is for accounts, and the buyer has none.
    AccountRequired,
    /// The event has a queue and no pass was shown.
    QueuePassRequired,
    /// The pass has expired.
    QueuePassExpired,
    /// The user was never admitted, or gave the pass back.
    QueuePassInvalid,
    /// The pass was used before.
    QueuePassUsed,
    /// [`Choice::Any`] does not name the seated sections of the event.
    SectionsChanged {
        /// Those it should name.
        sections: Vec<SectionName>,
    },
    /// A seat or section does not exist, a seat is named twice, none or more than ten are asked
    /// for.
    InvalidSeats,
    /// The buyer would have more tickets than allowed.
    BuyerLimitExceeded,
    /// One payment cannot take so much.
    AmountTooHigh {
        /// The most, in minor units.
        amount_max: i64,
    },
    /// Seats are held or sold.
    SeatUnavailable {
        /// All of them, in the order of the request.
        seats: Vec<Seat>,
    },
    /// The whole event has nothing available.
    SoldOut,
    /// Not enough seats, or none side by side.
    NotEnoughSeats,
}

/// Holds the seats: all or none.
///
/// # Errors
///
/// See [`Error`].
pub async fn reserve_seats<T: Transport>(
    cluster: &Cluster<T>,
    request: &ReserveSeats<'_>,
    deadline: Duration,
) -> Result<ReserveOutcome, Error> {
    let event = request.booking.event();
    let sections = match request.choice {
        Choice::Seats { section, .. } | Choice::Section { section, .. } => {
            std::slice::from_ref(section)
        }
        Choice::Any { sections, .. } => sections,
    };
    let script = registry::reserve_seats(event, sections);
    let arguments = arguments(request, sections);
    let reply = call(cluster, script, arguments, deadline).await?;
    outcome(&reply, request)
}

fn arguments(request: &ReserveSeats<'_>, sections: &[SectionName]) -> Vec<Argument> {
    let pass = match request.pass {
        PresentedPass::None => String::new(),
        PresentedPass::Invalid => "!".to_owned(),
        PresentedPass::Expired(id) => format!("-{id}"),
        PresentedPass::Id(id) => id.to_owned(),
    };
    let (entry, fingerprint) =
        request.idempotency.map_or(("", ""), |key| (key.entry, key.fingerprint));
    let (mode, quantity, seats): (_, _, &[(u32, u32)]) = match request.choice {
        Choice::Seats { seats, .. } => {
            ("seats", i64::try_from(seats.len()).unwrap_or(i64::MAX), seats)
        }
        Choice::Section { quantity, .. } => ("section", i64::from(quantity), &[]),
        Choice::Any { quantity, .. } => ("any", i64::from(quantity), &[]),
    };
    let mut arguments: Vec<Argument> = vec![
        request.user.to_string().into(),
        request.booking.to_string().into(),
        pass.into(),
        entry.into(),
        fingerprint.into(),
        mode.into(),
        join_names(sections).into(),
        quantity.into(),
        request.contact.map(Contact::to_text).unwrap_or_default().into(),
        i64::from(request.is_registered).into(),
    ];
    for (row, number) in seats {
        arguments.extend([i64::from(*row).into(), i64::from(*number).into()]);
    }
    arguments
}

fn outcome(reply: &Fields, request: &ReserveSeats<'_>) -> Result<ReserveOutcome, Error> {
    let hold = |booking| {
        let mut hold = reply.hold(1, booking)?;
        hold.booking.contact = request.contact.cloned().unwrap_or_default();
        Ok::<_, Error>(hold)
    };
    Ok(match reply.outcome()? {
        "held" => ReserveOutcome::Held(hold(request.booking)?),
        "replayed" => ReserveOutcome::Replayed(hold(reply.parse(2)?)?),
        "idempotency_key_reused" => ReserveOutcome::IdempotencyKeyReused,
        "event_missing" => ReserveOutcome::EventMissing,
        "event_not_on_sale" => ReserveOutcome::EventNotOnSale,
        "account_required" => ReserveOutcome::AccountRequired,
        "queue_pass_required" => ReserveOutcome::QueuePassRequired,
        "queue_pass_expired" => ReserveOutcome::QueuePassExpired,
        "queue_pass_invalid" => ReserveOutcome::QueuePassInvalid,
        "queue_pass_used" => ReserveOutcome::QueuePassUsed,
        "sections_changed" => ReserveOutcome::SectionsChanged { sections: reply.list(2, ' ')? },
        "invalid_seats" => ReserveOutcome::InvalidSeats,
        "buyer_limit_exceeded" => ReserveOutcome::BuyerLimitExceeded,
        "amount_too_high" => ReserveOutcome::AmountTooHigh { amount_max: reply.integer(2)? },
        "seat_unavailable" => ReserveOutcome::SeatUnavailable { seats: reply.list(2, ',')? },
        "sold_out" => ReserveOutcome::SoldOut,
        "not_enough_seats" => ReserveOutcome::NotEnoughSeats,
        _ => return Err(reply.unexpected()),
    })
}
