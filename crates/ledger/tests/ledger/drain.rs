//! Draining journals: any order, any repetition, any number of workers.

use domain::booking::{Booking, BookingStatus};
use domain::journal::{JournalEntry, JournalKind};
use ledger::{DRAIN_ENTRIES_MAX, Error, drain_journal, find_booking};

use crate::support::{
    Connection, TestDatabase, confirm, fresh, new_event, new_event_id, seats, standing,
};
use JournalKind::{Expired, Extended, Released, Reserved};

fn entry(kind: JournalKind, facts: &Booking) -> JournalEntry {
    JournalEntry { kind, booking: facts.clone() }
}

async fn drain(database: &Connection, entries: &[JournalEntry]) -> u64 {
    drain_journal(database, entries).await.unwrap()
}

async fn status(database: &Connection, facts: &Booking) -> BookingStatus {
    find_booking(database, facts.booking_id).await.unwrap().unwrap().status
}

/// All bookings as text, to compare whole states.
async fn all(database: &Connection) -> Vec<String> {
    database.texts("SELECT b::text FROM boxoffice.bookings AS b ORDER BY id").await
}

#[tokio::test]
async fn an_empty_batch_is_nothing() {
    let database = fresh().await;
    assert_eq!(drain(&database, &[]).await, 0);
}

#[tokio::test]
async fn a_batch_holds_a_thousand_entries_and_no_more() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let mut entries: Vec<_> =
        (0..DRAIN_ENTRIES_MAX).map(|_| entry(Reserved, &standing(event, 1))).collect();
    assert_eq!(drain(&database, &entries).await, 1000);
    entries.push(entry(Reserved, &standing(event, 1)));
    let error = drain_journal(&database, &entries).await.unwrap_err();
    assert_eq!(error, Error::TooMany { step: "drain_journal", limit: 1000 });
}

#[tokio::test]
async fn any_order_and_any_split_give_the_same_state() {
    let database = fresh().await;
    let event = new_event(&database).await;
    for (kinds, end) in [
        (vec![Reserved, Released], BookingStatus::Released),
        (vec![Reserved, Expired], BookingStatus::Expired),
        // The sweeper was faster than the news of the release.
        (vec![Reserved, Expired, Released], BookingStatus::Released),
        // Taken again for a late payment that was refused.
        (vec![Reserved, Expired, Reserved, Expired], BookingStatus::Expired),
    ] {
        let rotations = (0..kinds.len()).flat_map(|shift| {
            let mut rotated = kinds.clone();
            rotated.rotate_left(shift);
            let reversed: Vec<_> = rotated.iter().rev().copied().collect();
            [rotated, reversed]
        });
        for order in rotations {
            for one_batch in [true, false] {
                let facts = seats(event, &["A-1-1"]);
                // Each entry knows a later expiry, so that each one has something to write.
                let entries: Vec<_> = order
                    .iter()
                    .zip(1..)
                    .map(|(kind, step)| {
                        let expires_at = facts.expires_at.plus_ms(step);
                        entry(*kind, &Booking { expires_at, ..facts.clone() })
                    })
                    .collect();
                if one_batch {
                    drain(&database, &entries).await;
                } else {
                    for entry in entries {
                        drain(&database, &[entry]).await;
                    }
                }
                assert_eq!(status(&database, &facts).await, end, "{order:?} {one_batch}");
            }
        }
    }
}

#[tokio::test]
async fn a_second_drain_of_the_same_entries_changes_nothing() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let (one, other) = (seats(event, &["A-1-1", "A-1-2"]), standing(event, 2));
    let entries = [entry(Reserved, &one), entry(Reserved, &other), entry(Released, &one)];
    assert_eq!(drain(&database, &entries).await, 2);
    let before = all(&database).await;
    assert_eq!(drain(&database, &entries).await, 0);
    assert_eq!(all(&database).await, before);
}

#[tokio::test]
async fn the_latest_expiry_wins_in_any_order() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let early = seats(event, &["A-1-1"]);
    let late = Booking { expires_at: early.expires_at.plus_ms(60_000), ..early.clone() };
    for order in [[&early, &late], [&late, &early]] {
        for facts in order {
            drain(&database, &[entry(Reserved, facts)]).await;
        }
        let found = find_booking(&database, early.booking_id).await.unwrap().unwrap();
        assert_eq!(found.expires_at, late.expires_at);
    }
}

