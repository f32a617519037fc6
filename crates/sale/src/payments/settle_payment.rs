//! Gives a paid payment its sale, or the decision that it is given back.

use cluster::Transport;
use domain::booking::SoldBy;
use domain::payment::PaymentStep;
use ledger::{Database, StoredPayment};

use crate::bookings::confirm_sale::{ConfirmSaleOutcome, confirm_sale};
use crate::bookings::find_booking::find_booking;
use crate::{Error, Stores};

/// What became of the payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Settled {
    /// Its booking is confirmed by it.
    Confirmed,
    /// It is given back.
    GivenBack,
    /// Nothing: it was decided before, or there is no money to decide about.
    Unchanged,
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
) -> Result<Settled, Error> {
    if payment.step() != PaymentStep::Settle {
        return Ok(Settled::Unchanged);
    }
    // A payment without a booking has no saga. Its step is for the day when one is named.
    let Some(booking) = payment.booking_id else { return Ok(Settled::Unchanged) };
    let give_back = async |reason: &str| {
        ledger::give_back_payment(&stores.database, &payment.id, reason).await?;
        Ok(Settled::GivenBack)
    };
    let Some(found) = find_booking(stores, booking).await? else {
        return give_back("unknown_booking").await;
    };
    let price = (found.booking().amount, found.booking().currency.as_str());
    if payment.contradicted || (payment.amount, payment.currency.as_str()) != price {
        // Postgres compares too. This spares the hold from being kept for a wrong payment.
        return give_back("payment_differs").await;
    }
    match confirm_sale(stores, found, SoldBy::Payment(&payment.id)).await? {
        ConfirmSaleOutcome::Confirmed => Ok(Settled::Confirmed),
        // Redis knows that somebody else holds the seats, or that nobody could reserve them now.
        ConfirmSaleOutcome::SeatsTaken => give_back("seats_taken").await,
        ConfirmSaleOutcome::EventNotOnSale => give_back("event_not_on_sale").await,
        ConfirmSaleOutcome::BuyerLimitExceeded => give_back("buyer_limit_exceeded").await,
        // Postgres has decided so in the statement that refused the sale.
        ConfirmSaleOutcome::AlreadyPaid
        | ConfirmSaleOutcome::Released
        | ConfirmSaleOutcome::Cancelled
        | ConfirmSaleOutcome::EventEnded
        | ConfirmSaleOutcome::Refunded
        | ConfirmSaleOutcome::PaymentDiffers => Ok(Settled::GivenBack),
        ConfirmSaleOutcome::PaymentGivenBack | ConfirmSaleOutcome::NotPaid => {
            Ok(Settled::Unchanged)
        }
    }
}
