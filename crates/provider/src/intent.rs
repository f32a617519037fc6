//! A payment intent, as far as it is read. Everything else is ignored, so that another version of
//! the provider's API does not break us.

use serde::Deserialize;
use serde_json::Value;

use crate::currency::told;

/// A payment at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// `pi_…`.
    pub id: String,
    /// The secret with which the buyer's browser pays: never in a log.
    pub client_secret: Option<String>,
    /// Where the payment stands.
    pub status: IntentStatus,
    /// The amount asked for, in minor units of ISO 4217, as every amount here.
    pub amount: i64,
    /// The amount taken so far, in minor units.
    pub amount_received: i64,
    /// The amount given back so far, in minor units.
    pub amount_refunded: i64,
    /// Whether the provider counts in it what no amount of ours is: an amount above is rounded.
    pub is_rounded: bool,
    /// ISO 4217, upper case.
    pub currency: String,
    /// Whether real money moves.
    pub livemode: bool,
    /// The booking it was made for, as text, as the provider returns it.
    pub booking_id: Option<String>,
}

/// Where a payment stands at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntentStatus {
    /// Nothing was tried yet, or the last attempt failed.
    RequiresPaymentMethod,
    /// The buyer has to confirm.
    RequiresConfirmation,
    /// The buyer has to do something more, such as to answer the bank.
    RequiresAction,
    /// The bank is at it.
    Processing,
    /// Authorised: the money is reserved, nothing is taken.
    RequiresCapture,
    /// Given up or voided: no money moves any more.
    Canceled,
    /// Taken.
    Succeeded,
    /// A status that we do not know; treated as "not decided".
    Unknown,
}

impl IntentStatus {
    fn of(text: &str) -> Self {
        match text {
            "requires_payment_method" => Self::RequiresPaymentMethod,
            "requires_confirmation" => Self::RequiresConfirmation,
            "requires_action" => Self::RequiresAction,
            "processing" => Self::Processing,
            "requires_capture" => Self::RequiresCapture,
            "canceled" => Self::Canceled,
            "succeeded" => Self::Succeeded,
            _ => Self::Unknown,
        }
    }

    /// Whether the provider accepts a cancellation: no money was taken and none is on its way.
    pub const fn can_be_canceled(self) -> bool {
        match self {
            Self::RequiresPaymentMethod
            | Self::RequiresConfirmation
            | Self::RequiresAction
            | Self::RequiresCapture => true,
            Self::Processing | Self::Canceled | Self::Succeeded | Self::Unknown => false,
        }
    }
}

#[derive(Deserialize)]
struct IntentBody {
    id: String,
    #[serde(default)]
    client_secret: Option<String>,
    status: String,
    amount: i64,
    #[serde(default)]
    amount_received: i64,
    currency: String,
    livemode: bool,
    #[serde(default)]
    metadata: Value,
    /// An id, an object where it was asked for, or null.
    #[serde(default)]
    latest_charge: Value,
}

impl Intent {
    /// Reads an answer of the provider.
    ///
    /// # Errors
    ///
    /// A description when it is no payment intent.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, String> {
        let body: IntentBody = serde_json::from_slice(body)
            .map_err(|error| format!("the answer is no payment intent: {error}"))?;
        let refunded = body.latest_charge.get("amount_refunded").and_then(Value::as_i64);
        let booking_id = body.metadata.get("booking_id").and_then(Value::as_str);
        let currency = body.currency.to_ascii_uppercase();
        // mutant: provider-units-are-read-as-ours
        let [amount, received, refunded] =
            [body.amount, body.amount_received, refunded.unwrap_or_default()]
                .map(|units| told(units, &currency));
        Ok(Self {
            id: body.id,
            client_secret: body.client_secret,
            status: IntentStatus::of(&body.status),
            amount: amount.amount,
            amount_received: received.amount,
            amount_refunded: refunded.amount,
            is_rounded: !(amount.is_exact && received.is_exact),
            currency,
            livemode: body.livemode,
            booking_id: booking_id.map(str::to_owned),
        })
    }
}
