//! A failover forgets a hold, or the end of one, that Postgres has been told of.

use domain::booking::{Booking, BookingStatus, StoredBooking};
use domain::id::BookingId;
use domain::time::Instant;
use sale::{
    AuditMode, CancelSaleOutcome, ConfirmSaleOutcome, ReleaseOutcome, audit_event, drain_journal,
};
use scripts::keys;

use crate::stage::Stage;

async fn audit(stage: &Stage, mode: AuditMode) -> Vec<&'static str> {
    let report = audit_event(&stage.stores, stage.event, mode).await.unwrap().unwrap();
    report.differences.iter().map(|difference| difference.kind()).collect()
}

async fn drain(stage: &Stage) {
    drain_journal(&stage.stores, stage.event).await.unwrap();
}

/// The held place of `booking` is free in Redis, as if it had never been taken.
async fn forget(stage: &Stage, booking: BookingId) {
    let found = stage.booking(booking).await;
    let (section, quantity, buyer) = (&found.section, found.quantity, found.user_id);
    let place = match found.seats.first() {
        Some(seat) => {
            stage.plant(&format!("SETRANGE map {} .", (seat.row - 1) * 6 + seat.number - 1)).await;
            seat.to_string()
        }
        None => format!("{section}-{booking}"),
    };
    for command in [
        format!("HDEL holders {place}"),
        format!("HDEL bookings {booking}"),
        format!("ZREM expiry {booking}"),
        format!("HINCRBY buyers {buyer} -{quantity}"),
        format!("HINCRBY counts held -{quantity}"),
        format!("HINCRBY counts held:{section} -{quantity}"),
        format!("HINCRBY counts available {quantity}"),
        format!("HINCRBY counts available:{section} {quantity}"),
    ] {
        stage.plant(&command).await;
    }
}

/// A stage that no worker of another test looks after.
async fn stage() -> Stage {
    let stage = Stage::open().await;
    let sql =
        format!("UPDATE boxoffice.events SET audited_at = 'infinity' WHERE id = '{}'", stage.event);
    stage.stores.database.execute(&sql).await;
    stage
}

/// Goal: a lost hold comes back whole. Method: forget two, audit, and compare everything that says
/// something of them with what it was before.
#[tokio::test(flavor = "current_thread")]
async fn a_lost_hold_takes_its_places_again() {
    let stage = stage().await;
    let holds = [stage.hold_seat(1, 2).await, stage.hold_standing(3).await];
    drain(&stage).await;
    let before = everything(&stage).await;
    for hold in holds {
        forget(&stage, hold).await;
    }
    assert_eq!(stage.counts().await, (20, 0, 0));
    assert_eq!(audit(&stage, AuditMode::ReadOnly).await, ["lost_hold", "lost_hold"]);
    assert_eq!(stage.counts().await, (20, 0, 0), "looking changes nothing");
    audit(&stage, AuditMode::Repair).await;
    assert_eq!(everything(&stage).await, before);
    assert_eq!(audit(&stage, AuditMode::ReadOnly).await, Vec::<&str>::new());
    // It is a hold like any other.
    stage.confirm(holds[0]).await;
    stage.release(holds[1]).await;
    assert_eq!(stage.counts().await, (19, 0, 1));
}

#[tokio::test(flavor = "current_thread")]
async fn a_lost_hold_whose_places_are_taken_ends() {
    let stage = stage().await;
    let lost = [stage.hold_seat(1, 2).await, stage.hold_standing(9).await];
    drain(&stage).await;
    for hold in lost {
        forget(&stage, hold).await;
    }
    let taken = [stage.hold_seat(1, 2).await, stage.hold_standing(2).await];
    assert_eq!(audit(&stage, AuditMode::Repair).await, ["lost_hold", "lost_hold"]);
    for (lost, taken) in lost.into_iter().zip(taken) {
        assert_eq!(stage.status(lost).await, BookingStatus::Expired);
        assert_eq!(stage.status(taken).await, BookingStatus::Reserved);
    }
    assert_eq!(stage.counts().await, (17, 3, 0));
    drain(&stage).await;
    let report = audit_event(&stage.stores, stage.event, AuditMode::Repair).await.unwrap().unwrap();
    assert_eq!(report.differences.len(), 0, "{:?}", report.differences);
    assert_eq!(report.postgres_held, 3);
    assert_eq!(report.totals.found.holds, 2);
}

