//! Lets the bearer of a ticket in, once.

use domain::id::EventId;
use domain::ticket::{ScanResult, Ticket, TicketId};

use crate::database::{Database, Value};
use crate::error::Error;
use crate::row::one_row;
use crate::tickets::ticket::TicketDocument;

const STATEMENT: &str = "SELECT outcome, ticket, is_replayed FROM boxoffice.check_in(\
     $1::text::uuid, $2::text, $3::text, $4::boolean, $5::text, $6::text)";

/// A ticket that is shown at a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckIn<'a> {
    /// The event at whose door it is shown.
    pub event: EventId,
    /// The ticket; none when what was shown is no ticket of ours.
    pub ticket: Option<&'a TicketId>,
    /// Which door, in words of those who scan; empty when they do not say.
    pub gate: &'a str,
    /// Whether an admission is taken back instead.
    pub undo: bool,
    /// What the client asks to be done once.
    pub request: Option<ScanRequest<'a>>,
}

/// A request that may come again after a lost answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanRequest<'a> {
    /// Stands for caller and idempotency key.
    pub entry: &'a str,
    /// Tells two requests with one key apart.
    pub fingerprint: &'a str,
}

/// What [`check_in`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckInOutcome {
    /// It was scanned.
    Scanned {
        /// What became of it.
        result: ScanResult,
        /// The ticket as it is now, with the admission that counts; none when it is unknown.
        ticket: Option<Box<Ticket>>,
        /// Whether this is the answer that the same request got before.
        is_replayed: bool,
    },
    /// The key came with another request before; nothing was done.
    RequestReused,
    /// There is no such event; nothing was done.
    EventMissing,
}

/// Lets the bearer of a ticket in, or takes that back. One statement: between gates, a primary key
/// decides. It works while Redis is down.
///
/// # Errors
///
/// See [`Error`]. After [`crate::DatabaseError::Unavailable`] the bearer may be in: with a
/// [`ScanRequest`] the same call again tells.
pub async fn check_in<D: Database>(
    database: &D,
    scan: &CheckIn<'_>,
) -> Result<CheckInOutcome, Error> {
    let parameters = vec![
        scan.event.to_string().into(),
        Value::from(scan.ticket.map(TicketId::as_str)),
        scan.gate.into(),
        scan.undo.into(),
        Value::from(scan.request.map(|request| request.entry)),
        Value::from(scan.request.map(|request| request.fingerprint)),
    ];
    let mut row = one_row(database, "check_in", STATEMENT, parameters).await?;
    let outcome = row.text()?;
    let ticket: Option<TicketDocument> = row.optional_document()?;
    let is_replayed = row.boolean()?;
    let result = match outcome.as_str() {
        "admitted" => ScanResult::Admitted,
        "already_used" => ScanResult::AlreadyUsed,
        "cancelled" => ScanResult::Cancelled,
        "wrong_event" => ScanResult::WrongEvent,
        "unknown" => ScanResult::Unknown,
        "undone" => ScanResult::Undone,
        "not_used" => ScanResult::NotUsed,
        "request_reused" => return Ok(CheckInOutcome::RequestReused),
        "event_missing" => return Ok(CheckInOutcome::EventMissing),
        other => return Err(row.unexpected(format!("outcome {other:?}"))),
    };
    let ticket = ticket.map(|ticket| Box::new(ticket.into()));
    Ok(CheckInOutcome::Scanned { result, ticket, is_replayed })
}
