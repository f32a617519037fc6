//! Gives a part of taken money back.
//!
//! How much of a payment went back says nothing about a single part: staff may have refunded the
//! same amount by hand. So each part has a name, under which its refund is found again.

use serde::Deserialize;

use crate::client::{Budget, Provider, intent_path};
use crate::currency::Currency;
use crate::error::ProviderError;
use crate::form;
use crate::refund_payment::{Refund, RefundBody};
use crate::saved_failure::{KEYS_MAX, is_saved_failure, numbered};
use crate::transport::HttpTransport;

/// Refunds of a payment that are looked at, the newest first: all that the provider lists at once.
/// A booking has ten places, so there are nine parts at most.
const REFUNDS_MAX: &str = "100";
/// Where a refund says which part it is.
const NAME: &str = "metadata[part]";

/// A part that goes back.
#[derive(Debug, Clone, Copy)]
pub struct RefundPart<'a> {
    /// The payment that it goes back from.
    pub payment: &'a str,
    /// Names this part and no other, for ever: visible ASCII.
    pub name: &'a str,
    /// Minor units of ISO 4217.
    pub amount: i64,
    /// ISO 4217, upper case.
    pub currency: &'a str,
}

#[derive(Deserialize)]
struct RefundsBody {
    data: Vec<RefundBody>,
}

impl<H: HttpTransport> Provider<H> {
    /// Gives a part of the payment back. Any number of times, and whatever else went back of the
    /// payment: it is given back once.
    ///
    /// # Errors
    ///
    /// [`ProviderError::AlreadyRefunded`] when all of the payment is back already,
    /// [`ProviderError::UnexpectedState`] when nothing was taken,
    /// [`ProviderError::NotChargeable`] for an amount that cannot go back; or as for any operation.
    pub async fn refund_part(&self, part: &RefundPart<'_>) -> Result<Refund, ProviderError> {
        // Before the id becomes part of a form: refuses one with odd characters.
        intent_path(part.payment, "")?;
        let units = Currency::of(part.currency)?.charge(part.amount)?.to_string();
        let fields = [("payment_intent", part.payment), ("amount", &units), (NAME, part.name)];
        let budget = Budget::begin();
        let key = format!("refund_part:{}", part.name);
        for number in 0..KEYS_MAX {
            // Also before the first key: the provider forgets keys after a while.
            // mutant: a-part-is-refunded-without-a-look
            if let Some(refund) = self.find_refund(part, &budget).await? {
                return Ok(refund);
            }
            let answer =
                self.post("/v1/refunds", &fields, &numbered(&key, number), &budget).await?;
            if is_saved_failure(&answer) {
                continue;
            }
            if !answer.status.is_success() {
                return Err(ProviderError::of(answer.status, &answer.body));
            }
            return Refund::parse(&answer.body).map_err(ProviderError::Unavailable);
        }
        Err(ProviderError::Unavailable(format!("{KEYS_MAX} keys hold a saved failure")))
    }

    /// The refund of this name, if there is one.
    async fn find_refund(
        &self,
        part: &RefundPart<'_>,
        budget: &Budget,
    ) -> Result<Option<Refund>, ProviderError> {
        let fields = [("limit", REFUNDS_MAX), ("payment_intent", part.payment)];
        let path = format!("/v1/refunds?{}", form::encode(&fields));
        let answer = self.get(&path, budget).await?;
        if !answer.status.is_success() {
            return Err(ProviderError::of(answer.status, &answer.body));
        }
        let refunds: RefundsBody = serde_json::from_slice(&answer.body).map_err(|error| {
            ProviderError::Unavailable(format!("the answer is no list of refunds: {error}"))
        })?;
        let is_it = |refund: &RefundBody| {
            let name = refund.metadata.get("part").and_then(serde_json::Value::as_str);
            name == Some(part.name)
        };
        Ok(refunds.data.into_iter().find(is_it).map(Refund::of))
    }
}
