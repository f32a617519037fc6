//! Refunds that were made at the provider, and of which no webhook tells.

use domain::booking::BookingStatus;
use domain::id::BookingId;
use domain::payment::{Decision, ProviderState};
use fake_provider::{CallFault, FaultKind, Faults, Operation, WebhookFaults};
use sale::{Settled, TickReport, collect_missed_events};
use serde_json::{Value, json};

use crate::ticking;
use crate::till::Till;

const GIVEN_BACK: (ProviderState, Option<Decision>) =
    (ProviderState::Refunded, Some(Decision::GiveBack));

/// A booking that is sold and paid, with nothing left to do.
async fn sold(till: &Till, number: u32) -> (BookingId, String) {
    let booking = till.stage.hold_seat(1, number).await;
    let payment = till.pay(booking).await;
    let told = till.tell("payment_intent.amount_capturable_updated", &payment).await;
    assert_eq!(told, Settled::Confirmed);
    till.finish().await;
    assert_eq!(till.saga(&payment).await, "done done");
    (booking, payment)
}

async fn emit(till: &Till, kind: &str, payment: &str, livemode: bool, object: Value) {
    let event =
        json!({"type": kind, "payment_id": payment, "livemode": livemode, "object": object});
    till.controls.emit(&event).await.unwrap();
}

/// What must have no effect, and not stop what comes behind it: an event of the other mode, one of
/// a booking that nobody knows, one that cannot be read, and one of an id that cannot be stored.
async fn emit_noise(till: &Till, sold: &str) {
    let refund = json!({"amount_refunded": 5000});
    emit(till, "charge.refunded", sold, true, refund).await;
    let booking = json!({"amount": 5000, "currency": "eur", "metadata": {"booking_id": "bk_no"}});
    emit(till, "payment_intent.succeeded", "pi_stranger", false, booking).await;
    emit(till, "payment_intent.succeeded", sold, false, json!({"amount": "much"})).await;
    emit(till, "payment_intent.canceled", "pi_\0", false, json!({})).await;
}

/// The jobs of these lists. Others of the same tick have their own reasons.
const JOBS: [&str; 5] =
    ["claim_event_lists", "list_events", "note_event_list", "record_event", "unrecorded_events"];
const NONE: [&str; 0] = [];

/// Which of [`JOBS`] failed.
fn failed_jobs(report: &TickReport) -> Vec<&'static str> {
    let failed = report.failed.iter().map(|failed| failed.job.as_str());
    let mut jobs: Vec<_> = failed.filter(|job| JOBS.contains(job)).collect();
    jobs.sort_unstable();
    jobs
}

/// Everything that an event could change.
async fn everything(till: &Till) -> Vec<String> {
    let sql = "SELECT id || outcome FROM boxoffice.provider_events
        UNION SELECT id || provider_state || updated_at FROM boxoffice.payments
        UNION SELECT id || status || revision FROM boxoffice.sagas
        UNION SELECT id || state FROM boxoffice.bookings ORDER BY 1";
    till.database().texts(sql).await
}

#[tokio::test(flavor = "current_thread")]
async fn a_refund_of_which_no_webhook_tells_is_found() {
    let till = Till::open().await;
    let (booking, payment) = sold(&till, 1).await;
    let (kept, kept_payment) = sold(&till, 2).await;
    emit_noise(&till, &kept_payment).await;
    till.provider.refund_payment(&payment).await.unwrap();
    emit_noise(&till, &kept_payment).await;
    // No saga looks at it again.
    till.finish().await;
    assert_eq!(till.stage.status(booking).await, BookingStatus::Confirmed);

    let report = till.look().await;
    assert_eq!(failed_jobs(&report), ["list_events"]);
    till.finish().await;
    assert_eq!(till.state(&payment).await, GIVEN_BACK);
    assert_eq!(till.stage.status(booking).await, BookingStatus::Refunded);
    assert_eq!(till.stage.status(kept).await, BookingStatus::Confirmed);
    assert_eq!((till.stage.counts().await, till.stage.tickets().await), ((19, 0, 1), 1));
    till.balance().await;

    let before = everything(&till).await;
    till.look().await;
    assert_eq!(everything(&till).await, before);
}

