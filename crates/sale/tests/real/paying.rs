//! Payments, from the first tab to the last refund: whatever comes in whatever order, the money is
//! where the seats are.

use domain::booking::BookingStatus;
use domain::payment::{Decision, ProviderState};
use fake_provider::{CallFault, FaultKind, Faults, Operation};
use ledger::{EventEffect, RecordPaymentOutcome};
use sale::{ReleaseOutcome, Settled, expire_due_holds};
use serde_json::json;

use crate::till::{Till, deliver, record};

const AUTHORISED: &str = "payment_intent.amount_capturable_updated";
const CAPTURED: &str = "payment_intent.succeeded";
const REFUNDED: &str = "charge.refunded";
const KEPT: (ProviderState, Option<Decision>) = (ProviderState::Captured, Some(Decision::Keep));
const VOIDED: (ProviderState, Option<Decision>) =
    (ProviderState::Canceled, Some(Decision::GiveBack));
const GIVEN_BACK: (ProviderState, Option<Decision>) =
    (ProviderState::Refunded, Some(Decision::GiveBack));

/// One fault, as often as it is asked for.
async fn set_fault(till: &Till, operation: Operation, fault: FaultKind, times: u32) {
    let calls = vec![CallFault::new(operation, fault).times(times)];
    till.controls.set_faults(&Faults { calls, ..Faults::default() }).await.unwrap();
}

