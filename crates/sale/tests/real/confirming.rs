//! A hold becomes a sale once, whatever stops in between.

use domain::booking::{BookingStatus, SoldBy};
use sale::{ConfirmSaleOutcome, ReleaseOutcome, expire_due_holds};
use scripts::{Choice, PinHold, PinOutcome, PinnedFor, ReserveOutcome, pin_hold};

use crate::stage::{DEADLINE, Stage};

const GRACE_MS: i64 = 30_000;

#[tokio::test(flavor = "current_thread")]
async fn a_confirmed_hold_is_sold_in_both_stores() {
    let stage = Stage::open().await;
    let (seat, standing) = (stage.hold_seat(1, 3).await, stage.hold_standing(4).await);
    assert_eq!(stage.counts().await, (15, 5, 0));
    for booking in [seat, standing, seat] {
        assert_eq!(stage.confirm(booking).await, ConfirmSaleOutcome::Confirmed);
        assert_eq!(stage.status(booking).await, BookingStatus::Confirmed);
    }
    assert_eq!(stage.counts().await, (15, 0, 5));
    assert_eq!(stage.tickets().await, 5);
}

#[tokio::test(flavor = "current_thread")]
async fn a_released_hold_is_never_sold() {
    let stage = Stage::open().await;
    let booking = stage.hold_seat(1, 3).await;
    assert_eq!(stage.release(booking).await, ReleaseOutcome::Released);
    // The journal has not been drained: the release must be known all the same.
    assert_eq!(stage.confirm(booking).await, ConfirmSaleOutcome::Released);
    assert_eq!(stage.release(booking).await, ReleaseOutcome::Resolved);
    assert_eq!(stage.counts().await, (20, 0, 0));
    assert_eq!(stage.tickets().await, 0);
}

#[tokio::test(flavor = "current_thread")]
async fn a_late_confirmation_takes_the_same_seats_again_if_they_are_free() {
    let stage = Stage::open().await;
    let (late, too_late) = (stage.hold_seat(1, 1).await, stage.hold_seat(1, 2).await);
    for booking in [late, too_late] {
        stage.make_due(booking).await;
    }
    assert_eq!(expire_due_holds(&stage.stores, stage.event).await, Ok(2));
    assert_eq!(stage.status(late).await, BookingStatus::Expired);
    let other = stage.hold_seat(1, 2).await;
    assert_eq!(stage.confirm(late).await, ConfirmSaleOutcome::Confirmed);
    assert_eq!(stage.confirm(too_late).await, ConfirmSaleOutcome::SeatsTaken);
    assert_eq!(stage.confirm(other).await, ConfirmSaleOutcome::Confirmed);
    assert_eq!(stage.counts().await, (18, 0, 2));
    assert_eq!(stage.tickets().await, 2);
}

#[tokio::test(flavor = "current_thread")]
async fn a_hold_past_its_time_reads_as_expired_before_the_sweeper_comes() {
    let stage = Stage::open().await;
    let booking = stage.hold_seat(2, 5).await;
    stage.make_due(booking).await;
    assert_eq!(stage.status(booking).await, BookingStatus::Expired);
    assert_eq!(stage.release(booking).await, ReleaseOutcome::Expired);
    assert_eq!(stage.counts().await, (19, 1, 0));
}

/// The process dies after the commit in Postgres and before the mark in Redis. The sweeper must not
/// give the seat away.
#[tokio::test(flavor = "current_thread")]
async fn a_sale_whose_news_did_not_reach_redis_is_marked_not_freed() {
    let stage = Stage::open().await;
    let booking = stage.hold_seat(1, 3).await;
    let sold = stage.booking(booking).await;
    let request = ledger::ConfirmBooking { booking: &sold, by: SoldBy::Organiser };
    let outcome = ledger::confirm_booking(&stage.stores.database, &request).await.unwrap();
    assert_eq!(outcome, ledger::ConfirmOutcome::Confirmed);
    stage.make_due(booking).await;
    assert_eq!(expire_due_holds(&stage.stores, stage.event).await, Ok(0));
    assert_eq!(stage.counts().await, (19, 0, 1));
    assert_eq!(stage.status(booking).await, BookingStatus::Confirmed);
}

/// The process dies after the pin. The hold stays for its grace, then its seat comes back.
#[tokio::test(flavor = "current_thread")]
async fn a_pinned_hold_comes_back_after_its_grace() {
    let stage = Stage::open().await;
    let booking = stage.hold_seat(1, 3).await;
    pin(&stage, booking).await;
    assert_eq!(expire_due_holds(&stage.stores, stage.event).await, Ok(0));
    stage.make_due(booking).await;
    assert_eq!(expire_due_holds(&stage.stores, stage.event).await, Ok(1));
    assert_eq!(stage.counts().await, (20, 0, 0));
}

