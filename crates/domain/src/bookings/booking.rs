//! A booking: seats held for a buyer, then paid, or given back.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::contact::Contact;
use crate::id::{BookingId, EventId, UserId};
use crate::seat::Seat;
use crate::section::SectionName;
use crate::time::Instant;

/// Where a booking stands. `reserved` is the only state that is not resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BookingStatus {
    /// Seats are held until the booking expires.
    Reserved,
    /// Paid: the seats are sold to the buyer.
    Confirmed,
    /// Given back by its owner or by the organiser, or ended with its event.
    Released,
    /// Not paid in time.
    Expired,
    /// Paid and refunded.
    Refunded,
    /// Cancelled with its event, or by its owner after payment.
    Cancelled,
}

impl BookingStatus {
    /// The word in the contract and in Postgres.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Confirmed => "confirmed",
            Self::Released => "released",
            Self::Expired => "expired",
            Self::Refunded => "refunded",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A word that is none of [`BookingStatus`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a status of a booking")]
pub struct UnknownStatus;

impl FromStr for BookingStatus {
    type Err = UnknownStatus;

    fn from_str(word: &str) -> Result<Self, UnknownStatus> {
        [
            Self::Reserved,
            Self::Confirmed,
            Self::Released,
            Self::Expired,
            Self::Refunded,
            Self::Cancelled,
        ]
        .into_iter()
        .find(|status| status.as_str() == word)
        .ok_or(UnknownStatus)
    }
}

/// Who makes a sale of a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SoldBy<'a> {
    /// The recorded payment with this id.
    Payment(&'a str),
    /// The owner, of what costs nothing.
    Owner,
    /// The organiser at the cash desk, whom neither a pause nor the limit per buyer binds.
    Organiser,
}

impl<'a> SoldBy<'a> {
    /// The payment, if one pays.
    pub const fn payment(self) -> Option<&'a str> {
        match self {
            Self::Payment(payment) => Some(payment),
            Self::Owner | Self::Organiser => None,
        }
    }

    /// Whether the organiser sells.
    pub const fn is_organiser(self) -> bool {
        matches!(self, Self::Organiser)
    }
}

/// A booking with what stores know of its hold besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBooking {
    /// The booking.
    pub booking: Booking,
    /// Whether its hold was given more time, which happens once.
    pub extended: bool,
}

/// A booking, in the form in which clients see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booking {
    /// The booking.
    pub booking_id: BookingId,
    /// Its event.
    pub event_id: EventId,
    /// Its owner.
    pub user_id: UserId,
    /// Where it stands.
    pub status: BookingStatus,
    /// The section of all its seats.
    pub section: SectionName,
    /// The seats, in order, as labels (`A-1-12`); empty for a standing section.
    pub seats: Vec<Seat>,
    /// How many seats, or units of a standing section.
    pub quantity: u32,
    /// What it costs, in minor units of `currency`.
    pub amount: i64,
    /// ISO 4217, upper case.
    pub currency: String,
    /// When an unpaid hold ends.
    pub expires_at: Instant,
    /// When the seats were held.
    pub created_at: Instant,
    /// Where the buyer can be reached.
    #[serde(flatten)]
    pub contact: Contact,
}

impl Booking {
    /// The labels of the seats, `A-1-12`; empty for a standing section.
    pub fn seat_labels(&self) -> Vec<String> {
        self.seats.iter().map(ToString::to_string).collect()
    }
}
