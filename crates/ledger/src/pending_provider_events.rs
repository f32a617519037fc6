//! Brings back provider events that are not finished.

use domain::id::BookingId;

use crate::database::Database;
use crate::error::Error;
use crate::row::{Row, rows};

/// Events of one call at most: what one run of the worker can finish in a second.
pub const PENDING_PROVIDER_EVENTS_MAX: u32 = 100;

const STATEMENT: &str = "SELECT id, kind, booking_id, amount, currency, livemode, payload, \
     attempts FROM boxoffice.pending_provider_events($1::bigint)";

/// A provider event to work on again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingProviderEvent {
    /// The provider's id.
    pub id: String,
    /// For example `payment_intent.succeeded`.
    pub kind: String,
    /// The booking it names, if it names one.
    pub booking: Option<BookingId>,
    /// In minor units of `currency`.
    pub amount: i64,
    /// ISO 4217, upper case.
    pub currency: String,
    /// Whether real money moved.
    pub livemode: bool,
    /// The body as it came.
    pub payload: String,
    /// How often it was brought back, this time included.
    pub attempts: u32,
}

/// Brings back provider events that are not finished and due, oldest first. Each one then rests:
/// 5 s after it came, then twice as long each time, up to 10 minutes. So two workers rarely meet
/// at one event, and one that cannot be finished does not keep the others from their turn.
///
/// # Errors
///
/// See [`Error`].
pub async fn pending_provider_events<D: Database>(
    database: &D,
) -> Result<Vec<PendingProviderEvent>, Error> {
    let parameters = vec![PENDING_PROVIDER_EVENTS_MAX.into()];
    rows(database, "pending_provider_events", STATEMENT, parameters)
        .await?
        .map(|mut row| read_pending(&mut row))
        .collect()
}

fn read_pending(row: &mut Row) -> Result<PendingProviderEvent, Error> {
    Ok(PendingProviderEvent {
        id: row.text()?,
        kind: row.text()?,
        booking: match row.optional_text()? {
            Some(text) => {
                Some(text.parse().map_err(|_| row.unexpected(format!("booking {text:?}")))?)
            }
            None => None,
        },
        amount: row.integer()?,
        currency: row.text()?,
        livemode: row.boolean()?,
        payload: row.text()?,
        attempts: row.count()?,
    })
}
