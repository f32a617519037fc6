//! `POST /api/v1/bookings/{booking_id}/payment`: a payment at the provider for a held booking.
//!
//! The provider is asked first: with the same key for the same attempt it gives the same payment,
//! so nothing is lost when this request dies. Then one statement keeps the booking, the payment and
//! the saga that looks after it. Only then does the buyer learn how to pay: no money can move that
//! the ledger does not know of.

use domain::booking::{Booking, BookingStatus};
use domain::code::Code;
use domain::rate::RouteClass;
use guest::auth::Caller;
use guest::call::invalid_field;
use guest::provider::provider;
use guest::stores::SpinStores;
use guest::{Call, Problem, Reply, auth, idempotency, limit, log, stores, variables};
use ledger::{RecordPayment, RecordPaymentOutcome};
use provider::{CreateIntent, Intent};
use serde::Serialize;
use service::booking;

#[derive(Serialize)]
struct Payment {
    payment_id: String,
    client_secret: String,
    amount: i64,
    currency: String,
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let user = auth::buyer(&call).await?;
    limit::user(&call, RouteClass::Pay, &user.to_string()).await?;
    let booking_id = call.booking_id()?;
    let scope = format!("payment:{user}");
    idempotency::once(&call, &scope, async {
        let stores = stores::open().await?;
        let booking = booking::visible(&stores, booking_id, Caller::Buyer(user)).await?;
        if booking.status != BookingStatus::Reserved {
            return Err(booking::resolved(booking.status).into());
        }
        if booking.amount == 0 {
            return Err(invalid_field("amount", "is 0: there is nothing to pay"));
        }
        let attempt = ledger::canceled_payments(&stores.database, booking_id).await?;
        let intent = begin(&stores, &booking, attempt).await?;
        let record = RecordPayment {
            booking: &booking,
            payment: &intent.id,
            amount: intent.amount,
            currency: &intent.currency,
            livemode: intent.livemode,
        };
        let outcome = ledger::record_payment(&stores.database, &record).await?;
        refusal(outcome).map_or(Ok(()), Err)?;
        let client_secret = intent.client_secret;
        let client_secret = client_secret
            .ok_or_else(|| Problem::unavailable("the provider told no client secret"))?;
        let Intent { id: payment_id, amount, currency, .. } = intent;
        Reply::created(&Payment { payment_id, client_secret, amount, currency })
    })
    .await
}

/// The payment at the provider. Nobody has been told of it yet, so one that is not as it should be
/// is simply left alone.
async fn begin(stores: &SpinStores, booking: &Booking, attempt: u32) -> Result<Intent, Problem> {
    let create = CreateIntent {
        booking: booking.booking_id,
        amount: booking.amount,
        currency: &booking.currency,
        attempt,
    };
    let intent = match provider().await?.create_intent(&create).await {
        Ok(intent) => intent,
        Err(error) => {
            if error.is_definitive() != Some(false) {
                alarm(stores, &error.to_string()).await;
            }
            return Err(error.into());
        }
    };
    if intent.livemode != variables::livemode().await? {
        // The key is of the other mode: nothing that is paid with it would count.
        alarm(stores, "stripe_api_key and stripe_livemode do not agree").await;
        return Err(Problem::of(Code::PaymentRefused));
    }
    Ok(intent)
}

/// Tells the operator why no payment can begin: the buyer cannot help it.
pub(crate) async fn alarm(stores: &SpinStores, cause: &str) {
    const OPERATION: &str = "create";
    if sale::note_refusal(&stores.database, OPERATION, &cause).await {
        log::failed_job(sale::Job::ProviderRefuses.as_str(), OPERATION, cause);
    }
}

/// Why the buyer is not told how to pay. What was kept is cancelled at the provider by its saga.
pub(crate) fn refusal(outcome: RecordPaymentOutcome) -> Option<Problem> {
    let disagreement = |text: &str| Some(Problem::internal(text));
    match outcome {
        RecordPaymentOutcome::Recorded => None,
        RecordPaymentOutcome::AlreadyConfirmed => Some(Problem::of(Code::AlreadyConfirmed)),
        RecordPaymentOutcome::AlreadyReleased => Some(Problem::of(Code::AlreadyReleased)),
        RecordPaymentOutcome::BookingExpired => Some(Problem::of(Code::BookingExpired)),
        RecordPaymentOutcome::Cancelled => {
            Some(Problem::new(Code::EventNotOnSale, "the event or the booking is cancelled"))
        }
        RecordPaymentOutcome::EventEnded => {
            Some(Problem::new(Code::EventNotOnSale, "the event is over"))
        }
        RecordPaymentOutcome::EventMissing => Some(Problem::of(Code::EventNotFound)),
        // Decided since we counted: the next try begins another one.
        RecordPaymentOutcome::PaymentGivenBack => {
            Some(Problem::unavailable("the payment was given back in this moment"))
        }
        RecordPaymentOutcome::PaymentDiffers => {
            Some(Problem::unavailable("the provider asks for another price than ours"))
        }
        RecordPaymentOutcome::PaymentTaken => disagreement("a payment belongs to another booking"),
        RecordPaymentOutcome::BookingDiffers => disagreement("the ledger has another booking"),
        RecordPaymentOutcome::InvalidSeats => {
            disagreement("the ledger does not know a seat of the hold")
        }
    }
}