/// The first look of an audit cannot know whether a booking was made since. What Redis resolved and
/// Postgres has not heard of is not lost either.
#[tokio::test(flavor = "current_thread")]
async fn what_was_resolved_a_moment_ago_is_not_lost() {
    let stage = stage().await;
    let (released, overdue) = (stage.hold_seat(1, 1).await, stage.hold_standing(2).await);
    let confirming = stage.hold_seat(2, 2).await;
    drain(&stage).await;
    stage.release(released).await;
    stage.make_due(overdue).await;
    sale::expire_due_holds(&stage.stores, stage.event).await.unwrap();
    let section = "A".parse().unwrap();
    let pin = scripts::PinHold {
        booking: confirming,
        section: &section,
        grace_ms: 60_000,
        retake: None,
        pinned_for: scripts::PinnedFor::Buyer,
    };
    scripts::pin_hold(&stage.stores.cluster, &pin, crate::stage::DEADLINE).await.unwrap();
    assert_eq!(audit(&stage, AuditMode::Repair).await, Vec::<&str>::new());
    assert_eq!(stage.counts().await, (19, 1, 0));
    drain(&stage).await;
    assert_eq!(audit(&stage, AuditMode::Repair).await, Vec::<&str>::new());
}

/// Redis forgets that a hold was given back, after Postgres has heard of it.
#[tokio::test(flavor = "current_thread")]
async fn a_hold_that_is_over_frees_its_places() {
    let stage = stage().await;
    let (seat, standing) = (stage.hold_seat(1, 2).await, stage.hold_standing(3).await);
    let (kept, paying) = (stage.hold_seat(2, 1).await, stage.hold_seat(2, 2).await);
    drain(&stage).await;
    let section = "A".parse().unwrap();
    let pin = scripts::PinHold {
        booking: paying,
        section: &section,
        grace_ms: 60_000,
        retake: None,
        pinned_for: scripts::PinnedFor::Buyer,
    };
    scripts::pin_hold(&stage.stores.cluster, &pin, crate::stage::DEADLINE).await.unwrap();
    for over in [seat, standing, paying] {
        let sql = format!("UPDATE boxoffice.bookings SET state = 'released' WHERE id = '{over}'");
        stage.stores.database.execute(&sql).await;
    }
    assert_eq!(audit(&stage, AuditMode::Repair).await, ["ended_hold", "ended_hold"]);
    assert_eq!(stage.counts().await, (18, 2, 0), "who pays is left alone");
    drain(&stage).await;
    assert_eq!(audit(&stage, AuditMode::Repair).await, Vec::<&str>::new());
    assert_eq!(stage.status(kept).await, BookingStatus::Reserved);
    assert_eq!(stage.status(seat).await, BookingStatus::Released);
}

/// Redis forgets a sale, and somebody else holds its seats before the audit comes by. Of the two
/// seats of that hold one is still free.
#[tokio::test(flavor = "current_thread")]
async fn a_hold_of_seats_that_are_sold_ends() {
    let stage = stage().await;
    let sold = stage.hold_seat(1, 2).await;
    stage.confirm(sold).await;
    drain(&stage).await;
    for command in [
        "SETRANGE map 1 .",
        "HDEL holders A-1-2",
        "HINCRBY counts sold -1",
        "HINCRBY counts sold:A -1",
        "HINCRBY counts available 1",
        "HINCRBY counts available:A 1",
    ] {
        stage.plant(command).await;
    }
    let section = "A".parse().unwrap();
    let seats = scripts::Choice::Seats { section: &section, seats: &[(1, 2), (1, 3)] };
    let beaten = stage.hold(seats).await.unwrap();
    assert_eq!(audit(&stage, AuditMode::Repair).await, ["beaten_hold", "place"]);
    drain(&stage).await;
    assert_eq!(audit(&stage, AuditMode::Repair).await, Vec::<&str>::new());
    assert_eq!(stage.counts().await, (19, 0, 1));
    assert_eq!(stage.status(sold).await, BookingStatus::Confirmed);
    assert_eq!(stage.status(beaten).await, BookingStatus::Expired);
}

/// Redis forgets a sale of standing places, and they are held again: more is held and sold than
/// there is. The sum stays right at every moment, and all is right when the hold has ended.
#[tokio::test(flavor = "current_thread")]
async fn a_section_that_is_held_twice_keeps_its_sum() {
    let stage = stage().await;
    let sold = stage.hold_standing(9).await;
    stage.confirm(sold).await;
    drain(&stage).await;
    for command in [
        format!("HDEL holders F-{sold}"),
        "HINCRBY counts sold -9".to_owned(),
        "HINCRBY counts sold:F -9".to_owned(),
        "HINCRBY counts available 9".to_owned(),
        "HINCRBY counts available:F 9".to_owned(),
    ] {
        stage.plant(&command).await;
    }
    let held = stage.hold_standing(5).await;
    audit(&stage, AuditMode::Repair).await;
    assert_eq!(stage.counts().await, (10, 5, 5));
    stage.release(held).await;
    audit(&stage, AuditMode::Repair).await;
    assert_eq!(stage.counts().await, (11, 0, 9));
    drain(&stage).await;
    assert_eq!(audit(&stage, AuditMode::Repair).await, Vec::<&str>::new());
}

