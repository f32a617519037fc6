//! Redis loses an event; it is built again from Postgres.

use std::cell::Cell;
use std::rc::Rc;

use domain::booking::{BookingStatus, SoldBy};
use domain::id::{BookingId, UserId};
use sale::{
    ConfirmSaleOutcome, RebuildOutcome, ReleaseOutcome, drain_journal, find_booking, rebuild_event,
};
use scripts::{Choice, ReserveOutcome, keys};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::stage::{DEADLINE, Stage};

#[tokio::test(flavor = "current_thread")]
async fn sold_seats_are_still_sold_after_redis_has_lost_the_event() {
    let stage = Stage::open().await;
    let (seat, standing) = (stage.hold_seat(2, 4).await, stage.hold_standing(7).await);
    for booking in [seat, standing] {
        assert_eq!(stage.confirm(booking).await, ConfirmSaleOutcome::Confirmed);
    }
    stage.lose_redis().await;
    assert_eq!(stage.counts().await, (12, 0, 8));
    let section = "A".parse().unwrap();
    let again = stage.hold(Choice::Seats { section: &section, seats: &[(2, 4)] }).await;
    let Err(ReserveOutcome::SeatUnavailable { seats }) = again else { panic!("{again:?}") };
    assert_eq!(seats.iter().map(ToString::to_string).collect::<Vec<_>>(), ["A-2-4"]);
    let section = "F".parse().unwrap();
    let too_many = stage.hold(Choice::Section { section: &section, quantity: 4 }).await;
    assert!(matches!(too_many, Err(ReserveOutcome::NotEnoughSeats)));
}

#[tokio::test(flavor = "current_thread")]
async fn a_payment_of_a_lost_hold_takes_the_seats_again() {
    let stage = Stage::open().await;
    let booking = stage.hold_seat(1, 1).await;
    drain_journal(&stage.stores, stage.event).await.unwrap();
    stage.lose_redis().await;
    assert_eq!(stage.confirm(booking).await, ConfirmSaleOutcome::Confirmed);
    assert_eq!(stage.status(booking).await, BookingStatus::Confirmed);
    assert_eq!(stage.counts().await, (19, 0, 1));
}

#[tokio::test(flavor = "current_thread")]
async fn an_unknown_event_is_not_rebuilt_and_a_healthy_one_not_again() {
    let stage = Stage::open().await;
    stage.hold_seat(1, 1).await;
    assert_eq!(rebuild_event(&stage.stores, stage.event).await, Ok(RebuildOutcome::Live));
    assert_eq!(stage.counts().await, (19, 1, 0));
    assert_eq!(stage.generation().await, 1);
    let unknown = domain::id::EventId::from_uuid(uuid::Uuid::now_v7());
    let outcome = rebuild_event(&stage.stores, unknown).await;
    assert_eq!(outcome, Ok(RebuildOutcome::EventMissing));
}

/// Holds come back as far as the journal was drained, with everything that belongs to them.
#[tokio::test(flavor = "current_thread")]
async fn unresolved_holds_come_back_with_owner_expiry_and_limit() {
    let stage = Stage::open().await;
    let user = UserId::from_uuid(Uuid::now_v7());
    let section = "A".parse().unwrap();
    let seats = |seats| Choice::Seats { section: &section, seats };
    let kept = stage.hold_for(user, seats(&[(1, 1), (1, 2)])).await.unwrap();
    let standing = stage.hold_standing(3).await;
    let (sold, due) = (stage.hold_seat(2, 1).await, stage.hold_seat(2, 2).await);
    let released = stage.hold_seat(2, 3).await;
    stage.confirm(sold).await;
    stage.release(released).await;
    drain_journal(&stage.stores, stage.event).await.unwrap();
    let before = stage.booking(kept).await;
    let sql = format!("UPDATE boxoffice.bookings SET expires_at = now() WHERE id = '{due}'");
    stage.stores.database.execute(&sql).await;
    let lost = stage.hold_seat(2, 5).await;
    stage.lose_redis().await;

    assert_eq!(stage.counts().await, (14, 5, 1));
    assert_eq!(stage.generation().await, 2);
    assert_eq!(stage.booking(kept).await, before);
    assert_eq!(stage.release(standing).await, ReleaseOutcome::Released);
    assert_eq!(find_booking(&stage.stores, lost).await, Ok(None));
    // The buyer's limit of 1,000 counts what came back.
    let field = user.to_string();
    let tickets = stage.texts(&keys::buyers(stage.event), "HGET", &[&field]).await;
    assert_eq!(tickets, ["2"]);
    stage.make_due(kept).await;
    assert_eq!(sale::expire_due_holds(&stage.stores, stage.event).await, Ok(1));
    assert_eq!(stage.counts().await, (19, 0, 1));
    // The holder of the sold seat is known, so that a cancellation can free it.
    let holder = stage.texts(&keys::holders(stage.event), "HGET", &["A-2-1"]).await;
    assert_eq!(holder, [sold.to_string()]);
}

