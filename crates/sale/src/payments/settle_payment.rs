//! Gives a paid payment its sale, or the decision that it is given back.

use cluster::Transport;
use domain::payment::PaymentStep;
use ledger::{Database, StoredPayment};

use crate::bookings::confirm_sale::{ConfirmSaleOutcome, confirm_sale};
use crate::bookings::find_booking::find_booking;
use crate::{Error, Stores};

/// What became of the payment. Every outcome but `Confirmed` and `NothingToSettle` means that it is
/// given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SettleOutcome {
    /// The booking is confirmed by it.
    Confirmed,
    /// It is decided already, or not paid.
    NothingToSettle,
    /// The booking is confirmed by something else.
    AlreadyPaid,
    /// It names no booking that exists.
    UnknownBooking,
    /// Amount or currency are not those of the booking.
    PaymentDiffers,
    /// The hold was released before the payment arrived.
    Released,
    /// The hold had expired and the seats belong to somebody else.
    SeatsTaken,
    /// The event or the booking is cancelled.
    Cancelled,
    /// The event is over.
    EventEnded,
    /// It was refunded before it could become a sale, and so is the booking.
    Refunded,
}

/// Settles `payment`: sells the seats of its booking, or decides to give it back. The provider is
/// not asked; what has to happen there is for the payment's saga, which is set going by the same
/// statement as the decision.
///
/// # Errors
///
/// See [`Error`]. The same call again continues; the saga does so by itself.
pub async fn settle_payment<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    payment: &StoredPayment,
) -> Result<SettleOutcome, Error> {
    if payment.step() != PaymentStep::Settle {
        return Ok(SettleOutcome::NothingToSettle);
    }
    // A payment without a booking has no saga, and its step is for the day when one is named.
    let Some(booking) = payment.booking_id else {
        return Ok(SettleOutcome::NothingToSettle);
    };
    let give_back = async |reason: &str, outcome: SettleOutcome| {
        ledger::give_back_payment(&stores.database, &payment.id, reason).await?;
        Ok(outcome)
    };
    let Some(found) = find_booking(stores, booking).await? else {
        return give_back("unknown_booking", SettleOutcome::UnknownBooking).await;
    };
    let price = (found.booking().amount, found.booking().currency.as_str());
    if payment.contradicted || (payment.amount, payment.currency.as_str()) != price {
        // Postgres compares too. This spares the hold from being kept for a payment that is none.
        return give_back("payment_differs", SettleOutcome::PaymentDiffers).await;
    }
    match confirm_sale(stores, found, Some(&payment.id)).await? {
        ConfirmSaleOutcome::Confirmed => Ok(SettleOutcome::Confirmed),
        // Redis knows that somebody else holds the seats.
        ConfirmSaleOutcome::SeatsTaken => give_back("seats_taken", SettleOutcome::SeatsTaken).await,
        ConfirmSaleOutcome::AlreadyPaid => Ok(SettleOutcome::AlreadyPaid),
        ConfirmSaleOutcome::Released => Ok(SettleOutcome::Released),
        ConfirmSaleOutcome::Cancelled => Ok(SettleOutcome::Cancelled),
        ConfirmSaleOutcome::EventEnded => Ok(SettleOutcome::EventEnded),
        ConfirmSaleOutcome::Refunded => Ok(SettleOutcome::Refunded),
        ConfirmSaleOutcome::PaymentDiffers => Ok(SettleOutcome::PaymentDiffers),
        ConfirmSaleOutcome::PaymentGivenBack | ConfirmSaleOutcome::NotPaid => {
            Ok(SettleOutcome::NothingToSettle)
        }
    }
}
