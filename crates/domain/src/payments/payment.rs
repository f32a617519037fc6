//! The life of a payment: what the provider says of it, what we decide, and what is to be done
//! next. Pure, so that every order of events and every crash can be tried out.
//!
//! Two things decide about a payment. What the provider was last known to say is a
//! [`ProviderState`]: it only rises, so events may come in any order and any number of times. What
//! we have decided is a [`Decision`]: it is made in the same statement as the sale, once, and only
//! changes from keeping to giving back. [`next_step`] says what follows from both, and from whether
//! the share of a part that was given up is still to go back.

use serde::{Deserialize, Serialize};

use crate::stripe::{ProviderEvent, is_word};

/// What the provider was last known to say of a payment. The order is the rank: a payment moves to
/// a higher state or stays.
///
/// `canceled` outranks `authorised`, because it ends an authorisation. `captured` outranks
/// `canceled`, because of two contradicting messages the one that moves money must not be lost.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
)]
#[serde(rename_all = "lowercase")]
pub enum ProviderState {
    /// The buyer has not paid.
    #[default]
    Created,
    /// The buyer has paid; the bank has not answered.
    Processing,
    /// The last attempt failed; the buyer may try again.
    Failed,
    /// The amount is reserved with the buyer's bank and can be captured.
    Authorised,
    /// Given up; nothing was or will be taken.
    Canceled,
    /// The amount was taken.
    Captured,
    /// The whole amount was taken and given back.
    Refunded,
}

impl ProviderState {
    /// Every state, in the order of their ranks.
    pub const ALL: [Self; 7] = [
        Self::Created,
        Self::Processing,
        Self::Failed,
        Self::Authorised,
        Self::Canceled,
        Self::Captured,
        Self::Refunded,
    ];

    /// The word in Postgres.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Processing => "processing",
            Self::Failed => "failed",
            Self::Authorised => "authorised",
            Self::Canceled => "canceled",
            Self::Captured => "captured",
            Self::Refunded => "refunded",
        }
    }

    /// The state after another message: the higher one.
    #[must_use]
    pub fn raised_to(self, other: Self) -> Self {
        self.max(other)
    }

    /// Whether the provider has no money of the buyer, and will take none.
    pub const fn is_settled_without_money(self) -> bool {
        match self {
            Self::Canceled | Self::Refunded => true,
            Self::Created | Self::Processing | Self::Failed | Self::Authorised | Self::Captured => {
                false
            }
        }
    }
}

/// What we have decided about a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It pays for a booking that it confirmed.
    Keep,
    /// It pays for nothing: its authorisation is cancelled, or it is refunded.
    GiveBack,
}

impl Decision {
    /// The word in Postgres.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::GiveBack => "give_back",
        }
    }
}

/// What is to be done about a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaymentStep {
    /// Nothing is paid yet: ask the provider now and then, in case its message was lost.
    Await,
    /// The money is there and nothing is decided: sell the seats, or decide to give it back.
    Settle,
    /// The seats are sold: take the money.
    Capture,
    /// Nothing was sold for it: cancel the authorisation, or refund.
    GiveBack,
    /// The seats are sold and the money went away by itself: the sale is undone.
    Withdraw,
    /// A part of the sale was given up: its share goes back.
    RefundPart,
    /// Nothing is left to do until the provider says something new.
    Done,
}

impl PaymentStep {
    /// The word in Postgres.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Await => "await",
            Self::Settle => "settle",
            Self::Capture => "capture",
            Self::GiveBack => "give_back",
            Self::Withdraw => "withdraw",
            Self::RefundPart => "refund_part",
            Self::Done => "done",
        }
    }
}

