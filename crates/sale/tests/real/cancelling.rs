//! Sales that are undone: one at a time, and all of an event.

use std::cell::Cell;

use domain::booking::{BookingStatus, SoldBy};
use domain::id::BookingId;
use domain::payment::{Decision, ProviderState};
use futures_util::{StreamExt, stream};
use sale::{
    CancelSaleOutcome, ConfirmSaleOutcome, cancel_booking, cancel_event, confirm_sale,
    find_booking, run_sagas,
};

use crate::till::Till;

const BIG_EVENT: &str = r#"[
    {"name": "A", "kind": "seated", "rows": 2, "seats_per_row": 5, "price": 5000},
    {"name": "F", "kind": "standing", "capacity": 600, "price": 3500}
]"#;
const GIVEN_BACK: (ProviderState, Option<Decision>) =
    (ProviderState::Refunded, Some(Decision::GiveBack));

async fn cancel(till: &Till, booking: BookingId, by_owner: bool) -> CancelSaleOutcome {
    cancel_booking(&till.stage.stores, booking, by_owner).await.unwrap()
}

fn status(outcome: CancelSaleOutcome) -> BookingStatus {
    let CancelSaleOutcome::Cancelled(booking) = outcome else { panic!("{outcome:?}") };
    booking.status
}

#[tokio::test(flavor = "current_thread")]
async fn a_cancelled_booking_frees_its_places_and_returns_its_money() {
    let till = Till::open().await;
    let (seat, standing) = (till.stage.hold_seat(1, 1).await, till.stage.hold_standing(3).await);
    let payments = [till.pay(seat).await, till.pay(standing).await];
    till.finish().await;
    assert_eq!(till.stage.counts().await, (16, 0, 4));
    for booking in [seat, standing] {
        assert_eq!(status(cancel(&till, booking, true).await), BookingStatus::Cancelled);
        assert_eq!(status(cancel(&till, booking, false).await), BookingStatus::Cancelled);
    }
    assert_eq!((till.stage.counts().await, till.stage.tickets().await), ((20, 0, 0), 0));
    // The seat is another's before the saga frees it once more.
    let other = till.stage.hold_seat(1, 1).await;
    till.finish().await;
    for payment in &payments {
        assert_eq!(till.state(payment).await, GIVEN_BACK);
    }
    assert_eq!(status(cancel(&till, seat, true).await), BookingStatus::Refunded);
    assert_eq!(till.stage.status(standing).await, BookingStatus::Refunded);
    assert_eq!(till.stage.status(other).await, BookingStatus::Reserved);
    assert_eq!(till.stage.counts().await, (19, 1, 0));
    let sold = "SELECT sum(standing_sold)::bigint FROM boxoffice.sections";
    assert_eq!(till.database().number(sold).await, 0);
    till.balance().await;
}

/// Cancelled before the money was taken: the authorisation is let go, nothing is ever taken.
#[tokio::test(flavor = "current_thread")]
async fn a_booking_that_is_cancelled_at_once_is_never_charged() {
    let till = Till::open().await;
    let booking = till.stage.hold_seat(1, 1).await;
    let payment = till.pay(booking).await;
    till.tell("payment_intent.amount_capturable_updated", &payment).await;
    assert_eq!(status(cancel(&till, booking, true).await), BookingStatus::Cancelled);
    till.finish().await;
    let voided = (ProviderState::Canceled, Some(Decision::GiveBack));
    assert_eq!(till.state(&payment).await, voided);
    assert_eq!(till.intent(&payment).await.captured, 0);
    assert_eq!(till.stage.status(booking).await, BookingStatus::Refunded);
    till.balance().await;
}

