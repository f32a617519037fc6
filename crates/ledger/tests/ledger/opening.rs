//! What Redis is opened from, and the events that the worker serves.

use std::collections::HashSet;

use domain::booking::Booking;
use domain::journal::{JournalEntry, JournalKind};
use ledger::{
    LeaseOutcome, NUMBERS_GRANTED, NumberBlock, RestoreKind, active_events, begin_rebuild,
    cancel_event, checkpoint_queue, drain_journal, events_to_serve, find_event, finish_rebuild,
    grant_numbers, lease_rebuild, leave_queue, ping, place_is_spent, restore_page,
};

use crate::support::{NOW, confirm, fresh, new_event, new_event_id, seats, standing};

#[tokio::test]
async fn a_lost_event_is_rebuilt_by_one_with_a_generation_of_its_own() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let leased = |generation| Ok(LeaseOutcome::Leased { generation });
    assert_eq!(lease_rebuild(&database, new_event_id()).await, Ok(LeaseOutcome::EventMissing));
    assert_eq!(lease_rebuild(&database, event).await, leased(1));
    assert_eq!(lease_rebuild(&database, event).await, Ok(LeaseOutcome::Busy));
    let rebuild = begin_rebuild(&database, event, 1, 2).await.unwrap().unwrap();
    assert_eq!((rebuild.event.generation, rebuild.queue_ceiling, rebuild.queue_served), (2, 0, 0));
    // A second builder that looked at the same time.
    assert_eq!(begin_rebuild(&database, event, 1, 2).await, Ok(None));
    assert_eq!(lease_rebuild(&database, event).await, Ok(LeaseOutcome::Busy));
    assert_eq!(finish_rebuild(&database, event, 1, true).await, Ok(false));
    assert_eq!(finish_rebuild(&database, event, 2, true).await, Ok(true));
    assert_eq!(lease_rebuild(&database, event).await, leased(2));
    // Its builder dies: another one follows.
    database.execute("UPDATE boxoffice.events SET rebuild_until = now() - interval '1 ms'").await;
    assert_eq!(lease_rebuild(&database, event).await, leased(2));
}

#[tokio::test]
async fn what_is_sold_and_what_is_held_comes_back_page_by_page() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let other = new_event(&database).await;
    let sold = [seats(event, &["A-1-2", "A-1-3"]), standing(event, 3)];
    for facts in &sold {
        confirm(&database, facts).await;
    }
    confirm(&database, &seats(other, &["A-1-1"])).await;
    let held = [seats(event, &["A-2-1"]), seats(event, &["A-2-2"]), seats(event, &["A-2-3"])];
    let entries: Vec<_> = held
        .iter()
        .map(|facts| JournalEntry { kind: JournalKind::Reserved, booking: facts.clone() })
        .collect();
    drain_journal(&database, &entries).await.unwrap();
    database
        .execute(&format!(
            "UPDATE boxoffice.bookings SET expires_at = now() - interval '1 s' WHERE id = '{}'",
            held[1].booking_id
        ))
        .await;
    let read = async |kind, after| {
        let page = restore_page(&database, event, 1, kind, after).await.unwrap().unwrap();
        page.into_iter().map(|it| (it.booking.booking_id, it.booking.seats)).collect::<Vec<_>>()
    };
    let of = |facts: &Booking| (facts.booking_id, facts.seats.clone());
    let mut all_sold = sold.iter().map(of).collect::<Vec<_>>();
    all_sold.sort();
    assert_eq!(read(RestoreKind::Sold, None).await, all_sold);
    assert_eq!(read(RestoreKind::Sold, Some(all_sold[0].0)).await, all_sold[1..]);
    // The second hold is past its time.
    let mut all_held = vec![of(&held[0]), of(&held[2])];
    all_held.sort();
    assert_eq!(read(RestoreKind::Held, None).await, all_held);
    // Not for a builder whose generation is over.
    begin_rebuild(&database, event, 1, 2).await.unwrap();
    assert_eq!(restore_page(&database, event, 1, RestoreKind::Sold, None).await, Ok(None));
}