/// What follows from what the provider says and what we have decided. `owes_part`: whether a part
/// of the sale was given up whose share is not back. A payment that is given back gives it with it.
pub const fn next_step(
    provider: ProviderState,
    decision: Option<Decision>,
    owes_part: bool,
) -> PaymentStep {
    use Decision::{GiveBack, Keep};
    use ProviderState::{Authorised, Canceled, Captured, Created, Failed, Processing, Refunded};
    match (provider, decision) {
        (Created | Processing | Failed, None) => PaymentStep::Await,
        // A refund before the sale: settling finds the booking that it belongs to.
        (Authorised | Captured | Refunded, None) => PaymentStep::Settle,
        // The buyer may begin another payment of the same booking.
        (Canceled, None) => PaymentStep::Done,
        // Nothing is kept below `authorised`; if it were, capturing asks the provider first.
        (Created | Processing | Failed | Authorised, Some(Keep)) => PaymentStep::Capture,
        (Captured, Some(Keep)) if owes_part => PaymentStep::RefundPart,
        (Captured, Some(Keep)) => PaymentStep::Done,
        (Canceled | Refunded, Some(Keep)) => PaymentStep::Withdraw,
        (Created | Processing | Failed | Authorised | Captured, Some(GiveBack)) => {
            PaymentStep::GiveBack
        }
        (Canceled | Refunded, Some(GiveBack)) => PaymentStep::Done,
    }
}

/// The types of event that say something about a payment: those of the contract's webhook.
pub const EVENT_KINDS: [&str; 5] = [
    "payment_intent.amount_capturable_updated",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    REFUNDED_KIND,
];
/// The type of event that tells of a refund, whoever made it.
pub const REFUNDED_KIND: &str = "charge.refunded";

/// What an event of the provider says about a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentNews {
    /// The payment: `pi_…`.
    pub payment: String,
    /// The booking that it names, as it was written.
    pub booking: Option<String>,
    /// What the event says.
    pub state: ProviderState,
    /// The amount asked for; 0 when the event names none. In the units of whoever made this: those
    /// of the provider in [`ProviderEvent::payment_news`], ISO's behind `provider::payment_news`.
    pub amount: i64,
    /// ISO 4217, upper case; empty when the event names none.
    pub currency: String,
    /// Whether the amount that moved is the amount that was asked for.
    pub whole: bool,
    /// What was given back so far, in the units of `amount`.
    pub amount_refunded: i64,
}

impl ProviderEvent {
    /// What the event says about a payment, in the provider's own units: `provider::payment_news`
    /// translates them. `None` when it says nothing that matters here, or names no payment.
    pub fn payment_news(&self) -> Option<PaymentNews> {
        let object = &self.data.object;
        let amount = object.amount;
        let is_amount = |moved: Option<i64>| moved.is_none_or(|moved| Some(moved) == amount);
        let (payment, state, whole) = match self.kind.as_str() {
            "payment_intent.payment_failed" => (&object.id, ProviderState::Failed, true),
            "payment_intent.amount_capturable_updated" => {
                (&object.id, ProviderState::Authorised, is_amount(object.amount_capturable))
            }
            "payment_intent.canceled" => (&object.id, ProviderState::Canceled, true),
            "payment_intent.succeeded" => {
                (&object.id, ProviderState::Captured, is_amount(object.amount_received))
            }
            // The object is a charge. One that was never captured is "refunded" when its
            // authorisation is cancelled.
            REFUNDED_KIND => {
                let amounts = amount.zip(object.amount_refunded);
                let is_full = amounts.is_some_and(|(amount, back)| back >= amount);
                let state = match (object.captured.unwrap_or(true), is_full) {
                    (false, _) => ProviderState::Canceled,
                    (true, true) => ProviderState::Refunded,
                    (true, false) => ProviderState::Captured,
                };
                (&object.payment_intent, state, true)
            }
            _ => return None,
        };
        let amount_refunded = match state {
            ProviderState::Captured | ProviderState::Refunded => {
                object.amount_refunded.unwrap_or_default().max(0)
            }
            ProviderState::Created
            | ProviderState::Processing
            | ProviderState::Failed
            | ProviderState::Authorised
            | ProviderState::Canceled => 0,
        };
        let currency = object.currency.as_deref().filter(|code| is_word(code)).unwrap_or_default();
        Some(PaymentNews {
            payment: payment.clone().filter(|payment| is_word(payment))?,
            // What cannot be an id names a booking all the same, and none of ours.
            booking: object.booking_id().map(|id| if is_word(id) { id } else { "-" }.to_owned()),
            state,
            amount: amount.unwrap_or_default(),
            currency: currency.to_uppercase(),
            whole,
            amount_refunded,
        })
    }
}

#[cfg(test)]
mod tests;