/// What is known is not even offered to the table again.
#[tokio::test(flavor = "current_thread")]
async fn events_that_are_known_cost_one_question() {
    let till = Till::open().await;
    sold(&till, 1).await;
    assert_eq!(failed_jobs(&till.look().await), NONE);
    till.database()
        .execute(
            "CREATE FUNCTION boxoffice.refuse() RETURNS trigger LANGUAGE plpgsql
                 AS 'BEGIN RAISE EXCEPTION ''again''; END';
             CREATE TRIGGER refuse BEFORE INSERT ON boxoffice.provider_events
                 FOR EACH ROW EXECUTE FUNCTION boxoffice.refuse()",
        )
        .await;
    assert_eq!(failed_jobs(&till.look().await), NONE);
    sold_elsewhere(&till).await;
    assert_eq!(failed_jobs(&till.look().await), ["record_event"]);
}

/// Something new at the provider.
async fn sold_elsewhere(till: &Till) {
    emit(till, "payment_intent.canceled", "pi_elsewhere", false, json!({})).await;
}

/// While the endpoint is switched off nothing is to be delivered, so nothing is undelivered.
#[tokio::test(flavor = "current_thread")]
async fn a_refund_made_while_the_endpoint_was_off_is_found() {
    let till = Till::open().await;
    let (booking, payment) = sold(&till, 1).await;
    let webhooks = WebhookFaults { disabled: true, ..WebhookFaults::default() };
    till.controls.set_faults(&Faults { webhooks, ..Faults::default() }).await.unwrap();
    till.provider.refund_payment(&payment).await.unwrap();
    till.look().await;
    till.finish().await;
    assert_eq!(till.stage.status(booking).await, BookingStatus::Refunded);
    till.balance().await;
}

/// A run reads 250 events of a list, and the next one goes on there.
#[tokio::test(flavor = "current_thread")]
async fn a_refund_far_down_the_list_is_found_by_a_later_run() {
    let till = Till::open().await;
    let (booking, payment) = sold(&till, 1).await;
    till.provider.refund_payment(&payment).await.unwrap();
    for _ in 0..320 {
        emit(&till, "charge.refunded", "pi_stranger", false, json!({})).await;
    }
    // The provider does not know any more where the last run was: the list begins anew.
    let forgotten = "UPDATE boxoffice.event_lists SET after_event = 'evt_forgotten'";
    till.database().execute(forgotten).await;
    let stopped = "SELECT count(after_event) FROM boxoffice.event_lists";
    for (run, stops, status) in [
        (1, 0, BookingStatus::Confirmed),
        (2, 2, BookingStatus::Confirmed),
        (3, 0, BookingStatus::Refunded),
    ] {
        assert_eq!(failed_jobs(&till.look().await), NONE, "{run}");
        assert_eq!(till.database().number(stopped).await, stops, "{run}");
        assert_eq!(till.stage.status(booking).await, status, "{run}");
    }
    till.finish().await;
    till.balance().await;
}

/// However many workers there are, the provider is asked once a minute; and not at all where there
/// is none, or no time.
#[tokio::test(flavor = "current_thread")]
async fn one_worker_asks_and_the_others_rest() {
    let till = Till::open().await;
    let other = till.stage.another_instance().await;
    let calls = async || till.controls.ledger().await.unwrap().calls("events");
    ticking::work(&till.stage, || true).await;
    collect_missed_events(&till.stage.stores, &till.jobs(), &|| false).await;
    assert_eq!(calls().await, 0);
    tokio::join!(till.tick(&till.stage), till.tick(&other));
    till.tick(&till.stage).await;
    assert_eq!(calls().await, 2, "one for each list");
    till.look().await;
    assert_eq!(calls().await, 4);
}

#[tokio::test(flavor = "current_thread")]
async fn a_provider_that_is_down_is_asked_again() {
    let till = Till::open().await;
    let (booking, payment) = sold(&till, 1).await;
    till.provider.refund_payment(&payment).await.unwrap();
    let calls = vec![CallFault::new(Operation::Events, FaultKind::Unavailable)];
    till.controls.set_faults(&Faults { calls, ..Faults::default() }).await.unwrap();
    assert_eq!(failed_jobs(&till.look().await), ["list_events"; 2]);
    assert_eq!(till.stage.status(booking).await, BookingStatus::Confirmed);
    till.controls.heal().await.unwrap();
    assert_eq!(failed_jobs(&till.look().await), NONE);
    till.finish().await;
    assert_eq!(till.stage.status(booking).await, BookingStatus::Refunded);
    till.balance().await;
}