/// Of fifty instances that notice at once one rebuilds; all are served.
#[tokio::test(flavor = "current_thread")]
async fn fifty_instances_that_notice_at_once_rebuild_once() {
    let stage = Stage::open().await;
    let booking = stage.hold_seat(1, 1).await;
    drain_journal(&stage.stores, stage.event).await.unwrap();
    let mut instances = Vec::new();
    for _ in 0..50 {
        instances.push(stage.another_instance().await);
    }
    stage.lose_redis().await;
    let local = tokio::task::LocalSet::new();
    let mut readers = Vec::new();
    for instance in instances {
        readers.push(local.spawn_local(async move { instance.counts().await }));
    }
    local
        .run_until(async {
            for reader in readers {
                assert_eq!(reader.await.unwrap(), (19, 1, 0));
            }
        })
        .await;
    assert_eq!(stage.generation().await, 2);
    assert_eq!(stage.status(booking).await, BookingStatus::Reserved);
}

/// A builder stops half-way, as when its request is cut off: the event is not for sale, and the
/// next one goes on where it stopped. Which sale is back shows that it did not begin anew.
#[tokio::test(flavor = "current_thread")]
async fn a_builder_that_dies_half_way_is_followed_by_another() {
    let stage = Stage::open().await;
    let (first, second) = (stage.hold_seat(1, 1).await, stage.hold_seat(1, 2).await);
    for sold in [first, second] {
        stage.confirm(sold).await;
    }
    let settings = stage.settings().await;
    stage.lose_redis().await;
    let event = stage.event;
    ledger::lease_rebuild(&stage.stores.database, event).await.unwrap();
    ledger::begin_rebuild(&stage.stores.database, event, 1, 2).await.unwrap().unwrap();
    let settings = scripts::EventSettings { generation: 2, ..settings };
    let open = scripts::OpenEvent {
        event,
        settings: &settings,
        opening: scripts::Opening::Rebuilt,
        draw_count: None,
    };
    scripts::open_event(&stage.stores.cluster, &open, DEADLINE).await.unwrap();
    // It says that the first one is back, which is not so.
    let key = keys::settings(event);
    stage.redis(&key, "HSET", &[&key, "restored", &format!("sold {first}")]).await;
    let began = std::time::Instant::now();
    assert_eq!(stage.counts().await, (19, 0, 1));
    // Its lease had to end first.
    assert!(began.elapsed().as_millis() >= 1_000, "{:?}", began.elapsed());
    assert_eq!(stage.generation().await, 2);
    // The audit finds what was left out.
    let mode = sale::AuditMode::Repair;
    sale::audit_event(&stage.stores, event, mode).await.unwrap().unwrap();
    assert_eq!(stage.counts().await, (18, 0, 2));
}

