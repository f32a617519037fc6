//! The sale under contention: what the ledger is for.

use std::collections::HashMap;

use domain::booking::{Booking, SoldBy};
use domain::journal::{JournalEntry, JournalKind};
use domain::payment::{Decision, ProviderState};
use ledger::{
    CancelBookingOutcome, ConfirmBooking, ConfirmOutcome, cancel_booking, cancel_event,
    confirm_booking, drain_journal, find_payment,
};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use crate::payments::{authorise, pay};
use crate::provider_events::{news, tell};
use crate::support::{
    Connection, TestDatabase, confirm, new_event, new_event_with, seats, sell, slow_down_tickets,
    standing,
};

/// Connections of a race. More would only queue up inside of Postgres.
const CONNECTIONS: usize = 32;

/// One race at a time, so that the tests of this file fit into the connections of one server.
static RACE: Mutex<()> = Mutex::const_new(());

/// Confirms all bookings at the same time and counts the outcomes. Odd ones come from a journal
/// that has been drained.
async fn race(databases: &TestDatabase, bookings: Vec<Booking>) -> HashMap<ConfirmOutcome, usize> {
    let first = databases.connect().await;
    let drained = bookings.iter().skip(1).step_by(2);
    let entries: Vec<_> = drained
        .map(|facts| JournalEntry { kind: JournalKind::Reserved, booking: facts.clone() })
        .collect();
    drain_journal(&first, &entries).await.unwrap();

    let connections = databases.connect_many(CONNECTIONS).await;
    let mut shares: Vec<Vec<Booking>> = vec![Vec::new(); CONNECTIONS];
    for (index, facts) in bookings.into_iter().enumerate() {
        shares[index % CONNECTIONS].push(facts);
    }
    let tasks: Vec<_> = connections
        .into_iter()
        .zip(shares)
        .map(|(database, share)| tokio::spawn(confirm_all(database, share)))
        .collect();
    let mut outcomes = HashMap::new();
    for task in tasks {
        for outcome in task.await.unwrap() {
            *outcomes.entry(outcome).or_default() += 1;
        }
    }
    assert_no_seat_is_sold_twice(&first).await;
    outcomes
}

async fn confirm_all(database: Connection, share: Vec<Booking>) -> Vec<ConfirmOutcome> {
    let mut outcomes = Vec::new();
    for facts in share {
        outcomes.push(confirm(&database, &facts).await);
    }
    outcomes
}

/// Looks at confirmed bookings and at tickets, each without trusting the other.
async fn assert_no_seat_is_sold_twice(database: &Connection) {
    for (what, sql) in [
        (
            "a seat with two tickets",
            "SELECT event_id || ' ' || seat FROM boxoffice.tickets
             GROUP BY event_id, seat HAVING count(*) > 1",
        ),
        (
            "a seat with two confirmed bookings",
            "SELECT event_id || ' ' || seat FROM boxoffice.bookings, unnest(seats) AS seat
             WHERE state = 'confirmed' GROUP BY event_id, seat HAVING count(*) > 1",
        ),
        (
            "a booking whose tickets are not its places",
            "SELECT id FROM boxoffice.bookings AS b
             WHERE CASE state WHEN 'confirmed' THEN quantity ELSE 0 END
                 <> (SELECT count(*) FROM boxoffice.tickets AS t WHERE t.booking_id = b.id)",
        ),
        (
            "a standing section whose counter is not its tickets",
            "SELECT name FROM boxoffice.sections AS s WHERE kind = 'standing'
                 AND standing_sold <> (SELECT count(*) FROM boxoffice.tickets AS t
                     WHERE t.event_id = s.event_id AND t.section = s.name)",
        ),
    ] {
        assert_eq!(database.texts(sql).await, Vec::<String>::new(), "{what}");
    }
}

#[tokio::test]
async fn two_hundred_bookings_of_one_seat_make_one_sale() {
    let _one_at_a_time = RACE.lock().await;
    let databases = TestDatabase::create().await;
    let event = new_event(&databases.connect().await).await;
    let bookings = (0..200).map(|_| seats(event, &["A-1-12"])).collect();
    let outcomes = race(&databases, bookings).await;
    assert_eq!(
        outcomes,
        HashMap::from([(ConfirmOutcome::Confirmed, 1), (ConfirmOutcome::SeatSold, 199)])
    );
}

