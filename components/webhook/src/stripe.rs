//! `POST /webhooks/stripe`: at least once, in any order, by anyone who can reach us.
//!
//! The signature is verified over the raw bytes before anything is read. Then one statement makes
//! the event durable, with what it says and the saga that follows from it: from there on 200 is
//! true. The sale is made at once if it can be; if not, the worker makes it. The provider is never
//! called from here.

use std::time::Duration;

use domain::code::Code;
use domain::stripe::{ProviderEvent, SECRET_LENGTH_MIN, verify_signature};
use guest::{Call, Problem, Reply, clock, log, stores, variables};
use ledger::{EventEffect, StoredPayment};
use serde_json::json;

/// How long the answer waits for the sale: what is left of the five seconds that every answer may
/// take, after the event is durable. What is not done then, the worker does.
const SETTLE_DEADLINE: Duration = Duration::from_secs(3);

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    verify(&call).await?;
    // Not the parser's words: they repeat values, and an event tells of people.
    let malformed = || Problem::new(Code::MalformedRequest, "the body is no event of the provider");
    let payload = std::str::from_utf8(&call.body).map_err(|_| malformed())?;
    let event = ProviderEvent::parse(payload).ok_or_else(malformed)?;

    let stores = stores::open().await?;
    let livemode = variables::livemode().await?;
    let effect = sale::record_event(&stores.database, &event, payload, livemode).await?;
    match effect {
        EventEffect::Applied(payment) => settle(&stores, &payment).await,
        EventEffect::ForeignPayment { is_news: true } => {
            let job = sale::Job::ForeignPayment.as_str();
            log::failed_job(job, &event.id, sale::FOREIGN_PAYMENT);
        }
        EventEffect::ForeignPayment { is_news: false }
        | EventEffect::Ignored
        | EventEffect::OtherMode
        | EventEffect::UnknownBooking
        | EventEffect::OtherBooking => {}
    }
    Reply::ok(&json!({ "received": true }))
}

async fn settle(stores: &stores::SpinStores, payment: &StoredPayment) {
    let settled = clock::within(SETTLE_DEADLINE, sale::settle_payment(stores, payment)).await;
    match settled {
        Some(Ok(_)) => {}
        Some(Err(error)) => log::failed_job("settle_payment", &payment.id, &error.to_string()),
        None => log::left_to_worker("settle_payment", &payment.id),
    }
}

async fn verify(call: &Call) -> Result<(), Problem> {
    let invalid = || Problem::of(Code::InvalidSignature);
    let secrets = variables::text("stripe_webhook_secret").await?;
    let secrets: Vec<_> = secrets.split(',').map(str::trim).collect();
    if secrets.iter().all(|secret| secret.len() < SECRET_LENGTH_MIN) {
        // The client is told nothing; the operator is.
        let cause = "variable stripe_webhook_secret is missing or too short";
        return Err(Problem::not_configured(cause));
    }
    let mut headers = call.headers.get_all("stripe-signature").iter();
    let header = headers.next().and_then(|value| value.to_str().ok()).ok_or_else(invalid)?;
    if headers.next().is_some() {
        return Err(invalid());
    }
    verify_signature(header, &call.body, secrets, clock::now()).map_err(|_| invalid())
}
