//! The tokens of the queue: passes, receipts, and tickets of streams.

use domain::id::{EventId, UserId};
use domain::token::{PlaceReceipt, QueuePass, StreamTicket};
use http::header;
use sale::Receipt;

use super::{buyer, unauthenticated};
use crate::call::Call;
use crate::clock::now;
use crate::problem::Problem;
use crate::variables;

/// The buyer who calls, or whom the `ticket` in the address stands for: a page cannot give an
/// event stream a header.
///
/// # Errors
///
/// 401 without a valid buyer token or ticket for `event`, 403 for the organiser's key.
pub async fn buyer_or_ticket(call: &Call, event: EventId) -> Result<UserId, Problem> {
    let ticket = match call.query("ticket") {
        Some(ticket) if !call.headers.contains_key(header::AUTHORIZATION) => ticket,
        _ => return buyer(call).await,
    };
    let keys = variables::verifying_keys().await?;
    let ticket = StreamTicket::verify(&keys, event, &ticket, now()).map_err(unauthenticated)?;
    Ok(ticket.user)
}

/// What the header `X-Queue-Pass` is worth for `event` and `user`, before Redis is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PassHeader {
    /// No header.
    Absent,
    /// Forged, of another event or of another user. It harms only where one is needed.
    Invalid,
    /// A good signature for this event and user, in time.
    Signed(QueuePass),
    /// The same, past its time.
    Expired(QueuePass),
}

/// Reads the queue pass. Whether it is still unused, and whether one is needed, only Redis knows.
///
/// # Errors
///
/// 503 without verifying keys.
pub async fn queue_pass(call: &Call, event: EventId, user: UserId) -> Result<PassHeader, Problem> {
    let Some(value) = call.headers.get("x-queue-pass") else { return Ok(PassHeader::Absent) };
    let keys = variables::verifying_keys().await?;
    let verified = value.to_str().ok().map(|it| QueuePass::verify_genuine(&keys, event, it, now()));
    Ok(match verified {
        Some(Ok((pass, false))) if pass.user == user => PassHeader::Signed(pass),
        Some(Ok((pass, true))) if pass.user == user => PassHeader::Expired(pass),
        _ => PassHeader::Invalid,
    })
}

/// The receipt of a place in the queue of `event`: `X-Queue-Receipt`, or `elsewhere`. One that is
/// not genuine, or of another event or user, is ignored: its bearer can join like everybody else.
///
/// # Errors
///
/// 503 without verifying keys.
pub async fn queue_receipt(
    call: &Call,
    elsewhere: Option<&str>,
    event: EventId,
    user: UserId,
) -> Result<Option<Receipt>, Problem> {
    let Some(token) = call.header("x-queue-receipt").or(elsewhere) else { return Ok(None) };
    let found = receipt_and_owner(event, token).await?;
    Ok(found.filter(|(_, owner)| *owner == user).map(|(receipt, _)| receipt))
}

/// What a receipt is worth in the queue of `event`, and whose it is; nothing, when it is not
/// genuine or of another event.
///
/// # Errors
///
/// 503 without verifying keys.
pub async fn receipt_and_owner(
    event: EventId,
    token: &str,
) -> Result<Option<(Receipt, UserId)>, Problem> {
    let keys = variables::verifying_keys().await?;
    let receipt = PlaceReceipt::verify(&keys, token, now()).ok();
    Ok(receipt.filter(|receipt| receipt.event == event).map(|receipt| {
        let PlaceReceipt { user, number, score, joined_at, .. } = receipt;
        (Receipt { number, score, joined_at }, user)
    }))
}