#[tokio::test]
async fn one_hundred_and_fifty_buyers_of_one_hundred_places_make_one_hundred_sales() {
    let _one_at_a_time = RACE.lock().await;
    let databases = TestDatabase::create().await;
    let event = new_event(&databases.connect().await).await;
    let bookings = (0..150).map(|_| standing(event, 1)).collect();
    let outcomes = race(&databases, bookings).await;
    assert_eq!(
        outcomes,
        HashMap::from([(ConfirmOutcome::Confirmed, 100), (ConfirmOutcome::SoldOut, 50)])
    );
}

#[tokio::test]
async fn a_standing_section_is_filled_to_the_last_place_by_groups() {
    let _one_at_a_time = RACE.lock().await;
    let databases = TestDatabase::create().await;
    let first = databases.connect().await;
    let event = new_event(&first).await;
    // Groups of three leave one of the hundred places, which the single ones want.
    let bookings = (0..120).map(|index| standing(event, if index < 80 { 3 } else { 1 })).collect();
    race(&databases, bookings).await;
    let sold = "SELECT standing_sold FROM boxoffice.sections WHERE name = 'FLOOR'";
    assert_eq!(first.number(sold).await, 100);
}

#[tokio::test]
async fn overlapping_blocks_in_opposite_orders_never_deadlock() {
    // Goal: all or nothing without deadlocks. Method: blocks of a small row, each named forwards
    // and backwards, so that every pair of calls wants seats in common. A deadlock would be an
    // error of the step (40P01), and `confirm` unwraps.
    let _one_at_a_time = RACE.lock().await;
    let databases = TestDatabase::create().await;
    let first = databases.connect().await;
    for _round in 0..5 {
        let event = new_event_with(
            &first,
            r#"[{"name": "A", "kind": "seated", "rows": 1, "seats_per_row": 12, "price": 5000}]"#,
        )
        .await;
        let mut bookings = Vec::new();
        for start in 1..=10_u32 {
            let mut labels: Vec<_> =
                (start..=(start + 5).min(12)).map(|number| format!("A-1-{number}")).collect();
            for _turn in 0..4 {
                let block: Vec<&str> = labels.iter().map(String::as_str).collect();
                bookings.push(seats(event, &block));
                labels.reverse();
            }
        }
        let outcomes = race(&databases, bookings).await;
        let confirmed = outcomes.get(&ConfirmOutcome::Confirmed).copied().unwrap_or_default();
        assert!((1..=4).contains(&confirmed), "{outcomes:?}");
        assert_eq!(outcomes[&ConfirmOutcome::SeatSold], 40 - confirmed);
    }
}

#[tokio::test]
async fn opposite_orders_do_not_deadlock_in_the_function_either() {
    // Method: two calls in SQL, past the sorting of the crate, that take ten seats from both ends,
    // so slowly that each has half of them when they meet.
    let _one_at_a_time = RACE.lock().await;
    let databases = TestDatabase::create().await;
    let first = databases.connect().await;
    let event = new_event(&first).await;
    slow_down_tickets(&first, 20).await;
    let forwards: Vec<String> = (1..=10).map(|number| format!("A-1-{number}")).collect();
    let backwards: Vec<String> = forwards.iter().rev().cloned().collect();
    let tasks: Vec<_> = databases
        .connect_many(2)
        .await
        .into_iter()
        .zip([forwards, backwards])
        .map(|(database, order)| {
            let labels = order.join(",");
            let booking = seats(event, &["A-1-1"]).booking_id;
            tokio::spawn(async move {
                let sql = format!(
                    "SELECT outcome FROM boxoffice.confirm_booking('{booking}', '{event}',
                     '{event}', 'A', '{{{labels}}}', 10, 5000, 'EUR', 1, 2, NULL, true, '')"
                );
                database.texts(&sql).await.concat()
            })
        })
        .collect();
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.unwrap());
    }
    outcomes.sort();
    assert_eq!(outcomes, ["confirmed", "seat_sold"]);
    assert_no_seat_is_sold_twice(&first).await;
}

#[tokio::test]
async fn one_booking_confirmed_twenty_times_in_parallel_is_sold_once() {
    let _one_at_a_time = RACE.lock().await;
    let databases = TestDatabase::create().await;
    let event = new_event(&databases.connect().await).await;
    for facts in [seats(event, &["A-1-1", "A-1-2"]), standing(event, 2)] {
        let outcomes = race(&databases, vec![facts; 20]).await;
        assert_eq!(
            outcomes,
            HashMap::from([(ConfirmOutcome::Confirmed, 1), (ConfirmOutcome::AlreadyConfirmed, 19)])
        );
    }
}

