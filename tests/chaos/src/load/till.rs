//! Where one pays.

use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::load::Crowd;
use crate::load::desk::{Answer, Ask, Desk};

/// The provider's side of a payment: where buyers type in their cards.
#[derive(Debug, Clone)]
pub struct Till {
    /// `http://127.0.0.1:<port>` of the provider.
    pub base_url: String,
}

/// Who pays.
#[derive(Debug, Clone, Copy)]
pub struct Payer<'a> {
    /// The number in the history.
    pub visitor: u64,
    /// The buyer token.
    pub token: &'a str,
    /// The user in it.
    pub user: &'a str,
}

/// Requests for an intent while the outcome is unknown.
const ATTEMPTS_MAX: u32 = 3;
/// Between two of them.
const ATTEMPT_PAUSE_MS: u64 = 400;

impl Till {
    /// Pays for a booking.
    pub async fn pay(&self, crowd: &Crowd, payer: Payer<'_>, booking: &Value) {
        if let Some(payment) = intent(crowd, payer, booking).await {
            self.act(crowd, payer, &payment, "pay").await;
        }
    }

    /// Tries to pay with a card that is declined.
    pub async fn decline(&self, crowd: &Crowd, payer: Payer<'_>, booking: &Value) {
        if let Some(payment) = intent(crowd, payer, booking).await {
            self.act(crowd, payer, &payment, "fail").await;
        }
    }

    async fn act(&self, crowd: &Crowd, payer: Payer<'_>, payment: &str, verb: &str) {
        let url = format!("{}/_control/intents/{payment}/{verb}", self.base_url);
        let ask = Ask::new("provider", Method::POST, "")
            .facts(json!({ "payment": payment, "verb": verb, "user": payer.user }));
        crowd.desk.call_url(payer.visitor, ask, &url).await;
    }
}

/// Asks for a payment intent, again while the outcome is unknown.
async fn intent(crowd: &Crowd, payer: Payer<'_>, booking: &Value) -> Option<String> {
    let id = booking["booking_id"].as_str().unwrap_or_default();
    for _ in 0..ATTEMPTS_MAX {
        let facts = json!({ "event": booking["event_id"], "user": payer.user, "booking": id,
            "amount": booking["amount"] });
        let ask = Ask::new("payment", Method::POST, format!("/api/v1/bookings/{id}/payment"));
        let answer = crowd.desk.call(payer.visitor, ask.token(payer.token).facts(facts)).await;
        if !answer.is_unknown() {
            return answer.body["payment_id"].as_str().map(str::to_owned);
        }
        crowd.pause(ATTEMPT_PAUSE_MS).await;
    }
    None
}

/// An event of the provider, as the harness signs it.
#[derive(Debug, Clone)]
pub struct Event {
    /// `evt_…`.
    pub id: String,
    /// `pi_…`.
    pub payment: String,
    /// The type.
    pub kind: &'static str,
    /// The booking in the metadata.
    pub booking: String,
    /// Minor units.
    pub amount: i64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// Real money?
    pub livemode: bool,
}

impl Event {
    /// The whole amount of a booking, taken.
    pub fn paid(booking: &Value) -> Self {
        let unique = fastrand::u128(..);
        Self {
            id: format!("evt_chaos_{unique:032x}"),
            payment: format!("pi_chaos_{unique:032x}"),
            kind: "payment_intent.succeeded",
            booking: booking["booking_id"].as_str().unwrap_or_default().to_owned(),
            amount: booking["amount"].as_i64().unwrap_or_default(),
            currency: booking["currency"].as_str().unwrap_or_default().to_lowercase(),
            livemode: false,
        }
    }

    /// The body of its webhook.
    pub fn body(&self) -> String {
        json!({
            "id": self.id, "object": "event", "type": self.kind, "livemode": self.livemode,
            "data": { "object": { "id": self.payment, "object": "payment_intent",
                "amount": self.amount, "amount_received": self.amount, "currency": self.currency,
                "livemode": self.livemode, "metadata": { "booking_id": self.booking } } },
        })
        .to_string()
    }
}

impl Desk {
    /// Delivers an event, signed now.
    pub async fn deliver(&self, visitor: u64, op: &str, event: &Event) -> Answer {
        let body = event.body();
        let signature = sign(&self.keys.webhook_secret, &body, now_s());
        self.webhook(visitor, op, event, body, Some(signature)).await
    }

    /// Sends a webhook as it is.
    pub async fn webhook(
        &self,
        visitor: u64,
        op: &str,
        event: &Event,
        body: String,
        signature: Option<String>,
    ) -> Answer {
        let facts = json!({ "id": event.id, "kind": event.kind, "booking": event.booking,
            "payment": event.payment, "amount": event.amount, "currency": event.currency,
            "livemode": event.livemode });
        let mut ask = Ask::new(op, Method::POST, "/webhooks/stripe").facts(facts);
        ask.body = Some(body);
        if let Some(signature) = signature {
            ask = ask.header("stripe-signature", signature);
        }
        self.call(visitor, ask).await
    }
}

/// The value of `Stripe-Signature`.
pub fn sign(secret: &str, body: &str, at_s: i64) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(format!("{at_s}.{body}").as_bytes());
    format!("t={at_s},v1={}", HEXLOWER.encode(&mac.finalize().into_bytes()))
}

/// Now, in seconds since the epoch.
pub fn now_s() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