#[tokio::test]
async fn queue_numbers_are_handed_out_once() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let block = |first| Ok(Some(NumberBlock { first, last: first + NUMBERS_GRANTED - 1 }));
    assert_eq!(grant_numbers(&database, event, "1.a.0").await, block(1));
    assert_eq!(grant_numbers(&database, event, "1.a.0").await, block(1), "the same need");
    let second = block(NUMBERS_GRANTED + 1);
    assert_eq!(grant_numbers(&database, event, "1.a.10000").await, second);
    let other = new_event(&database).await;
    assert_eq!(grant_numbers(&database, other, "1.a.10000").await, block(1), "of its own");
    assert_eq!(grant_numbers(&database, event, "1.a.10000").await, second);
    // A node that is master again may have lost what it gave of the block it once asked for.
    assert_eq!(grant_numbers(&database, event, "1.a.0").await, block(2 * NUMBERS_GRANTED + 1));
    assert_eq!(grant_numbers(&database, new_event_id(), "1.a.0").await, Ok(None));
    for (served, raised) in [(7, true), (7, false), (6, false), (8, true)] {
        assert_eq!(checkpoint_queue(&database, event, served).await, Ok(raised), "{served}");
    }
    let rebuild = begin_rebuild(&database, event, 1, 2).await.unwrap().unwrap();
    assert_eq!((rebuild.queue_ceiling, rebuild.queue_served), (3 * NUMBERS_GRANTED, 8));
}

#[tokio::test]
async fn a_place_is_spent_when_it_was_left_or_its_pass_was_used() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let (user, other) = (crate::support::new_user(), crate::support::new_user());
    let spent = async |user, number, joined_at| {
        place_is_spent(&database, event, user, number, joined_at).await.unwrap()
    };
    assert!(!spent(user, 5, NOW).await);
    leave_queue(&database, event, user, 5).await.unwrap();
    assert!(spent(user, 5, NOW).await && spent(user, 4, NOW).await);
    assert!(!spent(user, 6, NOW).await && !spent(other, 5, NOW).await);
    // A later note of an earlier place changes nothing.
    leave_queue(&database, event, user, 3).await.unwrap();
    assert!(spent(user, 5, NOW).await);
    let facts = Booking { user_id: other, ..seats(event, &["A-1-1"]) };
    confirm(&database, &facts).await;
    assert!(spent(other, 9, NOW).await);
    assert!(!spent(other, 9, NOW.plus_ms(1)).await);
}

#[tokio::test]
async fn each_change_that_matters_to_redis_raises_the_version() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let version = async || find_event(&database, event).await.unwrap().unwrap().settings_version;
    assert_eq!(version().await, 1);
    for (change, expected) in [
        ("name = 'Closing night'", 1),
        ("sold_out = true", 1),
        ("paused = true", 2),
        ("paused = true", 2),
        ("sale = sale || '{\"hold_ttl_s\": 8}'", 3),
        ("cancelled = true, cancelled_at = now()", 4),
    ] {
        database.execute(&format!("UPDATE boxoffice.events SET {change}")).await;
        assert_eq!(version().await, expected, "{change}");
    }
}

#[tokio::test]
async fn the_worker_serves_an_event_until_an_hour_after_its_end() {
    let database = fresh().await;
    let (late, over, cancelled, early) = (
        new_event(&database).await,
        new_event(&database).await,
        new_event(&database).await,
        new_event(&database).await,
    );
    for (event, ends_in_minutes) in [(over, -61), (early, -59), (cancelled, 5), (late, 10)] {
        database
            .execute(&format!(
                "UPDATE boxoffice.events SET starts_at = now() - interval '1 day',
                 ends_at = now() + {ends_in_minutes} * interval '1 minute' WHERE id = '{event}'"
            ))
            .await;
    }
    cancel_event(&database, cancelled).await.unwrap();
    assert_eq!(active_events(&database).await.unwrap(), [early, late]);
    // The worker's turns: each of them is first at some time.
    let mut orders = HashSet::new();
    for _ in 0..64 {
        orders.insert(events_to_serve(&database).await.unwrap());
    }
    assert_eq!(orders, HashSet::from([vec![early, late], vec![late, early]]));
}

#[tokio::test]
async fn a_ping_tells_whether_sales_can_be_committed() {
    let database = fresh().await;
    assert!(ping(&database).await.unwrap().writable);
    database.execute("SET default_transaction_read_only = on").await;
    assert!(!ping(&database).await.unwrap().writable);
}
