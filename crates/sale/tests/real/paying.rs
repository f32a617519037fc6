//! Events of the payment provider: recorded first, then settled, once.

use domain::booking::BookingStatus;
use domain::id::BookingId;
use domain::stripe::ProviderEvent;
use ledger::{ProviderEventState, RecordProviderEvent};
use sale::{SettleOutcome, settle_payment};
use uuid::Uuid;

use crate::stage::Stage;

fn payment(kind: &str, booking: BookingId, amount: i64, currency: &str) -> String {
    serde_json::json!({
        "id": format!("evt_{}", Uuid::now_v7().simple()), "type": kind, "livemode": false,
        "data": {"object": {"id": "pi_1", "amount": amount, "currency": currency,
            "metadata": {"booking_id": booking}}},
    })
    .to_string()
}

async fn record(stage: &Stage, payload: &str) -> (ProviderEvent, ProviderEventState) {
    let event: ProviderEvent = serde_json::from_str(payload).unwrap();
    let object = &event.data.object;
    let request = RecordProviderEvent {
        id: &event.id,
        kind: &event.kind,
        booking: object.booking_id().and_then(|text| text.parse().ok()),
        amount: object.amount.unwrap_or_default(),
        currency: object.currency.as_deref().unwrap_or_default(),
        livemode: event.livemode,
        payload,
    };
    let state = ledger::record_provider_event(&stage.stores.database, &request).await.unwrap();
    (event, state)
}

async fn settle(stage: &Stage, payload: &str) -> SettleOutcome {
    let (event, _) = record(stage, payload).await;
    settle_payment(&stage.stores, &event, false).await.unwrap()
}

#[tokio::test(flavor = "current_thread")]
async fn a_payment_confirms_once_however_often_it_is_told() {
    let stage = Stage::open().await;
    let booking = stage.hold_seat(1, 3).await;
    let authorised = payment("payment_intent.amount_capturable_updated", booking, 5_000, "eur");
    let captured = payment("payment_intent.succeeded", booking, 5_000, "EUR");
    for payload in [&authorised, &captured, &authorised] {
        assert_eq!(settle(&stage, payload).await, SettleOutcome::Confirmed);
    }
    assert_eq!(record(&stage, &captured).await.1, ProviderEventState::Done);
    assert_eq!(stage.counts().await, (19, 0, 1));
    assert_eq!(stage.tickets().await, 1);
}

#[tokio::test(flavor = "current_thread")]
async fn a_payment_that_differs_confirms_nothing_and_leaves_the_hold() {
    let stage = Stage::open().await;
    let booking = stage.hold_seat(1, 3).await;
    for (amount, currency) in [(4_999, "eur"), (5_001, "eur"), (0, "eur"), (5_000, "usd")] {
        let payload = payment("payment_intent.succeeded", booking, amount, currency);
        assert_eq!(settle(&stage, &payload).await, SettleOutcome::PaymentDiffers);
    }
    let (event, _) =
        record(&stage, &payment("payment_intent.succeeded", booking, 5_000, "eur")).await;
    // The same event, were we in live mode.
    let outcome = settle_payment(&stage.stores, &event, true).await.unwrap();
    assert_eq!(outcome, SettleOutcome::PaymentDiffers);
    assert_eq!(stage.status(booking).await, BookingStatus::Reserved);
    assert_eq!(stage.counts().await, (19, 1, 0));
}

#[tokio::test(flavor = "current_thread")]
async fn what_is_no_payment_or_names_no_booking_changes_nothing() {
    let stage = Stage::open().await;
    let booking = stage.hold_seat(1, 3).await;
    let failed = payment("payment_intent.payment_failed", booking, 5_000, "eur");
    assert_eq!(settle(&stage, &failed).await, SettleOutcome::Ignored);
    let unknown = BookingId::new(stage.event, Uuid::now_v7());
    let unknown = payment("payment_intent.succeeded", unknown, 5_000, "eur");
    assert_eq!(settle(&stage, &unknown).await, SettleOutcome::UnknownBooking);
    assert_eq!(stage.counts().await, (19, 1, 0));
}

#[tokio::test(flavor = "current_thread")]
async fn one_event_delivered_to_many_instances_at_once_has_one_effect() {
    let stage = Stage::open().await;
    let booking = stage.hold_standing(3).await;
    let payload = payment("payment_intent.succeeded", booking, 10_500, "eur");
    let local = tokio::task::LocalSet::new();
    let mut deliveries = Vec::new();
    for _ in 0..8 {
        let (instance, payload) = (stage.another_instance().await, payload.clone());
        deliveries.push(local.spawn_local(async move { settle(&instance, &payload).await }));
    }
    local
        .run_until(async {
            for delivery in deliveries {
                assert_eq!(delivery.await.unwrap(), SettleOutcome::Confirmed);
            }
        })
        .await;
    assert_eq!(stage.counts().await, (17, 0, 3));
    assert_eq!(stage.tickets().await, 3);
}