#[tokio::test]
async fn sales_and_drains_of_the_same_bookings_do_not_disturb_each_other() {
    let _one_at_a_time = RACE.lock().await;
    let databases = TestDatabase::create().await;
    let first = databases.connect().await;
    let event = new_event(&first).await;
    let bookings: Vec<_> = (1..=20)
        .flat_map(|row| (1..=20).map(move |number| format!("A-{row}-{number}")))
        .map(|label| seats(event, &[&label]))
        .collect();
    let drains: Vec<_> = databases
        .connect_many(2)
        .await
        .into_iter()
        .map(|database| {
            let mut entries: Vec<_> = bookings
                .iter()
                .flat_map(|facts| {
                    [JournalKind::Expired, JournalKind::Reserved]
                        .map(|kind| JournalEntry { kind, booking: facts.clone() })
                })
                .collect();
            tokio::spawn(async move {
                for _round in 0..4 {
                    entries.reverse();
                    for batch in entries.chunks(100) {
                        drain_journal(&database, batch).await.unwrap();
                    }
                }
            })
        })
        .collect();
    let outcomes = race(&databases, bookings).await;
    for drain in drains {
        drain.await.unwrap();
    }
    assert_eq!(outcomes, HashMap::from([(ConfirmOutcome::Confirmed, 400)]));
    let confirmed = "SELECT count(*) FROM boxoffice.bookings WHERE state = 'confirmed'";
    assert_eq!(first.number(confirmed).await, 400);
}

#[tokio::test]
async fn after_a_cancellation_has_answered_nothing_is_sold() {
    // Method: the number of sales right after the answer is the number at the end.
    let _one_at_a_time = RACE.lock().await;
    let databases = TestDatabase::create().await;
    let first = databases.connect().await;
    let event = new_event(&first).await;
    let tasks: Vec<_> = databases
        .connect_many(8)
        .await
        .into_iter()
        .zip(1..)
        .map(|(database, row)| {
            tokio::spawn(async move {
                let mut outcomes = Vec::new();
                for number in 1..=30 {
                    let facts = seats(event, &[&format!("A-{row}-{number}")]);
                    let request = ConfirmBooking { booking: &facts, by: SoldBy::Organiser };
                    outcomes.push(confirm_booking(&database, &request).await.unwrap());
                }
                outcomes
            })
        })
        .collect();
    let sales = "SELECT count(*) FROM boxoffice.tickets";
    while first.number(sales).await < 20 {
        tokio::task::yield_now().await;
    }
    cancel_event(&first, event).await.unwrap();
    let sold = first.number(sales).await;
    let mut confirmed = 0;
    for task in tasks {
        for outcome in task.await.unwrap() {
            match outcome {
                ConfirmOutcome::Confirmed => confirmed += 1,
                other => assert_eq!(other, ConfirmOutcome::Cancelled),
            }
        }
    }
    assert_eq!((first.number(sales).await, confirmed), (sold, sold));
    assert!(sold < 240, "the cancellation came too late to test anything");
}