#[tokio::test(flavor = "current_thread")]
async fn only_a_confirmed_booking_is_cancelled_and_by_its_owner_only_before_the_start() {
    let till = Till::open().await;
    let (held, sold) = (till.stage.hold_seat(1, 1).await, till.stage.hold_seat(1, 2).await);
    till.stage.confirm(sold).await;
    let CancelSaleOutcome::NotConfirmed(found) = cancel(&till, held, true).await else { panic!() };
    assert_eq!(found.status, BookingStatus::Reserved);
    let unknown = BookingId::new(till.stage.event, uuid::Uuid::now_v7());
    assert_eq!(cancel(&till, unknown, true).await, CancelSaleOutcome::Missing);
    let begin = "UPDATE boxoffice.events SET starts_at = now() - interval '1 s'";
    till.database().execute(begin).await;
    assert_eq!(cancel(&till, sold, true).await, CancelSaleOutcome::OwnerTooLate);
    assert_eq!(till.stage.counts().await, (18, 1, 1));
    assert_eq!(status(cancel(&till, sold, false).await), BookingStatus::Cancelled);
    assert_eq!(till.stage.counts().await, (19, 1, 0));
}

/// The process dies after Postgres has decided and before Redis knows.
#[tokio::test(flavor = "current_thread")]
async fn a_cancellation_that_stopped_half_way_is_continued() {
    let till = Till::open().await;
    let booking = till.stage.hold_seat(1, 1).await;
    till.stage.confirm(booking).await;
    ledger::cancel_booking(till.database(), booking, true).await.unwrap();
    assert_eq!(till.stage.counts().await, (19, 0, 1));
    till.work().await;
    assert_eq!(till.stage.counts().await, (20, 0, 0));
    assert_eq!(till.stage.status(booking).await, BookingStatus::Cancelled);
}

/// 500 bookings, some of them paid, and holds beside them. Every run of the worker is cut off after
/// a few batches, and two workers are at it.
#[tokio::test(flavor = "current_thread")]
async fn an_event_is_cancelled_in_batches_whatever_stops_in_between() {
    const BOOKINGS: usize = 500;
    const RUNS_MAX: usize = 200;
    let till = Till::open_with(BIG_EVENT).await;
    let stage = &till.stage;
    stream::iter(0..BOOKINGS)
        .map(async |_| {
            let booking = stage.hold_standing(1).await;
            assert_eq!(stage.confirm(booking).await, ConfirmSaleOutcome::Confirmed);
        })
        .buffer_unordered(16)
        .for_each(async |()| ())
        .await;
    let mut paid = Vec::new();
    for number in 1..=3 {
        let booking = stage.hold_seat(1, number).await;
        paid.push((booking, till.pay(booking).await));
    }
    till.finish().await;
    let (held, paying) = (stage.hold_seat(2, 1).await, stage.hold_seat(2, 2).await);
    let open = till.begin(paying).await;
    assert_eq!(stage.counts().await, (105, 2, 503));

    let cancelled = cancel_event(&stage.stores, stage.event).await.unwrap().unwrap();
    assert!(cancelled.cancelled);
    assert!(cancel_event(&stage.stores, stage.event).await.unwrap().is_some());
    let refused = find_booking(&stage.stores, held).await.unwrap().unwrap();
    let refused = confirm_sale(&stage.stores, refused, SoldBy::Organiser).await.unwrap();
    assert_eq!(refused, ConfirmSaleOutcome::Cancelled);

    let other = stage.another_instance().await;
    let running = "SELECT count(*) FROM boxoffice.sagas WHERE status = 'running'";
    let mut runs = 0;
    while till.database().number(running).await > 0 {
        runs += 1;
        assert!(runs < RUNS_MAX, "the cancellation does not end");
        till.hurry().await;
        let cut_off = |looks: i32| {
            let left = Cell::new(looks);
            move || left.replace(left.get() - 1) > 0
        };
        let jobs = till.jobs();
        let (first, second) = (cut_off(20), cut_off(30));
        futures_util::join!(
            run_sagas(&stage.stores, &jobs, &first),
            run_sagas(&other.stores, &jobs, &second)
        );
    }
    assert_eq!((stage.counts().await, stage.tickets().await), ((610, 0, 0), 0));
    let left = "SELECT count(*) FROM boxoffice.bookings WHERE state IN ('reserved', 'confirmed')";
    assert_eq!(till.database().number(left).await, 0);
    for (booking, payment) in &paid {
        assert_eq!(till.state(payment).await, GIVEN_BACK);
        assert_eq!(stage.status(*booking).await, BookingStatus::Refunded);
    }
    assert!(till.intent(&open).await.canceled);
    assert_eq!(stage.status(paying).await, BookingStatus::Released);
    till.balance().await;
}
