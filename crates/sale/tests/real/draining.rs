//! The journal reaches Postgres: all of it, as it happened, however often it is drained.

use domain::booking::BookingStatus;
use sale::{Drained, drain_journal, expire_due_holds};

use crate::stage::Stage;

#[tokio::test(flavor = "current_thread")]
async fn every_hold_and_its_end_arrive_once() {
    let stage = Stage::open().await;
    let (kept, swept) = (stage.hold_seat(1, 1).await, stage.hold_seat(1, 2).await);
    stage.make_due(swept).await;
    assert_eq!(expire_due_holds(&stage.stores, stage.event).await, Ok(1));
    // Three entries about two bookings.
    let drained = |bookings| Ok(Drained { bookings, complete: true });
    assert_eq!(drain_journal(&stage.stores, stage.event).await, drained(2));
    assert_eq!(drain_journal(&stage.stores, stage.event).await, drained(0));
    let recorded = ledger::find_booking(&stage.stores.database, kept).await.unwrap().unwrap();
    assert_eq!(recorded, stage.booking(kept).await);
    let recorded = ledger::find_booking(&stage.stores.database, swept).await.unwrap().unwrap();
    assert_eq!(recorded.status, BookingStatus::Expired);
}

#[tokio::test(flavor = "current_thread")]
async fn two_workers_that_drain_at_once_write_the_same_rows() {
    let stage = Stage::open().await;
    let mut bookings = Vec::new();
    for row in 1..=2 {
        for number in 1..=5 {
            bookings.push(stage.hold_seat(row, number).await);
        }
    }
    let other = stage.another_instance().await;
    let (first, second) = tokio::join!(
        drain_journal(&stage.stores, stage.event),
        drain_journal(&other.stores, stage.event),
    );
    assert!(first.is_ok() && second.is_ok());
    for booking in bookings {
        let recorded = ledger::find_booking(&stage.stores.database, booking).await.unwrap();
        assert_eq!(recorded.unwrap().status, BookingStatus::Reserved);
    }
}
