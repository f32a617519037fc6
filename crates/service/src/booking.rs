//! One booking, as those who may see it do.

use cluster::Transport;
use domain::booking::{Booking, BookingStatus, SoldBy};
use domain::code::Code;
use domain::id::{BookingId, UserId};
use ledger::Database;
use sale::{ConfirmSaleOutcome, ExtendBookingOutcome, FoundBooking, ReleaseOutcome, Stores};

use crate::Refusal;

/// A caller who may act on a booking: its owner, or the organiser on anyone's behalf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// A buyer.
    Buyer(UserId),
    /// The organiser.
    Organiser,
}

impl Caller {
    /// Whether this caller may see what belongs to `owner`. To anyone else it does not exist.
    pub fn may_see(self, owner: UserId) -> bool {
        match self {
            // mutant: everybody-owns-everything
            Self::Buyer(user) => user == owner,
            Self::Organiser => true,
        }
    }

    /// Names the caller in the scope of idempotency keys.
    pub fn scope(self) -> String {
        match self {
            Self::Buyer(user) => user.to_string(),
            Self::Organiser => "organiser".to_owned(),
        }
    }
}

/// The booking, if the caller may see it.
///
/// # Errors
///
/// `booking_not_found` when it does not exist, and the same when it belongs to another buyer.
pub async fn visible<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    booking: BookingId,
    caller: Caller,
) -> Result<Booking, Refusal> {
    Ok(found(stores, booking, caller).await?.into_booking())
}

/// The booking and where it was found, if the caller may see it.
///
/// # Errors
///
/// As [`visible`].
pub async fn found<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    booking: BookingId,
    caller: Caller,
) -> Result<FoundBooking, Refusal> {
    sale::find_booking(stores, booking)
        .await?
        .filter(|found| caller.may_see(found.booking().user_id))
        .ok_or_else(|| Refusal::of(Code::BookingNotFound))
}

/// Releases a hold, as it was found, and returns it as it is then. A hold is resolved once, so a
/// second try is told how it was resolved.
///
/// # Errors
///
/// `already_confirmed`, `booking_expired` when it was resolved otherwise or is over; `unavailable`
/// while it is in doubt.
pub async fn release<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    booking: Booking,
    caller: Caller,
) -> Result<Booking, Refusal> {
    match booking.status {
        BookingStatus::Reserved => {}
        BookingStatus::Released => return Ok(booking),
        status => return Err(resolved(status)),
    }
    match sale::release_booking(stores, &booking).await? {
        ReleaseOutcome::Released => Ok(Booking { status: BookingStatus::Released, ..booking }),
        // Somebody was faster: say what they did.
        ReleaseOutcome::Resolved => {
            let booking = visible(stores, booking.booking_id, caller).await?;
            match booking.status {
                BookingStatus::Released => Ok(booking),
                BookingStatus::Reserved => Err(Refusal::unavailable("the hold is in doubt")),
                status => Err(resolved(status)),
            }
        }
        ReleaseOutcome::Expired => Err(Refusal::of(Code::BookingExpired)),
        ReleaseOutcome::Confirming => {
            Err(Refusal::new(Code::Unavailable, "a payment of it is being processed"))
        }
    }
}

/// Gives the owner of a hold more time, once, and returns the booking as it is then.
///
/// # Errors
///
/// `already_extended`; how the hold was resolved; `event_not_on_sale` when the event is over or
/// cancelled; `unavailable` while the hold is in doubt.
pub async fn extend<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    booking: BookingId,
    caller: Caller,
) -> Result<Booking, Refusal> {
    let booking = visible(stores, booking, caller).await?;
    match sale::extend_booking(stores, &booking).await? {
        ExtendBookingOutcome::Extended(booking) => Ok(*booking),
        ExtendBookingOutcome::AlreadyExtended => Err(Refusal::of(Code::AlreadyExtended)),
        ExtendBookingOutcome::Resolved(status) => Err(resolved(status)),
        ExtendBookingOutcome::EventNotOnSale => {
            Err(Refusal::new(Code::EventNotOnSale, "the event is over or cancelled"))
        }
        ExtendBookingOutcome::Lost => Err(Refusal::unavailable("the hold is in doubt")),
    }
}

/// Confirms a booking without a payment: the organiser any, an owner one that costs nothing.
///
/// # Errors
///
/// `payment_required` for an owner whose booking costs something; why it cannot be sold.
pub async fn confirm<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    booking: BookingId,
    caller: Caller,
) -> Result<Booking, Refusal> {
    let found = found(stores, booking, caller).await?;
    let booking = found.booking().clone();
    let by = match caller {
        Caller::Buyer(_) if booking.amount > 0 => {
            return Err(Refusal::of(Code::PaymentRequired));
        }
        Caller::Buyer(_) => SoldBy::Owner,
        Caller::Organiser => SoldBy::Organiser,
    };
    match sale::confirm_sale(stores, found, by).await? {
        ConfirmSaleOutcome::Confirmed => {
            Ok(Booking { status: BookingStatus::Confirmed, ..booking })
        }
        ConfirmSaleOutcome::Released => Err(Refusal::of(Code::AlreadyReleased)),
        ConfirmSaleOutcome::SeatsTaken => Err(Refusal::of(Code::BookingExpired)),
        ConfirmSaleOutcome::EventNotOnSale => {
            Err(Refusal::new(Code::EventNotOnSale, "its time is over, and nothing is on sale"))
        }
        ConfirmSaleOutcome::BuyerLimitExceeded => Err(Refusal::of(Code::BuyerLimitExceeded)),
        ConfirmSaleOutcome::Cancelled => {
            Err(Refusal::new(Code::EventNotOnSale, "the event or the booking is cancelled"))
        }
        ConfirmSaleOutcome::AlreadyPaid
        | ConfirmSaleOutcome::EventEnded
        | ConfirmSaleOutcome::Refunded
        | ConfirmSaleOutcome::PaymentDiffers
        | ConfirmSaleOutcome::PaymentGivenBack
        | ConfirmSaleOutcome::NotPaid => {
            Err(Refusal::internal("a sale without a payment was refused for its payment"))
        }
    }
}

/// Why a booking in this state cannot be resolved again.
pub fn resolved(status: BookingStatus) -> Refusal {
    match status {
        BookingStatus::Confirmed | BookingStatus::Refunded | BookingStatus::Cancelled => {
            Refusal::of(Code::AlreadyConfirmed)
        }
        BookingStatus::Released => Refusal::of(Code::AlreadyReleased),
        BookingStatus::Expired => Refusal::of(Code::BookingExpired),
        BookingStatus::Reserved => {
            Refusal::unavailable("an unresolved booking was taken as resolved")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_a_buyer_is_seen_by_the_buyer_and_the_organiser() {
        let user = |last: u128| UserId::from_uuid(uuid::Uuid::from_u128(last));
        assert!(Caller::Buyer(user(1)).may_see(user(1)));
        assert!(!Caller::Buyer(user(2)).may_see(user(1)));
        assert!(Caller::Organiser.may_see(user(1)));
    }
}
