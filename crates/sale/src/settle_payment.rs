//! Gives a recorded event of the payment provider its effect, once.

use cluster::Transport;
use domain::id::BookingId;
use domain::stripe::{PaymentMeaning, ProviderEvent};
use ledger::Database;

use crate::confirm_sale::{ConfirmSaleOutcome, confirm_sale};
use crate::find_booking::find_booking;
use crate::{Error, Stores};

/// What the event did. Anything but `Confirmed` and `Ignored` is money without a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SettleOutcome {
    /// The booking is confirmed.
    Confirmed,
    /// Not a payment.
    Ignored,
    /// It names no booking that exists.
    UnknownBooking,
    /// Amount, currency or mode are not those of the booking.
    PaymentDiffers,
    /// The hold was released before the payment arrived.
    Released,
    /// The hold had expired and the seats belong to somebody else.
    SeatsTaken,
    /// The event or the booking is cancelled.
    Cancelled,
}

impl SettleOutcome {
    /// The word that is recorded with the event.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Ignored => "ignored",
            Self::UnknownBooking => "unknown_booking",
            Self::PaymentDiffers => "payment_differs",
            Self::Released => "released",
            Self::SeatsTaken => "seats_taken",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Gives `event`, which must be recorded, its effect and notes it. `livemode` is the mode we are
/// in: an event of the other one confirms nothing.
///
/// # Errors
///
/// See [`Error`]. The event then stays pending, and the worker comes back to it.
pub async fn settle_payment<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: &ProviderEvent,
    livemode: bool,
) -> Result<SettleOutcome, Error> {
    let outcome = match event.meaning() {
        PaymentMeaning::Other => SettleOutcome::Ignored,
        PaymentMeaning::Paid => pay(stores, event, livemode).await?,
    };
    ledger::finish_provider_event(&stores.database, &event.id, outcome.as_str()).await?;
    Ok(outcome)
}

async fn pay<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: &ProviderEvent,
    livemode: bool,
) -> Result<SettleOutcome, Error> {
    let named = event.data.object.booking_id();
    let Some(booking_id) = named.and_then(|text| text.parse::<BookingId>().ok()) else {
        return Ok(SettleOutcome::UnknownBooking);
    };
    let Some(found) = find_booking(stores, booking_id).await? else {
        return Ok(SettleOutcome::UnknownBooking);
    };
    let booking = found.booking();
    if !event.pays_exactly(booking.amount, &booking.currency, livemode) {
        return Ok(SettleOutcome::PaymentDiffers);
    }
    let outcome = confirm_sale(stores, found, Some(&event.id)).await?;
    Ok(match outcome {
        ConfirmSaleOutcome::Confirmed => SettleOutcome::Confirmed,
        ConfirmSaleOutcome::Released => SettleOutcome::Released,
        ConfirmSaleOutcome::SeatsTaken => SettleOutcome::SeatsTaken,
        ConfirmSaleOutcome::Cancelled => SettleOutcome::Cancelled,
        ConfirmSaleOutcome::PaymentDiffers => SettleOutcome::PaymentDiffers,
    })
}