/// A confirmation that failed half-way does not bind the owner: Postgres decides between the two.
#[tokio::test(flavor = "current_thread")]
async fn a_pinned_hold_is_released_unless_the_sale_was_made() {
    let stage = Stage::open().await;
    let (released, sold) = (stage.hold_seat(1, 3).await, stage.hold_seat(1, 4).await);
    pin(&stage, released).await;
    assert_eq!(stage.release(released).await, ReleaseOutcome::Released);
    assert_eq!(stage.status(released).await, BookingStatus::Released);
    assert_eq!(stage.confirm(released).await, ConfirmSaleOutcome::Released);

    pin(&stage, sold).await;
    let found = stage.booking(sold).await;
    let request = ledger::ConfirmBooking { booking: &found, by: SoldBy::Organiser };
    ledger::confirm_booking(&stage.stores.database, &request).await.unwrap();
    assert_eq!(stage.release(sold).await, ReleaseOutcome::Resolved);
    assert_eq!(stage.status(sold).await, BookingStatus::Confirmed);
    // Reading changes nothing; a caller that writes marks the sale.
    assert_eq!(stage.counts().await, (19, 1, 0));
    assert_eq!(stage.confirm(sold).await, ConfirmSaleOutcome::Confirmed);
    assert_eq!(stage.counts().await, (19, 0, 1));
}

/// Redis has lost a hold that the journal told of: it can be given back, and past its time it reads
/// as expired, though nobody has swept it.
#[tokio::test(flavor = "current_thread")]
async fn a_lost_hold_is_released_or_expires_as_any_other() {
    let stage = Stage::open().await;
    let (lost, overdue) = (stage.hold_seat(1, 1).await, stage.hold_seat(1, 2).await);
    sale::drain_journal(&stage.stores, stage.event).await.unwrap();
    stage.make_overdue(overdue, 1_000).await;
    stage.lose_redis().await;
    assert_eq!(stage.status(lost).await, BookingStatus::Reserved);
    assert_eq!(stage.release(lost).await, ReleaseOutcome::Released);
    assert_eq!(stage.status(lost).await, BookingStatus::Released);
    assert_eq!(stage.status(overdue).await, BookingStatus::Expired);
}

async fn pin(stage: &Stage, booking: domain::id::BookingId) {
    let section = "A".parse().unwrap();
    let request = PinHold {
        booking,
        section: &section,
        grace_ms: GRACE_MS,
        retake: None,
        pinned_for: PinnedFor::Buyer,
    };
    let pinned = pin_hold(&stage.stores.cluster, &request, DEADLINE).await.unwrap();
    assert!(matches!(pinned, PinOutcome::Pinned(_)));
}

/// Redis is emptied between holds, so that many bookings hold the same seat. All are confirmed at
/// once, each from an instance of its own: Postgres sells to one.
#[tokio::test(flavor = "current_thread")]
async fn of_many_holds_of_one_seat_one_is_sold() {
    const HOLDS: usize = 40;
    let stage = Stage::open().await;
    let mut bookings = Vec::new();
    for _ in 0..HOLDS {
        bookings.push(stage.hold_seat(1, 3).await);
        sale::drain_journal(&stage.stores, stage.event).await.unwrap();
        // Past its time, so that it does not come back.
        let sql = format!(
            "UPDATE boxoffice.bookings SET expires_at = now()
             WHERE state = 'reserved' AND event_id = '{}'",
            stage.event
        );
        stage.stores.database.execute(&sql).await;
        stage.lose_redis().await;
    }
    let local = tokio::task::LocalSet::new();
    let mut attempts = Vec::new();
    for booking in bookings {
        let instance = stage.another_instance().await;
        attempts.push(local.spawn_local(async move { instance.confirm(booking).await }));
    }
    let mut confirmed = 0;
    local
        .run_until(async {
            for attempt in attempts {
                match attempt.await.unwrap() {
                    ConfirmSaleOutcome::Confirmed => confirmed += 1,
                    outcome => assert_eq!(outcome, ConfirmSaleOutcome::SeatsTaken),
                }
            }
        })
        .await;
    assert_eq!(confirmed, 1);
    assert_eq!(stage.tickets().await, 1);
    let section = "A".parse().unwrap();
    let again = stage.hold(Choice::Seats { section: &section, seats: &[(1, 3)] }).await;
    assert!(matches!(again, Err(ReserveOutcome::SeatUnavailable { .. })));
}
