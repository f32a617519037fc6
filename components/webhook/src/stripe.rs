//! `POST /webhooks/stripe`: at least once, in any order, by anyone who can reach us.
//!
//! The signature is verified over the raw bytes before anything is read. Then the event is made
//! durable, then it has its effect. 2xx only after the first two; when the effect fails for the
//! moment, the provider is asked to come again, and the worker tries by itself.

use domain::code::Code;
use domain::stripe::{ProviderEvent, SECRET_LENGTH_MIN, verify_signature};
use guest::{Call, Problem, Reply, clock, stores, variables};
use ledger::{ProviderEventState, RecordProviderEvent};
use serde_json::json;

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    verify(&call).await?;
    let malformed = |detail: String| Problem::new(Code::MalformedRequest, detail);
    let payload = std::str::from_utf8(&call.body).map_err(|error| malformed(error.to_string()))?;
    let event: ProviderEvent =
        serde_json::from_str(payload).map_err(|error| malformed(error.to_string()))?;

    let stores = stores::open().await?;
    let object = &event.data.object;
    let record = RecordProviderEvent {
        id: &event.id,
        kind: &event.kind,
        booking: object.booking_id().and_then(|text| text.parse().ok()),
        amount: object.amount.unwrap_or_default(),
        currency: object.currency.as_deref().unwrap_or_default(),
        livemode: event.livemode,
        payload,
    };
    let state = ledger::record_provider_event(&stores.database, &record)
        .await
        .map_err(sale::Error::from)?;
    match state {
        ProviderEventState::New | ProviderEventState::Pending => {
            sale::settle_payment(&stores, &event, livemode().await?).await?;
        }
        ProviderEventState::Done => {}
    }
    Reply::ok(&json!({ "received": true }))
}

async fn verify(call: &Call) -> Result<(), Problem> {
    let invalid = || Problem::of(Code::InvalidSignature);
    let secrets = variables::text("stripe_webhook_secret").await?;
    let secrets: Vec<_> = secrets.split(',').map(str::trim).collect();
    if secrets.iter().all(|secret| secret.len() < SECRET_LENGTH_MIN) {
        // The client is told nothing; the operator is.
        return Err(invalid().caused_by("variable stripe_webhook_secret is missing or too short"));
    }
    let mut headers = call.headers.get_all("stripe-signature").iter();
    let header = headers.next().and_then(|value| value.to_str().ok()).ok_or_else(invalid)?;
    if headers.next().is_some() {
        return Err(invalid());
    }
    verify_signature(header, &call.body, secrets, clock::now()).map_err(|_| invalid())
}

async fn livemode() -> Result<bool, Problem> {
    Ok(variables::text("stripe_livemode").await? == "true")
}
