//! Redis fails after Postgres has decided: nobody who asked hears of it, the operator does, and
//! what was not written is written later.

use domain::booking::{BookingStatus, SoldBy};
use sale::{
    AuditMode, CancelSaleOutcome, ConfirmSaleOutcome, ReleaseOutcome, audit_event, cancel_booking,
    cancel_event, confirm_sale, expire_due_holds, find_booking, release_booking,
};
use scripts::MarkKind;

use crate::outage::Outage;
use crate::stage::{DEADLINE, Stage};

/// How many failures of this kind metrics show.
async fn shown(stage: &Stage, kind: MarkKind) -> i64 {
    let shown = scripts::read_failed_marks(&stage.stores.cluster, DEADLINE).await.unwrap();
    shown.into_iter().find(|(known, _)| *known == kind).unwrap().1
}

#[tokio::test(flavor = "current_thread")]
async fn a_sale_that_redis_is_not_told_of_is_a_sale_and_counted() {
    let stage = Stage::open().await;
    let booking = stage.hold_seat(1, 1).await;
    let before = shown(&stage, MarkKind::Sale).await;
    let (outage, stores) = Outage::after("boxoffice.confirm_booking(", &stage).await;
    let found = find_booking(&stores, booking).await.unwrap().unwrap();
    let sold = confirm_sale(&stores, found, SoldBy::Organiser).await;
    assert_eq!(sold, Ok(ConfirmSaleOutcome::Confirmed));
    assert_eq!(outage.counted(), ["sale"]);
    assert!(shown(&stage, MarkKind::Sale).await > before);
    assert_eq!((stage.counts().await, stage.tickets().await), ((19, 1, 0), 1));
    stage.make_due(booking).await;
    expire_due_holds(&stage.stores, stage.event).await.unwrap();
    assert_eq!(stage.counts().await, (19, 0, 1));
}

#[tokio::test(flavor = "current_thread")]
async fn a_hold_that_cannot_be_ended_is_counted() {
    let stage = Stage::open().await;
    let booking = stage.hold_seat(1, 1).await;
    let hold = stage.booking(booking).await;
    // Somebody else sells and cancels it meanwhile.
    stage.confirm(booking).await;
    cancel_booking(&stage.stores, booking, false).await.unwrap();
    let before = shown(&stage, MarkKind::Release).await;
    let (outage, stores) = Outage::after("boxoffice.release_booking(", &stage).await;
    assert_eq!(release_booking(&stores, &hold).await, Ok(ReleaseOutcome::Resolved));
    assert_eq!(outage.counted(), ["release"]);
    assert!(shown(&stage, MarkKind::Release).await > before);
}

#[tokio::test(flavor = "current_thread")]
async fn a_cancellation_that_redis_is_not_told_of_is_one_and_counted() {
    let stage = Stage::open().await;
    let booking = stage.hold_seat(1, 1).await;
    stage.confirm(booking).await;
    let before = shown(&stage, MarkKind::Cancellation).await;
    let (outage, stores) = Outage::after("boxoffice.cancel_booking(", &stage).await;
    let cancelled = cancel_booking(&stores, booking, false).await.unwrap();
    let CancelSaleOutcome::Cancelled(cancelled) = cancelled else { panic!("{cancelled:?}") };
    assert_eq!(cancelled.status, BookingStatus::Cancelled);
    assert_eq!(outage.counted(), ["cancellation"]);
    assert!(shown(&stage, MarkKind::Cancellation).await > before);
    audit_event(&stage.stores, stage.event, AuditMode::Repair).await.unwrap();
    assert_eq!(stage.counts().await, (20, 0, 0));
}

#[tokio::test(flavor = "current_thread")]
async fn a_cancelled_event_that_redis_still_sells_is_counted() {
    let stage = Stage::open().await;
    let before = shown(&stage, MarkKind::Settings).await;
    let (outage, stores) = Outage::after("boxoffice.cancel_event(", &stage).await;
    assert!(cancel_event(&stores, stage.event).await.unwrap().unwrap().cancelled);
    assert_eq!(outage.counted(), ["settings"]);
    assert!(shown(&stage, MarkKind::Settings).await > before);
    audit_event(&stage.stores, stage.event, AuditMode::Repair).await.unwrap();
    assert!(stage.settings().await.cancelled);
}