/// Goal: nobody is told that a ticket is given back which is sold and paid. Method: a failover has
/// lost the news of a sale, so that Redis says that it is held; its owner releases, then cancels.
#[tokio::test(flavor = "current_thread")]
async fn what_looks_held_and_is_sold_is_cancelled_and_never_released() {
    let stage = stage().await;
    let sold = stage.hold_seat(1, 2).await;
    let records = keys::bookings(stage.event);
    let id = sold.to_string();
    let record = stage.texts(&records, "HGET", &[&id]).await.remove(0);
    let look_held = async || {
        stage.redis(&records, "HSET", &[&records, &id, &record]).await;
        for command in [
            "SETRANGE map 1 h".to_owned(),
            format!("ZADD expiry 9000000000000 {id}"),
            "HINCRBY counts sold -1".to_owned(),
            "HINCRBY counts sold:A -1".to_owned(),
            "HINCRBY counts held 1".to_owned(),
            "HINCRBY counts held:A 1".to_owned(),
        ] {
            stage.plant(&command).await;
        }
    };
    assert_eq!(stage.confirm(sold).await, ConfirmSaleOutcome::Confirmed);
    look_held().await;
    assert_eq!(stage.status(sold).await, BookingStatus::Reserved, "as far as Redis knows");
    assert_eq!(stage.release(sold).await, ReleaseOutcome::Resolved);
    assert_eq!(stage.status(sold).await, BookingStatus::Confirmed);
    assert_eq!(stage.counts().await, (19, 0, 1));

    look_held().await;
    let cancelled = sale::cancel_booking(&stage.stores, sold, true).await.unwrap();
    assert!(matches!(cancelled, CancelSaleOutcome::Cancelled(_)), "{cancelled:?}");
    assert_eq!(stage.counts().await, (20, 0, 0));
    assert_eq!(stage.tickets().await, 0);
}

/// A hold that was lost and is past its time is not taken again: the sweep of Postgres ends it.
#[tokio::test(flavor = "current_thread")]
async fn a_lost_hold_past_its_time_stays_lost() {
    let stage = stage().await;
    let lost = stage.hold_seat(1, 1).await;
    drain(&stage).await;
    forget(&stage, lost).await;
    let sql = format!(
        "UPDATE boxoffice.bookings SET expires_at = now() - interval '1 s' WHERE id = '{lost}'"
    );
    stage.stores.database.execute(&sql).await;
    assert_eq!(audit(&stage, AuditMode::Repair).await, Vec::<&str>::new());
    assert_eq!(stage.counts().await, (20, 0, 0));
}

/// The script, asked directly: by an auditor who is late, or whose knowledge is old.
#[tokio::test(flavor = "current_thread")]
async fn a_late_auditor_takes_nothing() {
    let stage = stage().await;
    let (live, released) = (stage.hold_seat(1, 1).await, stage.hold_seat(1, 2).await);
    drain(&stage).await;
    let hold = async |booking| stage.booking(booking).await;
    let unknown = stage.hold_standing(1).await;
    let expires_at = Instant::from_unix_ms(1);
    let overdue = Booking { booking_id: unknown, expires_at, ..hold(live).await };
    let holds = [hold(live).await, hold(released).await, overdue]
        .map(|booking| StoredBooking { booking, extended: false });
    stage.release(released).await;
    forget(&stage, unknown).await;
    let before = everything(&stage).await;
    let seated = ["A".parse().unwrap()];
    for generation in [stage.generation().await, stage.generation().await + 1] {
        let repair = scripts::Repair { event: stage.event, generation };
        let repaired = repair
            .holds(&stage.stores.cluster, &seated, &holds, crate::stage::DEADLINE)
            .await
            .unwrap();
        assert_eq!((repaired.repaired, repaired.refused), (0, Vec::new()));
        assert_eq!(everything(&stage).await, before);
    }
}

/// All that Redis says of holds.
async fn everything(stage: &Stage) -> Vec<Vec<String>> {
    let event = stage.event;
    let mut all = vec![stage.texts(&keys::map(event, &"A".parse().unwrap()), "GET", &[]).await];
    let hashes = [keys::counts(event), keys::holders(event), keys::bookings(event)];
    for key in hashes {
        all.push(sorted_pairs(&stage.texts(&key, "HGETALL", &[]).await));
    }
    let buyers = sorted_pairs(&stage.texts(&keys::buyers(event), "HGETALL", &[]).await);
    all.push(buyers.into_iter().filter(|pair| !pair.ends_with(" 0")).collect());
    let expiry = stage.texts(&keys::expiry(event), "ZRANGE", &["0", "-1", "WITHSCORES"]).await;
    all.push(sorted_pairs(&expiry));
    all
}

fn sorted_pairs(texts: &[String]) -> Vec<String> {
    let mut pairs: Vec<_> =
        texts.chunks(2).map(|pair| format!("{} {}", pair[0], pair[1])).collect();
    pairs.sort();
    pairs
}
