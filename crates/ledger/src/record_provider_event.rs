//! Keeps an event of the payment provider.

use domain::id::BookingId;

use crate::database::{Database, Value};
use crate::error::Error;
use crate::row::one_row;

const STATEMENT: &str = "SELECT state FROM boxoffice.record_provider_event(\
     $1::text, $2::text, $3::text, $4::bigint, $5::text, $6::boolean, $7::text)";

/// An event of the payment provider whose signature was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordProviderEvent<'a> {
    /// The provider's id; unique for ever.
    pub id: &'a str,
    /// For example `payment_intent.succeeded`.
    pub kind: &'a str,
    /// The booking it names, if it names one.
    pub booking: Option<BookingId>,
    /// In minor units of `currency`.
    pub amount: i64,
    /// ISO 4217 in either case; kept in upper case.
    pub currency: &'a str,
    /// Whether real money moved.
    pub livemode: bool,
    /// The body as it came.
    pub payload: &'a str,
}

/// What is known about a provider event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProviderEventState {
    /// Kept by this call; to be worked on.
    New,
    /// Kept before; its effect may be missing, so it is to be worked on again.
    Pending,
    /// Its effect is in place; nothing to do.
    Done,
}

/// Keeps an event of the payment provider. Once it has answered, the event is durable: the caller
/// may answer 2xx, because [`crate::pending_provider_events`] brings it back until it is finished.
///
/// # Errors
///
/// See [`Error`].
pub async fn record_provider_event<D: Database>(
    database: &D,
    request: &RecordProviderEvent<'_>,
) -> Result<ProviderEventState, Error> {
    let parameters = vec![
        request.id.into(),
        request.kind.into(),
        Value::from(request.booking.map(|booking| booking.to_string())),
        request.amount.into(),
        request.currency.into(),
        request.livemode.into(),
        request.payload.into(),
    ];
    let mut row = one_row(database, "record_provider_event", STATEMENT, parameters).await?;
    match row.text()?.as_str() {
        "new" => Ok(ProviderEventState::New),
        "pending" => Ok(ProviderEventState::Pending),
        "done" => Ok(ProviderEventState::Done),
        other => Err(row.unexpected(format!("state {other:?}"))),
    }
}
