//! A payment and its life. Every change of money is in this file, so the promise that a payment is
//! captured once, and that no more goes back than was captured, is kept here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::reply::Reply;
use crate::state::new_id;

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    RequiresPaymentMethod,
    Processing,
    RequiresCapture,
    Canceled,
    Succeeded,
}

/// A payment intent, its charge, and what was tried on it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Intent {
    pub(crate) id: String,
    pub(crate) client_secret: String,
    pub(crate) charge_id: String,
    pub(crate) created_s: i64,
    pub(crate) amount: i64,
    /// Lower case, as the provider writes it.
    pub(crate) currency: String,
    pub(crate) livemode: bool,
    pub(crate) manual_capture: bool,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) status: Status,
    /// Taken, in minor units.
    pub(crate) captured: i64,
    /// Given back, in minor units.
    pub(crate) refunded: i64,
    /// How often money was taken: 0 or 1.
    pub(crate) captures: u32,
    /// Money that was given back, the oldest first.
    pub(crate) refunds: Vec<Refund>,
    /// Requests that reached the payment, by their operation; saved answers are not among them.
    pub(crate) attempts: BTreeMap<String, u32>,
}

/// Money that was given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refund {
    pub(crate) id: String,
    /// Minor units.
    pub(crate) amount: i64,
    pub(crate) metadata: BTreeMap<String, String>,
}

impl Intent {
    /// The buyer pays: authorised, or taken at once without manual capture. Tells the type of the
    /// event.
    pub(crate) fn pay(&mut self) -> Result<&'static str, Reply> {
        match self.status {
            Status::RequiresPaymentMethod | Status::Processing if self.manual_capture => {
                self.status = Status::RequiresCapture;
                Ok("payment_intent.amount_capturable_updated")
            }
            Status::RequiresPaymentMethod | Status::Processing => {
                self.take(self.amount);
                Ok("payment_intent.succeeded")
            }
            Status::RequiresCapture | Status::Canceled | Status::Succeeded => {
                Err(self.not_in_state("confirmed"))
            }
        }
    }

    /// The bank takes its time.
    pub(crate) fn process(&mut self) -> Result<&'static str, Reply> {
        match self.status {
            Status::RequiresPaymentMethod => {
                self.status = Status::Processing;
                Ok("payment_intent.processing")
            }
            _ => Err(self.not_in_state("confirmed")),
        }
    }

    /// The bank refuses; the buyer may try again.
    pub(crate) fn fail(&mut self) -> Result<&'static str, Reply> {
        match self.status {
            Status::RequiresPaymentMethod | Status::Processing => {
                self.status = Status::RequiresPaymentMethod;
                Ok("payment_intent.payment_failed")
            }
            _ => Err(self.not_in_state("confirmed")),
        }
    }

    /// Captures `amount` of what is authorised; the rest is voided.
    pub(crate) fn capture(&mut self, amount: i64) -> Result<&'static str, Reply> {
        match self.status {
            Status::RequiresCapture if amount > self.amount => {
                Err(Reply::error(400, "invalid_request_error", "amount_too_large", "too much"))
            }
            Status::RequiresCapture => {
                self.take(amount);
                Ok("payment_intent.succeeded")
            }
            _ => Err(self.not_in_state("captured")),
        }
    }

    /// Gives the payment up.
    pub(crate) fn cancel(&mut self) -> Result<&'static str, Reply> {
        match self.status {
            Status::RequiresPaymentMethod | Status::RequiresCapture => {
                self.status = Status::Canceled;
                Ok("payment_intent.canceled")
            }
            _ => Err(self.not_in_state("canceled")),
        }
    }

    /// Gives `amount` back; the whole rest without an amount.
    pub(crate) fn refund(
        &mut self,
        amount: Option<i64>,
        metadata: BTreeMap<String, String>,
    ) -> Result<Refund, Reply> {
        if self.status != Status::Succeeded {
            return Err(Reply::unexpected_state(
                "This PaymentIntent does not have a successful charge to refund",
            ));
        }
        let rest = self.captured - self.refunded;
        if rest == 0 {
            let message = "Charge has already been refunded";
            let code = "charge_already_refunded";
            return Err(Reply::error(400, "invalid_request_error", code, message));
        }
        let amount = amount.unwrap_or(rest);
        if !(1..=rest).contains(&amount) {
            return Err(Reply::invalid("Refund amount is greater than unrefunded amount"));
        }
        self.refunded += amount;
        let refund = Refund { id: new_id("re"), amount, metadata };
        self.refunds.push(refund.clone());
        Ok(refund)
    }

    fn take(&mut self, amount: i64) {
        self.status = Status::Succeeded;
        self.captured += amount;
        self.captures += 1;
    }

    fn not_in_state(&self, what: &str) -> Reply {
        let state = json!(self.status);
        Reply::unexpected_state(&format!(
            "This PaymentIntent could not be {what} because it has a status of {state}"
        ))
    }

    /// Counts a request that reached the payment.
    pub(crate) fn count(&mut self, operation: &str) {
        *self.attempts.entry(operation.to_owned()).or_default() += 1;
    }

    /// The payment as the API and its events show it.
    pub(crate) fn to_json(&self) -> Value {
        let was_paid = matches!(self.status, Status::RequiresCapture | Status::Succeeded);
        let capturable = if self.status == Status::RequiresCapture { self.amount } else { 0 };
        json!({
            "id": self.id,
            "object": "payment_intent",
            "amount": self.amount,
            "amount_capturable": capturable,
            "amount_received": self.captured,
            "capture_method": if self.manual_capture { "manual" } else { "automatic" },
            "client_secret": self.client_secret,
            "created": self.created_s,
            "currency": self.currency,
            "latest_charge": was_paid.then_some(&self.charge_id),
            "livemode": self.livemode,
            "metadata": self.metadata,
            "status": self.status,
        })
    }

    /// A refund of it as the API shows it.
    pub(crate) fn refund_to_json(&self, refund: &Refund) -> Value {
        json!({
            "id": refund.id,
            "object": "refund",
            "amount": refund.amount,
            "charge": self.charge_id,
            "currency": self.currency,
            "metadata": refund.metadata,
            "payment_intent": self.id,
            "status": "succeeded",
        })
    }

    /// Its charge as the API and its events show it.
    pub(crate) fn charge_to_json(&self) -> Value {
        json!({
            "id": self.charge_id,
            "object": "charge",
            "amount": self.amount,
            "amount_captured": self.captured,
            "amount_refunded": self.refunded,
            "captured": self.captures > 0,
            "currency": self.currency,
            "livemode": self.livemode,
            "metadata": self.metadata,
            "payment_intent": self.id,
            "refunded": self.captured > 0 && self.refunded == self.captured,
            "status": "succeeded",
        })
    }
}
