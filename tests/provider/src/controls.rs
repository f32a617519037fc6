//! The client of `/_control/…`.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::faults::Faults;
use crate::ledger::Ledger;
use crate::mail::{MailFaults, TakenLetter};

/// Plays everybody but the client of the API. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Controls {
    base_url: String,
    http: reqwest::Client,
}

impl Controls {
    /// The controls of the provider at `base_url`. Connections belong to the caller's runtime.
    pub fn new(base_url: &str) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().unwrap_or_default();
        Self { base_url: base_url.to_owned(), http }
    }

    /// The buyer pays.
    ///
    /// # Errors
    ///
    /// When the payment's state does not allow it.
    pub async fn pay(&self, payment: &str) -> Result<Value> {
        self.post(&format!("intents/{payment}/pay"), &json!({})).await
    }

    /// The buyer's bank refuses.
    ///
    /// # Errors
    ///
    /// As [`Controls::pay`].
    pub async fn fail(&self, payment: &str) -> Result<Value> {
        self.post(&format!("intents/{payment}/fail"), &json!({})).await
    }

    /// The buyer's bank takes its time.
    ///
    /// # Errors
    ///
    /// As [`Controls::pay`].
    pub async fn process(&self, payment: &str) -> Result<Value> {
        self.post(&format!("intents/{payment}/process"), &json!({})).await
    }

    /// The authorisation lapses, or staff give the payment up.
    ///
    /// # Errors
    ///
    /// As [`Controls::pay`].
    pub async fn cancel(&self, payment: &str) -> Result<Value> {
        self.post(&format!("intents/{payment}/cancel"), &json!({})).await
    }

    /// Staff give money back by hand: so much, in the provider's units, or all that is left.
    ///
    /// # Errors
    ///
    /// As [`Controls::pay`].
    pub async fn refund(&self, payment: &str, amount: Option<i64>) -> Result<Value> {
        self.post(&format!("intents/{payment}/refund"), &json!({ "amount": amount })).await
    }

    /// Staff change the payment: `amount`, `currency`, `livemode`, `booking_id`, `manual_capture`.
    ///
    /// # Errors
    ///
    /// When there is no such payment or member.
    pub async fn change(&self, payment: &str, change: &Value) -> Result<Value> {
        self.post(&format!("intents/{payment}/change"), change).await
    }

    /// Sends an event by hand: `{type, payment_id, object?, livemode?}`. Returns its id.
    ///
    /// # Errors
    ///
    /// When it is not a valid event.
    pub async fn emit(&self, event: &Value) -> Result<String> {
        let answer = self.post("events", event).await?;
        Ok(answer["id"].as_str().unwrap_or_default().to_owned())
    }

    /// Delivers all events of a payment again, `copies` times at once.
    ///
    /// # Errors
    ///
    /// When there are too many copies.
    pub async fn deliver_all(&self, payment: &str, copies: u32) -> Result<Value> {
        self.post(&format!("intents/{payment}/deliver"), &json!({ "copies": copies })).await
    }

    /// Delivers an event again, `copies` times at once.
    ///
    /// # Errors
    ///
    /// When there is no such event.
    pub async fn deliver(&self, event: &str, copies: u32) -> Result<Value> {
        self.post(&format!("events/{event}/deliver"), &json!({ "copies": copies })).await
    }

    /// More that goes wrong from now on: `calls` and `webhooks_about`.
    ///
    /// # Errors
    ///
    /// When the provider does not answer.
    pub async fn add_faults(&self, faults: &Faults) -> Result<Value> {
        self.send(self.http.post(self.url("faults")).json(faults)).await
    }

    /// Replaces all faults by these, from now on.
    ///
    /// # Errors
    ///
    /// When the provider does not answer.
    pub async fn set_faults(&self, faults: &Faults) -> Result<Value> {
        self.send(self.http.put(self.url("faults")).json(faults)).await
    }

    /// Nothing goes wrong from now on.
    ///
    /// # Errors
    ///
    /// When the provider does not answer.
    pub async fn heal(&self) -> Result<Value> {
        self.set_faults(&Faults::default()).await
    }

    /// Where events go from now on.
    ///
    /// # Errors
    ///
    /// When the provider does not answer.
    pub async fn set_webhook_url(&self, url: &str) -> Result<Value> {
        self.send(self.http.put(self.url("webhook")).json(&json!({ "url": url }))).await
    }

    /// What goes wrong with letters from now on.
    ///
    /// # Errors
    ///
    /// When the provider does not answer.
    pub async fn set_mail_faults(&self, faults: &MailFaults) -> Result<Value> {
        self.send(self.http.put(self.url("mail")).json(faults)).await
    }

    /// The letters to a mailbox that the mail API took, oldest first.
    ///
    /// # Errors
    ///
    /// When the provider does not answer.
    pub async fn letters_to(&self, email: &str) -> Result<Vec<TakenLetter>> {
        let letters = self.send(self.http.get(self.url("letters"))).await?;
        let mut letters: Vec<TakenLetter> =
            serde_json::from_value(letters).context("no letters")?;
        letters.retain(|letter| letter.to == email);
        Ok(letters)
    }

    /// Everything that happened.
    ///
    /// # Errors
    ///
    /// When the provider does not answer.
    pub async fn ledger(&self) -> Result<Ledger> {
        let ledger = self.send(self.http.get(self.url("ledger"))).await?;
        serde_json::from_value(ledger).context("not a ledger")
    }

    fn url(&self, path: &str) -> String {
        format!("{}/_control/{path}", self.base_url)
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(self.http.post(self.url(path)).json(body)).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Value> {
        let answer = request.send().await.context("the fake provider does not answer")?;
        let status = answer.status();
        let body: Value = answer.json().await.context("the fake provider does not answer JSON")?;
        ensure!(status.is_success(), "the fake provider refuses with {status}: {body}");
        Ok(body)
    }
}
