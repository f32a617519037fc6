//! Paying: through the test provider, which calls the webhook. Without one we call the webhook,
//! signed by us, until it is acknowledged.

use std::time::{Duration, Instant};

use domain::booking::{Booking, BookingStatus};

use super::plan::Delivery;
use super::stage::Stage;
use super::tally::Tally;
use super::test_provider::TestProvider;
use crate::command::{now, unique};
use crate::payment::{self, Claim, PaymentKind};
use crate::problem::Failure;
use crate::signature::sign;

/// The provider delivers for days; within a demonstration this is long enough for a failover.
const DELIVERY_MAX: Duration = Duration::from_secs(30);
/// Between two deliveries of an event that was not acknowledged.
const DELIVERY_PAUSE: Duration = Duration::from_millis(500);
/// A buyer with less time left than this does not begin to pay.
const TIME_LEFT_MIN_MS: i64 = 300;
/// An acknowledged payment shows in the booking at once, and a retried read takes a few seconds; a
/// provider sends its events in its own time, and in a crowd they queue.
const CONFIRMED_WITHIN: Duration = Duration::from_secs(60);
/// Between two looks at a booking.
const LOOK_PAUSE: Duration = Duration::from_millis(250);

/// Pays for a booking and looks at the ticket.
pub(crate) async fn pay(
    stage: &Stage,
    tally: &Tally,
    token: &str,
    booking: &Booking,
    delivery: Delivery,
) {
    if now().unix_ms() + TIME_LEFT_MIN_MS > booking.expires_at.unix_ms() {
        tally.abandoned(token, booking.booking_id);
        return;
    }
    let paid = match &stage.provider {
        Some(provider) => pay_at_provider(stage, provider, tally, token, booking, delivery).await,
        None => tally.expect("pay", pay_by_webhook(stage, booking, delivery).await),
    };
    if paid.is_none() {
        return;
    }
    let acknowledged_ms = now().unix_ms();
    let quantity = i64::from(booking.quantity);
    let status = read_until_resolved(stage, tally, token, booking).await;
    if status == Some(BookingStatus::Confirmed) {
        tally.add(|counts| {
            counts.paid += quantity;
            counts.paid_bookings += 1;
        });
    } else if acknowledged_ms > booking.expires_at.unix_ms() {
        tally.add(|counts| counts.paid_too_late += quantity);
    } else {
        // Paid in time and no ticket: counted as paid, so that the audit cannot miss it.
        tally.add(|counts| counts.paid += quantity);
        tally.error(format!("{} was paid in time and is {status:?}", booking.booking_id));
    }
}

/// The provider's events, signed by us. Returns when they are acknowledged.
async fn pay_by_webhook(
    stage: &Stage,
    booking: &Booking,
    delivery: Delivery,
) -> Result<(), Failure> {
    // The box office did not begin it, so it counts once the money is taken.
    let kind = PaymentKind::Succeeded;
    let claim = Claim::honest(booking);
    let intent = unique();
    match delivery {
        Delivery::Once => deliver(stage, &claim, kind, &intent, 1).await,
        Delivery::Twice => match deliver(stage, &claim, kind, &intent, 1).await {
            Ok(()) => deliver(stage, &claim, kind, &intent, 1).await,
            failed => failed,
        },
        Delivery::Parallel => {
            let (first, second, third) = tokio::join!(
                deliver(stage, &claim, kind, &intent, 1),
                deliver(stage, &claim, kind, &intent, 1),
                deliver(stage, &claim, kind, &intent, 1),
            );
            first.and(second).and(third)
        }
        Delivery::BothKinds => {
            match deliver(stage, &claim, PaymentKind::Capturable, &intent, 1).await {
                Ok(()) => deliver(stage, &claim, PaymentKind::Succeeded, &intent, 2).await,
                failed => failed,
            }
        }
    }
}

/// As a fan does it: a payment is begun here and made there. Nothing when the fan was too late to
/// pay, which is a hold left to expire.
async fn pay_at_provider(
    stage: &Stage,
    provider: &TestProvider,
    tally: &Tally,
    token: &str,
    booking: &Booking,
    delivery: Delivery,
) -> Option<()> {
    let begun = stage.client.begin_payment(token, booking.booking_id, &unique()).await;
    if let Err(failure) = &begun
        && failure.code() == Some("booking_expired")
    {
        tally.abandoned(token, booking.booking_id);
        return None;
    }
    let payment = tally.expect("begin payment", begun)?.payment_id;
    let told = async {
        let is_paid = provider.pay(&payment).await?;
        match delivery {
            // The provider sends an event for the authorisation, and one for the capture.
            Delivery::Once | Delivery::BothKinds => {}
            Delivery::Twice => provider.tell_again(&payment, 1).await?,
            Delivery::Parallel => provider.tell_again(&payment, 3).await?,
        }
        anyhow::Ok(is_paid)
    };
    match told.await {
        Ok(true) => Some(()),
        Ok(false) => {
            tally.abandoned(token, booking.booking_id);
            None
        }
        Err(error) => {
            tally.error(format!("pay: {error:#}"));
            None
        }
    }
}

/// Delivers event number `event` of a payment until it is acknowledged. The same number is the
/// same event.
async fn deliver(
    stage: &Stage,
    claim: &Claim,
    kind: PaymentKind,
    intent: &str,
    event: u32,
) -> Result<(), Failure> {
    let started = Instant::now();
    loop {
        let created_ms = now().unix_ms();
        let unique = format!("{intent}_{event}");
        let answer = deliver_once(stage, claim, kind, (&unique, intent), created_ms).await;
        if answer.is_ok() || started.elapsed() > DELIVERY_MAX {
            return answer;
        }
        tokio::time::sleep(DELIVERY_PAUSE).await;
    }
}

/// One delivery of event `evt_<unique>` about payment `pi_<intent>`, signed at `signed_ms`.
pub(crate) async fn deliver_once(
    stage: &Stage,
    claim: &Claim,
    kind: PaymentKind,
    (unique, intent): (&str, &str),
    signed_ms: i64,
) -> Result<(), Failure> {
    let signed_s = signed_ms / 1_000;
    let body = payment::event(kind, claim, unique, intent, signed_s);
    let signature = sign(&stage.webhook_secret, &body, signed_s);
    stage.client.deliver(body, &signature).await
}

async fn read_until_resolved(
    stage: &Stage,
    tally: &Tally,
    token: &str,
    booking: &Booking,
) -> Option<BookingStatus> {
    let started = Instant::now();
    loop {
        let read = stage.client.booking(token, booking.booking_id).await;
        let status = tally.expect("read booking", read)?.status;
        let patience = match status {
            BookingStatus::Reserved => CONFIRMED_WITHIN,
            // Past its time, and perhaps paid within it: the provider's message is on its way.
            BookingStatus::Expired if stage.provider.is_some() => CONFIRMED_WITHIN,
            _ => Duration::ZERO,
        };
        if started.elapsed() > patience {
            return Some(status);
        }
        tokio::time::sleep(LOOK_PAUSE).await;
    }
}
