//! What the payment provider sends.
//!
//! Written apart from the server's verification on purpose: two readings of the provider's rules
//! that must agree.

use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;
use uuid::Uuid;

use crate::answer::Answer;
use crate::box_office::BoxOffice;

/// A payment of a booking, and the event that tells of it.
#[derive(Debug, Clone)]
pub struct Payment {
    /// `evt_…`; the same in every delivery.
    pub event_id: String,
    /// `pi_…`; a payment belongs to one booking for ever.
    pub payment_id: String,
    /// The type of the event.
    pub kind: &'static str,
    /// The booking in the metadata.
    pub booking_id: Value,
    /// Minor units.
    pub amount: i64,
    /// Lower case, as the provider writes it.
    pub currency: String,
    /// Real money?
    pub livemode: bool,
}

impl Payment {
    /// A new payment of the whole amount of the booking, taken.
    pub fn of(booking: &Value) -> Self {
        Self {
            event_id: format!("evt_{}", Uuid::new_v4().simple()),
            payment_id: format!("pi_{}", Uuid::new_v4().simple()),
            kind: "payment_intent.succeeded",
            booking_id: booking["booking_id"].clone(),
            amount: booking["amount"].as_i64().expect("an amount"),
            currency: booking["currency"].as_str().expect("a currency").to_lowercase(),
            livemode: false,
        }
    }

    /// Another event of the same payment.
    #[must_use]
    pub fn told_again(&self, kind: &'static str) -> Self {
        let event_id = format!("evt_{}", Uuid::new_v4().simple());
        Self { event_id, kind, ..self.clone() }
    }

    /// The event as it is sent.
    pub fn body(&self) -> Vec<u8> {
        let is_authorised = self.kind == "payment_intent.amount_capturable_updated";
        let (received, capturable) =
            if is_authorised { (0, self.amount) } else { (self.amount, 0) };
        let event = json!({
            "id": self.event_id,
            "object": "event",
            "api_version": "2025-06-30.basil",
            "livemode": self.livemode,
            "type": self.kind,
            "data": { "object": {
                "id": self.payment_id,
                "object": "payment_intent",
                "amount": self.amount,
                "amount_capturable": capturable,
                "amount_received": received,
                "currency": self.currency,
                "livemode": self.livemode,
                "metadata": { "booking_id": self.booking_id },
            } },
        });
        event.to_string().into_bytes()
    }
}

impl BoxOffice {
    /// Delivers the payment's event, signed now.
    pub async fn deliver(&self, payment: &Payment) -> Answer {
        let body = payment.body();
        let secret = &self.system().secrets.stripe_webhook_secret;
        let signature = sign(secret, &body, now_s());
        self.webhook(body, Some(&signature)).await
    }

    /// Sends a webhook as it is.
    pub async fn webhook(&self, body: Vec<u8>, signature: Option<&str>) -> Answer {
        let request = self.request(Method::POST, "/webhooks/stripe").body("application/json", body);
        match signature {
            Some(signature) => request.header("stripe-signature", signature).send().await,
            None => request.send().await,
        }
    }
}

/// The value of `Stripe-Signature` for `body`, signed at `at_s`.
pub fn sign(secret: &str, body: &[u8], at_s: i64) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("takes any length");
    mac.update(format!("{at_s}.").as_bytes());
    mac.update(body);
    format!("t={at_s},v1={}", HEXLOWER.encode(&mac.finalize().into_bytes()))
}

/// Now, in seconds since the epoch.
pub fn now_s() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_secs()).expect("before the end of time")
}
