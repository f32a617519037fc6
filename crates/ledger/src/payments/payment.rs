//! A payment as the ledger keeps it.

use domain::id::BookingId;
use domain::payment::{Decision, PaymentStep, ProviderState, next_step};
use serde::Deserialize;

use crate::error::Error;
use crate::row::Row;

/// A payment as the ledger keeps it, with what its next step depends on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StoredPayment {
    /// The provider's id of the payment intent.
    pub id: String,
    /// The booking it pays for; `None` while only its refund is known.
    pub booking_id: Option<BookingId>,
    /// What was asked for, in minor units of `currency`.
    pub amount: i64,
    /// ISO 4217, upper case.
    pub currency: String,
    /// What the provider was last known to say.
    pub provider_state: ProviderState,
    /// Whether the provider told of another amount or currency, or only a part moved: such a
    /// payment confirms nothing.
    pub contradicted: bool,
    /// What we have decided; `None` as long as nothing is.
    pub decision: Option<Decision>,
    /// What went back so far, in minor units.
    pub amount_refunded: i64,
    /// The state of the booking; `None` while the ledger does not have it.
    pub booking_state: Option<String>,
    /// Whether the booking is resolved, or past its time by the clock of the ledger.
    pub booking_is_over: bool,
    /// The revision of the payment's saga when this was read.
    pub saga_revision: Option<i64>,
    /// A part of its booking that was given up and whose share is not back: the first of them.
    #[serde(default)]
    pub owed_part: Option<OwedPart>,
}

/// A part of a sale that was given up, whose share is to go back.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OwedPart {
    /// The booking.
    pub booking: String,
    /// Its number among the parts of the booking: 1, 2, ….
    pub part: i64,
    /// The share, in minor units of the payment's currency.
    pub amount: i64,
}

impl OwedPart {
    /// What the refund of this part, and of no other, is named by at the provider.
    pub fn refund_key(&self) -> String {
        format!("{}-{}", self.booking, self.part)
    }
}

impl StoredPayment {
    /// What is to be done about it.
    pub const fn step(&self) -> PaymentStep {
        next_step(self.provider_state, self.decision, self.owed_part.is_some())
    }
}

/// Reads the next column, a document of a payment or NULL.
pub(crate) fn read_optional_payment(row: &mut Row) -> Result<Option<StoredPayment>, Error> {
    row.optional_text()?
        .map(|text| {
            serde_json::from_str(&text).map_err(|error| row.unexpected(format!("{text}: {error}")))
        })
        .transpose()
}
