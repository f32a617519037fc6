//! Takes in an event of the provider: the one way in, for the webhook and for what it missed.

use domain::stripe::ProviderEvent;
use ledger::{Database, EventEffect, RecordProviderEvent};

use crate::payments::note_refusal::TOLD_EVERY_MS;

/// What the operator reads of a payment that is not ours.
pub const FOREIGN_PAYMENT: &str = "an authorisation that was not begun here names a booking of \
     ours: it confirms nothing, and is neither captured nor cancelled";

/// Keeps `event`, whose body is `payload`, with its effect and the saga that follows, in one
/// statement. Before it, a payment on the page of a checkout of ours is taken as begun here: its
/// saga asks the provider should the rest of this call be lost. The same event any number of times
/// has one effect. `livemode` is the mode that we are in: an event of the other one is kept and has
/// none.
///
/// # Errors
///
/// See [`ledger::Error`].
pub async fn record_event<D: Database>(
    database: &D,
    event: &ProviderEvent,
    payload: &str,
    livemode: bool,
) -> Result<EventEffect, ledger::Error> {
    // mutant: payments-of-checkouts-are-foreign
    if let Some((checkout, payment)) = event.checkout_payment()
        && event.livemode == livemode
    {
        ledger::begin_checkout_payment(database, checkout, payment, livemode).await?;
    }
    let news = provider::payment_news(event);
    let record = RecordProviderEvent {
        id: &event.id,
        kind: &event.kind,
        livemode: event.livemode,
        expected_livemode: livemode,
        payload,
        news: news.as_ref(),
        told_every_ms: TOLD_EVERY_MS,
    };
    Ok(ledger::record_provider_event(database, &record).await?.outcome)
}
