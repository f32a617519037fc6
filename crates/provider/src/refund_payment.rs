//! Gives taken money back.

use serde::Deserialize;
use serde_json::Value;

use crate::client::{Provider, intent_path};
use crate::currency::told;
use crate::error::ProviderError;
use crate::intent::{Intent, IntentStatus};
use crate::saved_failure::{Changed, Look};
use crate::transport::HttpTransport;

/// Money on its way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// `re_…`.
    pub id: String,
    /// Minor units of ISO 4217.
    pub amount: i64,
    /// How far it is.
    pub status: RefundStatus,
}

/// How far a refund is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundStatus {
    /// On its way; the provider sees to it.
    Pending,
    /// Arrived.
    Succeeded,
    /// The bank would not have it: an operator must find another way.
    Failed,
    /// A status that we do not know.
    Unknown,
}

#[derive(Deserialize)]
pub(crate) struct RefundBody {
    id: String,
    amount: i64,
    currency: String,
    #[serde(default)]
    status: Option<String>,
    /// What it was named by, see [`crate::RefundPart`].
    #[serde(default)]
    pub(crate) metadata: Value,
}

impl Refund {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, String> {
        let body: RefundBody = serde_json::from_slice(body)
            .map_err(|error| format!("the answer is no refund: {error}"))?;
        Ok(Self::of(body))
    }

    pub(crate) fn of(body: RefundBody) -> Self {
        let status = match body.status.as_deref() {
            Some("pending" | "requires_action") => RefundStatus::Pending,
            Some("succeeded") => RefundStatus::Succeeded,
            Some("failed" | "canceled") => RefundStatus::Failed,
            _ => RefundStatus::Unknown,
        };
        let amount = told(body.amount, &body.currency.to_ascii_uppercase()).amount;
        Self { id: body.id, amount, status }
    }
}

impl<H: HttpTransport> Provider<H> {
    /// Gives back what is left of the payment: all of it, unless parts went back before. Any number
    /// of times: it is given back once.
    ///
    /// # Errors
    ///
    /// [`ProviderError::AlreadyRefunded`] when it is back already,
    /// [`ProviderError::UnexpectedState`] when nothing was taken; or as for any operation.
    pub async fn refund_payment(&self, payment: &str) -> Result<Refund, ProviderError> {
        intent_path(payment, "")?;
        let fields = [("payment_intent", payment)];
        let judge = |intent: Intent| match intent.status {
            // mutant: a-part-is-taken-for-the-whole
            IntentStatus::Succeeded if intent.amount_refunded >= intent.amount_received => {
                Look::Impossible(ProviderError::AlreadyRefunded)
            }
            IntentStatus::Succeeded => Look::Possible,
            _ => Look::Impossible(ProviderError::UnexpectedState),
        };
        match self.change(payment, "refund", "/v1/refunds", &fields, judge).await? {
            Changed::Answered(answer) if answer.status.is_success() => {
                Refund::parse(&answer.body).map_err(ProviderError::Unavailable)
            }
            Changed::Answered(answer) => Err(ProviderError::of(answer.status, &answer.body)),
            // No judgement above says so.
            Changed::Before(_) => Err(ProviderError::AlreadyRefunded),
        }
    }
}