/// A stadium comes back within one request's time.
#[tokio::test(flavor = "current_thread")]
async fn a_hundred_thousand_sold_seats_come_back() {
    const STADIUM: &str = r#"[
        {"name": "A", "kind": "seated", "rows": 500, "seats_per_row": 200, "price": 5000}
    ]"#;
    let stage = Stage::open_with(STADIUM, false).await;
    let event = stage.event;
    // Ids of bookings sort by the time they were made; here the seat number does as well.
    let prefix = BookingId::new(event, Uuid::nil()).to_string();
    // The last character has one bit of the id.
    let prefix = &prefix[..prefix.len() - 9];
    let sql = format!(
        "SET statement_timeout = 0;
         INSERT INTO boxoffice.bookings (id, event_id, user_id, state, section, seats, quantity,
             amount, currency, created_at, expires_at, confirmed_at)
         SELECT '{prefix}' || lpad(n::text, 8, '0') || '0', '{event}', gen_random_uuid(), 'confirmed', 'A',
             ARRAY['A-' || (n / 200 + 1) || '-' || (n % 200 + 1)], 1, 5000, 'EUR', now(), now(),
             now()
         FROM generate_series(0, 99999) AS n;
         INSERT INTO boxoffice.tickets (event_id, seat, booking_id, section)
         SELECT event_id, seats[1], id, section FROM boxoffice.bookings
         WHERE event_id = '{event}';
         RESET statement_timeout"
    );
    stage.stores.database.execute(&sql).await;
    stage.lose_redis().await;
    let began = std::time::Instant::now();
    assert_eq!(rebuild_event(&stage.stores, event).await, Ok(RebuildOutcome::Live));
    println!("100,000 seats in {:?}", began.elapsed());
    assert_eq!(stage.counts().await, (0, 0, 100_000));
    let holders = stage.texts(&keys::holders(event), "HGET", &["A-500-200"]).await;
    assert_eq!(holders.len(), 1);
}

/// FLUSHALL again and again while buyers hold and confirm: no seat is sold twice, every sale is
/// still sold at the end, and the counts add up all the time.
#[tokio::test(flavor = "current_thread")]
async fn selling_goes_on_while_redis_is_wiped() {
    let stage = Stage::open().await;
    let local = tokio::task::LocalSet::new();
    let mut buyers = Vec::new();
    // Where the machine is slow every hold may be lost; the wiping ends, and then somebody buys.
    let is_anything_sold = Rc::new(Cell::new(false));
    // Told with each attempt to buy, so that Redis is lost in the middle of some.
    let attempts = Rc::new(Notify::new());
    for index in 0..8_u32 {
        let buyer = stage.another_instance().await;
        let (is_anything_sold, attempts) = (Rc::clone(&is_anything_sold), Rc::clone(&attempts));
        buyers.push(local.spawn_local(async move {
            let mut confirmed = Vec::new();
            for round in 0..1_000_u32 {
                if round >= 10 && is_anything_sold.get() {
                    break;
                }
                attempts.notify_one();
                let (row, number) = (1 + (index + round) % 2, 1 + (index * 3 + round) % 5);
                let section = "A".parse().unwrap();
                let choice = Choice::Seats { section: &section, seats: &[(row, number)] };
                let Ok(booking) = buyer.hold(choice).await else { continue };
                drain_journal(&buyer.stores, buyer.event).await.unwrap();
                let found = find_booking(&buyer.stores, booking).await.unwrap();
                // Lost with its journal entry: the buyer would try again.
                let Some(found) = found else { continue };
                if let Ok(ConfirmSaleOutcome::Confirmed) =
                    sale::confirm_sale(&buyer.stores, found, SoldBy::Organiser).await
                {
                    confirmed.push((row, number));
                    is_anything_sold.set(true);
                }
            }
            confirmed
        }));
    }
    let wiper = stage.another_instance().await;
    let times_lost = Rc::new(Cell::new(0));
    let losses = Rc::clone(&times_lost);
    let wiping = local.spawn_local(async move {
        for round in 0..12 {
            for _ in 0..1 + round * 7 % 5 {
                attempts.notified().await;
            }
            wiper.lose_redis().await;
            losses.set(round + 1);
        }
    });
    let mut sold = Vec::new();
    local
        .run_until(async {
            for buyer in buyers {
                sold.extend(buyer.await.unwrap());
            }
            // It may wait for attempts that nobody makes any more.
            wiping.abort();
        })
        .await;
    let confirmed = sold.len();
    sold.sort_unstable();
    sold.dedup();
    assert_eq!(sold.len(), confirmed, "a seat was sold twice");
    assert!(confirmed > 0 && times_lost.get() > 0);
    assert_eq!(stage.tickets().await, i64::try_from(confirmed).unwrap());
    stage.lose_redis().await;
    let (_, _, sold_in_redis) = stage.counts().await;
    assert_eq!(sold_in_redis, i64::try_from(confirmed).unwrap());
}