/// Waits until a sale is between its locks and its commit; for slow tickets.
async fn wait_for_a_sale_under_way<T>(database: &Connection, sale: &JoinHandle<T>) {
    let under_way = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event = 'PgSleep'";
    while database.number(under_way).await == 0 {
        assert!(!sale.is_finished(), "the sale is over");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_cancellation_waits_for_a_sale_that_is_under_way() {
    let databases = TestDatabase::create().await;
    let (first, buyer) = (databases.connect().await, databases.connect().await);
    let event = new_event(&first).await;
    slow_down_tickets(&first, 1_000).await;
    let sale = tokio::spawn(async move { confirm(&buyer, &seats(event, &["A-1-1"])).await });
    wait_for_a_sale_under_way(&first, &sale).await;
    cancel_event(&first, event).await.unwrap();
    assert_eq!(first.number("SELECT count(*) FROM boxoffice.tickets").await, 1);
    assert_eq!(sale.await.unwrap(), ConfirmOutcome::Confirmed);
    assert_eq!(confirm(&first, &seats(event, &["A-1-2"])).await, ConfirmOutcome::Cancelled);
}

/// The booking is in Redis alone: its row is stored by the very sale that the refund meets.
#[tokio::test]
async fn a_refund_beside_the_sale_that_stores_the_booking_undoes_it() {
    let databases = TestDatabase::create().await;
    let (first, buyer) = (databases.connect().await, databases.connect().await);
    let facts = seats(new_event(&first).await, &["A-1-1"]);
    authorise(&first, &facts, "pi_1").await;
    slow_down_tickets(&first, 1_000).await;
    let sold = facts.clone();
    let sale = tokio::spawn(async move { pay(&buyer, &sold, "pi_1").await });
    wait_for_a_sale_under_way(&first, &sale).await;
    tell(&first, &news(&facts, ProviderState::Refunded)).await;
    assert_eq!(sale.await.unwrap(), ConfirmOutcome::Confirmed);
    let payment = find_payment(&first, "pi_1").await.unwrap().unwrap();
    assert_eq!(payment.decision, Some(Decision::GiveBack));
    assert_eq!(first.texts("SELECT state FROM boxoffice.bookings").await, ["refunded"]);
    assert_eq!(first.number("SELECT count(*) FROM boxoffice.tickets").await, 0);
}

/// The booking is in Redis alone: the cancellation meets the sale that stores it.
#[tokio::test]
async fn a_cancellation_beside_the_sale_that_stores_the_booking_undoes_it() {
    let databases = TestDatabase::create().await;
    let (first, buyer) = (databases.connect().await, databases.connect().await);
    let facts = seats(new_event(&first).await, &["A-1-1"]);
    slow_down_tickets(&first, 1_000).await;
    let sold = facts.clone();
    let sale = tokio::spawn(async move { confirm(&buyer, &sold).await });
    wait_for_a_sale_under_way(&first, &sale).await;
    let cancelled = cancel_booking(&first, facts.booking_id, true).await.unwrap();
    assert_eq!(sale.await.unwrap(), ConfirmOutcome::Confirmed);
    assert_eq!(cancelled, CancelBookingOutcome::Cancelled);
    assert_eq!(first.texts("SELECT state FROM boxoffice.bookings").await, ["cancelled"]);
    assert_eq!(first.number("SELECT count(*) FROM boxoffice.tickets").await, 0);
}

/// Sales that would each fit: the second one waits for the first, and sees it.
#[tokio::test]
async fn sales_to_one_buyer_at_the_same_time_keep_the_limit() {
    let databases = TestDatabase::create().await;
    let (first, buyer) = (databases.connect().await, databases.connect().await);
    let event = new_event(&first).await;
    let one = seats(event, &["A-1-1", "A-1-2", "A-1-3"]);
    let two = Booking { user_id: one.user_id, ..seats(event, &["A-2-1", "A-2-2"]) };
    slow_down_tickets(&first, 300).await;
    let sale = tokio::spawn(async move { sell(&buyer, &one, SoldBy::Owner).await });
    wait_for_a_sale_under_way(&first, &sale).await;
    let refused = sell(&first, &two, SoldBy::Owner).await;
    assert_eq!(sale.await.unwrap(), ConfirmOutcome::Confirmed);
    assert_eq!(refused, ConfirmOutcome::BuyerLimitExceeded);
    assert_eq!(first.number("SELECT count(*) FROM boxoffice.tickets").await, 3);
}

#[tokio::test]
async fn thirty_sales_to_one_buyer_make_as_many_as_are_allowed() {
    let _one_at_a_time = RACE.lock().await;
    let databases = TestDatabase::create().await;
    let first = databases.connect().await;
    let events = [new_event(&first).await, new_event(&first).await];
    let user_id = seats(events[0], &["A-1-1"]).user_id;
    let tasks: Vec<_> = databases
        .connect_many(30)
        .await
        .into_iter()
        .zip(0..)
        .map(|(database, number): (_, usize)| {
            let facts = Booking { user_id, ..standing(events[number % 2], 1) };
            tokio::spawn(async move { sell(&database, &facts, SoldBy::Owner).await })
        })
        .collect();
    let mut outcomes = HashMap::new();
    for task in tasks {
        *outcomes.entry(task.await.unwrap()).or_insert(0) += 1;
    }
    let expected =
        HashMap::from([(ConfirmOutcome::Confirmed, 8), (ConfirmOutcome::BuyerLimitExceeded, 22)]);
    assert_eq!(outcomes, expected);
    assert_no_seat_is_sold_twice(&first).await;
}