#[tokio::test]
async fn a_drain_after_the_confirm_changes_nothing() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let facts = seats(event, &["A-1-1"]);
    confirm(&database, &facts).await;
    let before = all(&database).await;
    let later = Booking { expires_at: facts.expires_at.plus_ms(1), ..facts.clone() };
    let entries = [entry(Reserved, &later), entry(Expired, &later), entry(Released, &later)];
    assert_eq!(drain(&database, &entries).await, 0);
    assert_eq!(all(&database).await, before);
    assert_eq!(status(&database, &facts).await, BookingStatus::Confirmed);
}

#[tokio::test]
async fn entries_that_no_booking_can_be_made_of_do_not_stop_the_others() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let good = seats(event, &["A-1-1"]);
    let bad = [
        seats(new_event_id(), &["A-1-1"]),
        Booking { quantity: 0, ..standing(event, 1) },
        Booking { quantity: 3, ..seats(event, &["A-1-1", "A-1-2"]) },
        Booking { amount: -1, ..seats(event, &["A-1-1"]) },
        Booking { currency: "euro".to_owned(), ..seats(event, &["A-1-1"]) },
    ];
    let mut entries: Vec<_> = bad.iter().map(|facts| entry(Reserved, facts)).collect();
    entries.push(entry(Reserved, &good));
    assert_eq!(drain(&database, &entries).await, 1);
    assert_eq!(status(&database, &good).await, BookingStatus::Reserved);
    assert_eq!(database.number("SELECT count(*) FROM boxoffice.bookings").await, 1);
}

#[tokio::test]
async fn parallel_workers_end_in_the_same_rows_and_never_block_each_other() {
    // Goal: no deadlock and one result. Method: four workers drain the same 300 entries, each in
    // another order and in batches of another size, several times.
    let databases = TestDatabase::create().await;
    let first = databases.connect().await;
    let event = new_event(&first).await;
    let mut entries = Vec::new();
    for number in 0..100 {
        let facts = standing(event, 1);
        let end = if number % 2 == 0 { Released } else { Expired };
        entries.extend([entry(Reserved, &facts), entry(end, &facts), entry(Reserved, &facts)]);
    }
    let tasks: Vec<_> = databases
        .connect_many(4)
        .await
        .into_iter()
        .enumerate()
        .map(|(worker, database)| {
            let mut entries = entries.clone();
            tokio::spawn(async move {
                for round in 0..5 {
                    entries.rotate_left(37 * worker + 11 * round);
                    if worker % 2 == 0 {
                        entries.reverse();
                    }
                    for batch in entries.chunks(40 + 30 * worker) {
                        drain(&database, batch).await;
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let states =
        "SELECT state || ' ' || count(*) FROM boxoffice.bookings GROUP BY state ORDER BY 1";
    assert_eq!(first.texts(states).await, ["expired 50", "released 50"]);
}

/// The entries of a hold in every order, in one batch and one by one.
#[tokio::test]
async fn an_extension_is_known_in_any_order() {
    let database = fresh().await;
    let event = new_event(&database).await;
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        for at_once in [true, false] {
            let facts = standing(event, 1);
            let expires_at = facts.expires_at.plus_ms(60_000);
            let extended = Booking { expires_at, ..facts.clone() };
            let entries =
                [entry(Reserved, &facts), entry(Extended, &extended), entry(Expired, &extended)];
            let entries = order.map(|index: usize| entries[index].clone());
            for batch in entries.chunks(if at_once { 3 } else { 1 }) {
                drain(&database, batch).await;
            }
            let found = find_booking(&database, facts.booking_id).await.unwrap().unwrap();
            assert_eq!((found.status, found.expires_at), (BookingStatus::Expired, expires_at));
        }
    }
    let forgotten = "SELECT count(*) FROM boxoffice.bookings WHERE NOT extended";
    assert_eq!(database.number(forgotten).await, 0);
}