#[tokio::test(flavor = "current_thread")]
async fn a_payment_confirms_once_however_often_it_is_told() {
    let till = Till::open().await;
    let booking = till.stage.hold_seat(1, 3).await;
    let payment = till.pay(booking).await;
    let authorised = till.event(AUTHORISED, &payment).await;
    assert_eq!(deliver(&till.stage, &authorised).await, Settled::Confirmed);
    assert_eq!(deliver(&till.stage, &authorised).await, Settled::Unchanged);
    assert_eq!(till.stage.status(booking).await, BookingStatus::Confirmed);
    assert_eq!(till.saga(&payment).await, "capture running");
    till.work().await;
    assert_eq!(till.state(&payment).await, KEPT);
    assert_eq!(till.saga(&payment).await, "done done");
    assert_eq!(till.tell(CAPTURED, &payment).await, Settled::Unchanged);
    assert_eq!((till.stage.counts().await, till.stage.tickets().await), ((19, 0, 1), 1));
    till.balance().await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_payment_of_which_no_event_arrives_is_found_by_asking() {
    let till = Till::open().await;
    let (paid, unpaid) = (till.stage.hold_standing(2).await, till.stage.hold_seat(1, 1).await);
    let (payment, waiting) = (till.pay(paid).await, till.begin(unpaid).await);
    till.work().await;
    assert_eq!(till.state(&payment).await, KEPT);
    assert_eq!(till.stage.status(paid).await, BookingStatus::Confirmed);
    assert_eq!(till.state(&waiting).await, (ProviderState::Created, None));
    assert_eq!(till.saga(&waiting).await, "await running");
    assert_eq!(till.stage.counts().await, (17, 1, 2));
    till.balance().await;
}

/// The same tab twice is one payment; what was paid in two tabs is kept once.
#[tokio::test(flavor = "current_thread")]
async fn of_two_payments_of_a_booking_one_is_kept() {
    let till = Till::open().await;
    let booking = till.stage.hold_seat(1, 3).await;
    let first = till.pay(booking).await;
    assert_eq!(till.try_begin(booking, 0).await, (first.clone(), RecordPaymentOutcome::Recorded));
    let (second, _) = till.try_begin(booking, 1).await;
    assert_ne!(first, second);
    till.controls.pay(&second).await.unwrap();
    // Both at once, from two instances.
    let other = till.stage.another_instance().await;
    let events = (till.event(AUTHORISED, &first).await, till.event(AUTHORISED, &second).await);
    let outcomes = tokio::join!(deliver(&till.stage, &events.0), deliver(&other, &events.1));
    assert!(
        matches!(
            outcomes,
            (Settled::Confirmed, Settled::GivenBack) | (Settled::GivenBack, Settled::Confirmed)
        ),
        "{outcomes:?}"
    );
    till.finish().await;
    let mut states = [till.state(&first).await, till.state(&second).await];
    states.sort_by_key(|state| state.0);
    assert_eq!(states, [VOIDED, KEPT]);
    assert_eq!(till.stage.counts().await, (19, 0, 1));
    till.balance().await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_payment_of_a_booking_that_was_sold_at_the_cash_desk_is_given_back() {
    let till = Till::open().await;
    let booking = till.stage.hold_seat(1, 3).await;
    let payment = till.pay(booking).await;
    till.stage.confirm(booking).await;
    assert_eq!(till.tell(AUTHORISED, &payment).await, Settled::GivenBack);
    till.finish().await;
    assert_eq!(till.state(&payment).await, VOIDED);
    assert_eq!(till.stage.status(booking).await, BookingStatus::Confirmed);
    till.balance().await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_late_payment_takes_the_seats_again_or_is_given_back() {
    let till = Till::open().await;
    let (late, too_late) = (till.stage.hold_seat(1, 1).await, till.stage.hold_seat(1, 2).await);
    let payments = [till.begin(late).await, till.begin(too_late).await];
    for booking in [late, too_late] {
        till.stage.make_overdue(booking, 121_000).await;
    }
    // The provider has been silent for so long that the seats go free all the same.
    assert_eq!(expire_due_holds(&till.stage.stores, till.stage.event).await, Ok(2));
    let other = till.stage.hold_seat(1, 2).await;
    for payment in &payments {
        till.controls.pay(payment).await.unwrap();
    }
    assert_eq!(till.tell(AUTHORISED, &payments[0]).await, Settled::Confirmed);
    assert_eq!(till.tell(AUTHORISED, &payments[1]).await, Settled::GivenBack);
    till.finish().await;
    assert_eq!(till.state(&payments[0]).await, KEPT);
    assert_eq!(till.state(&payments[1]).await, VOIDED);
    assert_eq!(till.stage.status(other).await, BookingStatus::Reserved);
    assert_eq!(till.stage.counts().await, (18, 1, 1));
    till.balance().await;
}

/// Late is allowed, but not later than the event itself. The cash desk decides for itself.
#[tokio::test(flavor = "current_thread")]
async fn a_payment_that_outlives_its_event_is_given_back() {
    let till = Till::open().await;
    let (paid, late) = (till.stage.hold_seat(1, 1).await, till.stage.hold_seat(1, 2).await);
    let payments = [till.pay(paid).await, till.pay(late).await];
    let captured = till.stage.hold_standing(1).await;
    let taken = till.begin(captured).await;
    till.controls.change(&taken, &json!({"manual_capture": false})).await.unwrap();
    till.controls.pay(&taken).await.unwrap();
    till.stage.make_overdue(late, 121_000).await;
    assert_eq!(expire_due_holds(&till.stage.stores, till.stage.event).await, Ok(1));
    let ended = "UPDATE boxoffice.events SET starts_at = now() - interval '2 s',
        ends_at = now() - interval '1 s'";
    till.database().execute(ended).await;
    for payment in &payments {
        assert_eq!(till.tell(AUTHORISED, payment).await, Settled::GivenBack);
    }
    till.finish().await;
    for payment in &payments {
        assert_eq!(till.state(payment).await, VOIDED);
    }
    assert_eq!(till.state(&taken).await, GIVEN_BACK);
    assert_eq!(till.stage.status(paid).await, BookingStatus::Expired);
    assert_eq!((till.stage.counts().await, till.stage.tickets().await), ((20, 0, 0), 0));
    till.balance().await;
    let walk_in = till.stage.hold_seat(1, 3).await;
    assert_eq!(till.stage.confirm(walk_in).await, sale::ConfirmSaleOutcome::Confirmed);
    till.balance().await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_payment_that_differs_confirms_nothing_and_is_given_back() {
    let till = Till::open().await;
    for (number, change) in
        (1..).zip([json!({"amount": 4_999}), json!({"amount": 5_001}), json!({"currency": "usd"})])
    {
        let booking = till.stage.hold_seat(1, number).await;
        let payment = till.begin(booking).await;
        till.controls.change(&payment, &change).await.unwrap();
        till.controls.pay(&payment).await.unwrap();
        // Told, or found by asking: the same.
        if number % 2 == 0 {
            assert_eq!(till.tell(AUTHORISED, &payment).await, Settled::GivenBack);
        }
        till.finish().await;
        assert_eq!(till.state(&payment).await, VOIDED, "{change}");
        assert_eq!(till.stage.status(booking).await, BookingStatus::Reserved);
        // The hold is not bound by it: the right payment follows.
        let (right, _) = till.try_begin(booking, 1).await;
        till.controls.pay(&right).await.unwrap();
        assert_eq!(till.tell(AUTHORISED, &right).await, Settled::Confirmed);
        till.finish().await;
        till.balance().await;
    }
}

/// A payment of the test mode is money of nobody: it is recorded and never touched.
#[tokio::test(flavor = "current_thread")]
async fn a_payment_of_the_other_mode_has_no_effect() {
    let till = Till::open().await;
    let booking = till.stage.hold_seat(1, 1).await;
    let payment = till.pay(booking).await;
    let event = till.event(AUTHORISED, &payment).await;
    assert_eq!(record(&till.stage, &event, true).await, EventEffect::OtherMode);
    till.controls.change(&payment, &json!({"livemode": true})).await.unwrap();
    till.finish().await;
    assert_eq!(till.state(&payment).await, (ProviderState::Created, None));
    assert_eq!(till.saga(&payment).await, "await dead");
    assert_eq!(till.stage.status(booking).await, BookingStatus::Reserved);
}

#[tokio::test(flavor = "current_thread")]
async fn what_was_captured_anyway_is_refunded_once() {
    let till = Till::open().await;
    let booking = till.stage.hold_seat(1, 1).await;
    let payment = till.begin(booking).await;
    till.controls.change(&payment, &json!({"manual_capture": false})).await.unwrap();
    till.stage.release(booking).await;
    till.controls.pay(&payment).await.unwrap();
    assert_eq!(till.tell(CAPTURED, &payment).await, Settled::GivenBack);
    // The provider refunds and its answer is lost.
    set_fault(&till, Operation::Refund, FaultKind::CutAfter, 2).await;
    till.finish().await;
    till.finish().await;
    assert_eq!(till.state(&payment).await, GIVEN_BACK);
    assert_eq!(till.tell(REFUNDED, &payment).await, Settled::Unchanged);
    assert_eq!(till.database().number("SELECT count(*) FROM boxoffice.refunds").await, 1);
    assert_eq!(till.stage.status(booking).await, BookingStatus::Released);
    till.balance().await;
}

/// The payment is cancelled because its booking is over, and in the same moment the buyer pays.
#[tokio::test(flavor = "current_thread")]
async fn a_payment_that_races_its_cancellation_ends_in_one_way() {
    for fault in [FaultKind::PaidFirst, FaultKind::CapturedFirst] {
        for seat_is_free in [true, false] {
            let till = Till::open().await;
            let booking = till.stage.hold_seat(1, 1).await;
            let payment = till.begin(booking).await;
            till.stage.make_overdue(booking, 121_000).await;
            assert_eq!(expire_due_holds(&till.stage.stores, till.stage.event).await, Ok(1));
            if !seat_is_free {
                till.stage.hold_seat(1, 1).await;
            }
            set_fault(&till, Operation::Cancel, fault, 1).await;
            till.finish().await;
            let expected = match (fault, seat_is_free) {
                // Cancelling an authorised payment voids it.
                (FaultKind::PaidFirst, _) => (ProviderState::Canceled, None),
                (_, true) => KEPT,
                (_, false) => GIVEN_BACK,
            };
            assert_eq!(till.state(&payment).await, expected, "{fault:?} {seat_is_free}");
            till.balance().await;
        }
    }
}

/// A hold is due while its payment is open. It is kept until the provider was asked.
#[tokio::test(flavor = "current_thread")]
async fn a_due_hold_with_an_open_payment_waits_for_the_provider() {
    let till = Till::open().await;
    let (paid, unpaid) = (till.stage.hold_seat(1, 1).await, till.stage.hold_seat(1, 2).await);
    let free = till.stage.hold_seat(1, 3).await;
    let (paying, waiting) = (till.pay(paid).await, till.begin(unpaid).await);
    for booking in [paid, unpaid, free] {
        till.stage.make_overdue(booking, 1_000).await;
    }
    let begun_before = "UPDATE boxoffice.sagas SET updated_at = now() - interval '1 minute'";
    till.database().execute(begun_before).await;
    let expire = async || expire_due_holds(&till.stage.stores, till.stage.event).await;
    assert_eq!(expire().await, Ok(1));
    assert_eq!(till.stage.counts().await, (18, 2, 0));
    // The sweep has made their sagas due.
    till.run(&till.stage).await;
    assert_eq!(till.state(&paying).await, KEPT);
    assert_eq!(till.state(&waiting).await, (ProviderState::Canceled, None));
    assert!(till.intent(&waiting).await.canceled);
    till.stage.make_due(unpaid).await;
    assert_eq!(expire().await, Ok(1));
    assert_eq!(till.stage.status(paid).await, BookingStatus::Confirmed);
    assert_eq!(till.stage.counts().await, (19, 0, 1));
    till.balance().await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_payment_of_a_released_hold_is_cancelled_at_the_provider() {
    let till = Till::open().await;
    let booking = till.stage.hold_seat(1, 1).await;
    let payment = till.begin(booking).await;
    assert_eq!(till.stage.release(booking).await, ReleaseOutcome::Released);
    sale::drain_journal(&till.stage.stores, till.stage.event).await.unwrap();
    let (late, outcome) = till.try_begin(booking, 1).await;
    assert_eq!(outcome, RecordPaymentOutcome::AlreadyReleased);
    till.finish().await;
    assert_eq!(till.state(&payment).await, (ProviderState::Canceled, None));
    assert_eq!(till.state(&late).await, VOIDED);
    till.balance().await;
}

/// The authorisation ends before the money is taken: there is no ticket without money.
#[tokio::test(flavor = "current_thread")]
async fn a_sale_whose_authorisation_ended_is_undone() {
    let till = Till::open().await;
    let booking = till.stage.hold_seat(1, 1).await;
    let payment = till.pay(booking).await;
    assert_eq!(till.tell(AUTHORISED, &payment).await, Settled::Confirmed);
    till.controls.cancel(&payment).await.unwrap();
    till.finish().await;
    assert_eq!(till.state(&payment).await, VOIDED);
    assert_eq!(till.stage.status(booking).await, BookingStatus::Cancelled);
    assert_eq!(till.stage.counts().await, (20, 0, 0));
    till.balance().await;
}

/// Money was taken for a hold that was lost with Redis before it was drained: it goes back.
#[tokio::test(flavor = "current_thread")]
async fn a_payment_of_a_booking_that_nobody_knows_is_given_back() {
    let till = Till::open().await;
    let booking = till.stage.hold_seat(1, 1).await;
    let create = provider::CreateIntent { booking, amount: 5_000, currency: "EUR", attempt: 0 };
    let intent = till.provider.create_intent(&create).await.unwrap();
    till.controls.pay(&intent.id).await.unwrap();
    till.provider.capture_intent(&intent.id).await.unwrap();
    till.stage.lose_redis().await;
    assert_eq!(till.tell(CAPTURED, &intent.id).await, Settled::GivenBack);
    till.finish().await;
    assert_eq!(till.intent(&intent.id).await.refunded, 5_000);
    till.balance().await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_refund_makes_the_booking_refunded_in_whatever_order_it_is_told() {
    for order in [[AUTHORISED, CAPTURED, REFUNDED], [REFUNDED, CAPTURED, AUTHORISED]] {
        let till = Till::open().await;
        let booking = till.stage.hold_seat(1, 1).await;
        let payment = till.begin(booking).await;
        let object = |members: serde_json::Value| {
            let mut object = json!({"id": payment, "amount": 5_000, "currency": "eur",
                "metadata": {"booking_id": booking}});
            object.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
            object
        };
        for kind in order {
            let object = match kind {
                AUTHORISED => object(json!({"amount_capturable": 5_000})),
                CAPTURED => object(json!({"amount_received": 5_000})),
                _ => object(json!({"id": "ch_1", "payment_intent": payment,
                    "amount_refunded": 5_000, "metadata": {}})),
            };
            let id = format!("evt_{}", uuid::Uuid::now_v7().simple());
            let event = json!({"id": id, "type": kind, "livemode": false,
                "data": {"object": object}});
            deliver(&till.stage, &event.to_string()).await;
        }
        till.finish().await;
        assert_eq!(till.state(&payment).await, GIVEN_BACK);
        assert_eq!(till.stage.status(booking).await, BookingStatus::Refunded);
        assert_eq!((till.stage.counts().await, till.stage.tickets().await), ((20, 0, 0), 0));
        assert_eq!(till.saga(&payment).await, "done done");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn events_of_a_payment_delivered_to_many_instances_at_once_have_one_effect() {
    let till = Till::open().await;
    let booking = till.stage.hold_standing(3).await;
    let payment = till.pay(booking).await;
    let payload = till.event(AUTHORISED, &payment).await;
    let local = tokio::task::LocalSet::new();
    let mut deliveries = Vec::new();
    for number in 0..8 {
        let instance = till.stage.another_instance().await;
        // Half of them are the same event, half are events of their own.
        let own = till.event(AUTHORISED, &payment).await;
        let payload = if number % 2 == 0 { payload.clone() } else { own };
        deliveries.push(local.spawn_local(async move { deliver(&instance, &payload).await }));
    }
    local
        .run_until(async {
            for delivery in deliveries {
                let outcome = delivery.await.unwrap();
                assert!(matches!(outcome, Settled::Confirmed | Settled::Unchanged), "{outcome:?}");
            }
        })
        .await;
    till.finish().await;
    assert_eq!((till.stage.counts().await, till.stage.tickets().await), ((17, 0, 3), 3));
    till.balance().await;
}

/// Six workers take the same sagas at the same time, leases or not.
#[tokio::test(flavor = "current_thread")]
async fn many_workers_on_the_same_sagas_move_the_money_once() {
    let till = Till::open().await;
    let mut kept = Vec::new();
    for number in 1..=3 {
        let booking = till.stage.hold_seat(1, number).await;
        kept.push(till.pay(booking).await);
    }
    let refused = till.stage.hold_seat(2, 1).await;
    let back = till.begin(refused).await;
    till.controls.change(&back, &json!({"manual_capture": false})).await.unwrap();
    till.controls.pay(&back).await.unwrap();
    till.stage.release(refused).await;
    let mut instances = Vec::new();
    for _ in 0..6 {
        instances.push(till.stage.another_instance().await);
    }
    for _ in 0..3 {
        let runs = instances.iter().map(async |instance| {
            till.hurry().await;
            till.run(instance).await
        });
        futures_util::future::join_all(runs).await;
    }
    till.finish().await;
    for payment in &kept {
        assert_eq!(till.state(payment).await, KEPT);
    }
    assert_eq!(till.state(&back).await, GIVEN_BACK);
    assert_eq!(till.stage.counts().await, (17, 0, 3));
    till.balance().await;
}
