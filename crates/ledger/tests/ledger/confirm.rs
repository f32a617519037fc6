//! The sale, one call at a time: each outcome.

use domain::booking::{Booking, BookingStatus, SoldBy};
use domain::journal::{JournalEntry, JournalKind};
use domain::section::SectionName;
use domain::time::Instant;
use ledger::{ConfirmOutcome, cancel_booking, cancel_event, drain_journal, find_booking};

use crate::support::{
    Connection, confirm, fresh, new_event, new_event_id, new_user, seats, sell, standing,
};

async fn drain(database: &Connection, kind: JournalKind, facts: &Booking) {
    let entry = JournalEntry { kind, booking: facts.clone() };
    drain_journal(database, &[entry]).await.unwrap();
}

async fn status(database: &Connection, facts: &Booking) -> BookingStatus {
    find_booking(database, facts.booking_id).await.unwrap().unwrap().status
}

/// The seats of all tickets of a booking.
async fn tickets(database: &Connection, facts: &Booking) -> Vec<String> {
    let booking = facts.booking_id;
    database
        .texts(&format!(
            "SELECT seat FROM boxoffice.tickets WHERE booking_id = '{booking}' ORDER BY seat"
        ))
        .await
}

#[tokio::test]
async fn a_sale_does_not_need_the_drain() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let facts = seats(event, &["A-1-12", "A-1-13"]);
    assert_eq!(confirm(&database, &facts).await, ConfirmOutcome::Confirmed);
    assert_eq!(status(&database, &facts).await, BookingStatus::Confirmed);
    assert_eq!(tickets(&database, &facts).await, ["A-1-12", "A-1-13"]);
    assert_eq!(confirm(&database, &facts).await, ConfirmOutcome::AlreadyConfirmed);
    assert_eq!(tickets(&database, &facts).await.len(), 2);
}

#[tokio::test]
async fn a_drained_hold_is_confirmed_and_so_is_an_expired_one() {
    let database = fresh().await;
    let event = new_event(&database).await;
    for (seat, kind) in [("A-1-1", JournalKind::Reserved), ("A-1-2", JournalKind::Expired)] {
        let facts = seats(event, &[seat]);
        drain(&database, kind, &facts).await;
        assert_eq!(confirm(&database, &facts).await, ConfirmOutcome::Confirmed);
        assert_eq!(tickets(&database, &facts).await, [seat]);
    }
}

#[tokio::test]
async fn a_released_hold_is_not_sold() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let facts = seats(event, &["A-1-1"]);
    drain(&database, JournalKind::Released, &facts).await;
    assert_eq!(confirm(&database, &facts).await, ConfirmOutcome::AlreadyReleased);
    assert_eq!(status(&database, &facts).await, BookingStatus::Released);
    assert!(tickets(&database, &facts).await.is_empty());
}

#[tokio::test]
async fn seats_are_sold_all_or_none() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let first = seats(event, &["A-1-2"]);
    confirm(&database, &first).await;
    let late = seats(event, &["A-1-1", "A-1-2", "A-1-3"]);
    assert_eq!(confirm(&database, &late).await, ConfirmOutcome::SeatSold);
    assert_eq!(status(&database, &late).await, BookingStatus::Expired);
    assert!(tickets(&database, &late).await.is_empty());
    assert_eq!(confirm(&database, &late).await, ConfirmOutcome::SeatSold);
    // The seats around it are still for sale, and the same seat of another event is another seat.
    let around = seats(event, &["A-1-1", "A-1-3"]);
    assert_eq!(confirm(&database, &around).await, ConfirmOutcome::Confirmed);
    let other_event = new_event(&database).await;
    let same_label = seats(other_event, &["A-1-2"]);
    assert_eq!(confirm(&database, &same_label).await, ConfirmOutcome::Confirmed);
}

#[tokio::test]
async fn standing_places_end_at_the_capacity() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let many = standing(event, 98);
    assert_eq!(confirm(&database, &many).await, ConfirmOutcome::Confirmed);
    assert_eq!(confirm(&database, &many).await, ConfirmOutcome::AlreadyConfirmed);
    let three = standing(event, 3);
    assert_eq!(confirm(&database, &three).await, ConfirmOutcome::SoldOut);
    assert_eq!(status(&database, &three).await, BookingStatus::Expired);
    let two = standing(event, 2);
    assert_eq!(confirm(&database, &two).await, ConfirmOutcome::Confirmed);
    let labels = [format!("FLOOR-{}-1", two.booking_id), format!("FLOOR-{}-2", two.booking_id)];
    assert_eq!(tickets(&database, &two).await, labels);
    assert_eq!(confirm(&database, &standing(event, 1)).await, ConfirmOutcome::SoldOut);
    let sold = "SELECT standing_sold FROM boxoffice.sections WHERE name = 'FLOOR'";
    assert_eq!(database.number(sold).await, 100);
    assert_eq!(database.number("SELECT count(*) FROM boxoffice.tickets").await, 100);
}

#[tokio::test]
async fn nothing_is_sold_of_an_unknown_or_cancelled_event() {
    let database = fresh().await;
    let stranger = seats(new_event_id(), &["A-1-1"]);
    assert_eq!(confirm(&database, &stranger).await, ConfirmOutcome::EventMissing);
    assert_eq!(find_booking(&database, stranger.booking_id).await.unwrap(), None);

    let event = new_event(&database).await;
    let sold = seats(event, &["A-1-1"]);
    confirm(&database, &sold).await;
    cancel_event(&database, event).await.unwrap();
    let late = seats(event, &["A-1-2"]);
    assert_eq!(confirm(&database, &late).await, ConfirmOutcome::Cancelled);
    assert!(tickets(&database, &late).await.is_empty());
    // What was sold before is still told as it is: its refund is another step.
    assert_eq!(confirm(&database, &sold).await, ConfirmOutcome::AlreadyConfirmed);
}

#[tokio::test]
async fn a_refunded_or_cancelled_booking_is_not_sold_again() {
    let database = fresh().await;
    let event = new_event(&database).await;
    for (seat, state) in [("A-1-1", "refunded"), ("A-1-2", "cancelled")] {
        let facts = seats(event, &[seat]);
        confirm(&database, &facts).await;
        let booking = facts.booking_id;
        database
            .execute(&format!(
                "UPDATE boxoffice.bookings SET state = '{state}' WHERE id = '{booking}'"
            ))
            .await;
        assert_eq!(confirm(&database, &facts).await, ConfirmOutcome::Cancelled);
    }
}

#[tokio::test]
async fn seats_that_do_not_exist_are_not_sold() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let a = || seats(event, &["A-1-1"]);
    let section = |name: &str| name.parse::<SectionName>().unwrap();
    for facts in [
        seats(event, &["A-21-1"]),
        seats(event, &["A-1-31"]),
        seats(event, &["A-4294967295-1"]),
        seats(event, &["A-1-1", "A-1-1"]),
        seats(event, &["B-1-1"]),
        seats(event, &["a-1-1"]),
        seats(event, &["FLOOR-1-1"]),
        seats(event, &["A-1-1", "FLOOR-1-1"]),
        Booking { quantity: 2, ..a() },
        Booking { seats: vec![], ..a() },
        Booking { seats: vec![], quantity: 0, ..a() },
        Booking { section: section("FLOOR"), ..a() },
        standing(event, 0),
    ] {
        assert_eq!(confirm(&database, &facts).await, ConfirmOutcome::InvalidSeats, "{facts:?}");
        assert_eq!(find_booking(&database, facts.booking_id).await.unwrap(), None);
    }
    assert_eq!(database.number("SELECT count(*) FROM boxoffice.tickets").await, 0);
}

#[tokio::test]
async fn a_seat_has_one_spelling_in_the_ledger_too() {
    // The types of the domain cannot say these, so the function is asked directly.
    let database = fresh().await;
    let event = new_event(&database).await;
    for seat in ["A-01-1", "A-1-01", "A-1-1 ", "A-1-1\\n", "A- 1-1", "A-0-1", "A-1", "A-1-1-1", ""]
    {
        let booking = seats(event, &["A-1-1"]).booking_id;
        let outcome = database
            .texts(&format!(
                "SELECT outcome FROM boxoffice.confirm_booking('{booking}', '{event}', '{event}',
                 'A', ARRAY[E'{seat}'], 1, 5000, 'EUR', 1, 2, NULL, true, '')"
            ))
            .await;
        assert_eq!(outcome, ["invalid_seats"], "{seat:?}");
    }
}

#[tokio::test]
async fn a_confirm_that_contradicts_the_stored_booking_changes_nothing() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let facts = seats(event, &["A-1-1"]);
    drain(&database, JournalKind::Reserved, &facts).await;
    let same = || facts.clone();
    for forged in [
        Booking { user_id: new_user(), ..same() },
        Booking { amount: 1, ..same() },
        Booking { currency: "USD".to_owned(), ..same() },
        Booking { seats: vec!["A-1-2".parse().unwrap()], ..same() },
        Booking { booking_id: facts.booking_id, ..standing(event, 1) },
    ] {
        assert_eq!(confirm(&database, &forged).await, ConfirmOutcome::BookingDiffers);
    }
    assert_eq!(status(&database, &facts).await, BookingStatus::Reserved);
    // A hold that got more time is the same booking.
    let later = Booking { expires_at: facts.expires_at.plus_ms(1), ..same() };
    assert_eq!(confirm(&database, &later).await, ConfirmOutcome::Confirmed);
}

/// A hold past its time, and what reserving would say now: for the buyer and for the organiser.
#[tokio::test]
async fn a_revived_hold_asks_what_reserving_asks() {
    let refused = ConfirmOutcome::EventNotOnSale;
    for (change, by_organiser) in [
        ("paused = true", ConfirmOutcome::Confirmed),
        ("on_sale_at = now() + interval '1 hour'", refused),
        ("starts_at = now() - interval '2 s', ends_at = now() - interval '1 s'", refused),
    ] {
        let database = fresh().await;
        let event = new_event(&database).await;
        let (swept, due, live) =
            (seats(event, &["A-1-1"]), seats(event, &["A-1-2"]), seats(event, &["A-1-3"]));
        let due = Booking { expires_at: Instant::from_unix_ms(1_000), ..due };
        drain(&database, JournalKind::Expired, &swept).await;
        drain(&database, JournalKind::Reserved, &due).await;
        drain(&database, JournalKind::Reserved, &live).await;
        database.execute(&format!("UPDATE boxoffice.events SET {change}")).await;
        for facts in [&swept, &due] {
            assert_eq!(sell(&database, facts, SoldBy::Owner).await, refused, "{change}");
            assert_eq!(status(&database, facts).await, BookingStatus::Expired);
            assert!(tickets(&database, facts).await.is_empty());
            let outcome = sell(&database, facts, SoldBy::Organiser).await;
            assert_eq!(outcome, by_organiser, "{change}");
        }
        // What is in time is not revived: a pause stops reserving, not paying.
        assert_eq!(sell(&database, &live, SoldBy::Owner).await, ConfirmOutcome::Confirmed);
    }
}

#[tokio::test]
async fn a_buyer_owns_no_more_than_the_limit_but_from_the_organiser() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let user_id = new_user();
    let of_buyer = |facts: Booking| Booking { user_id, ..facts };
    let three = of_buyer(standing(event, 3));
    assert_eq!(sell(&database, &three, SoldBy::Owner).await, ConfirmOutcome::Confirmed);
    let two = of_buyer(seats(event, &["A-1-1", "A-1-2"]));
    assert_eq!(sell(&database, &two, SoldBy::Owner).await, ConfirmOutcome::BuyerLimitExceeded);
    assert_eq!(status(&database, &two).await, BookingStatus::Expired);
    assert_eq!(sell(&database, &two, SoldBy::Organiser).await, ConfirmOutcome::Confirmed);
    // What the organiser sold counts, and what was given up does not.
    let one = of_buyer(seats(event, &["A-1-3"]));
    assert_eq!(sell(&database, &one, SoldBy::Owner).await, ConfirmOutcome::BuyerLimitExceeded);
    cancel_booking(&database, two.booking_id, true).await.unwrap();
    assert_eq!(sell(&database, &one, SoldBy::Owner).await, ConfirmOutcome::Confirmed);
    // The same event of somebody else, and another event, have limits of their own.
    let other = new_event(&database).await;
    let elsewhere = of_buyer(standing(other, 4));
    assert_eq!(sell(&database, &elsewhere, SoldBy::Owner).await, ConfirmOutcome::Confirmed);
    let somebody = standing(event, 4);
    assert_eq!(sell(&database, &somebody, SoldBy::Owner).await, ConfirmOutcome::Confirmed);
    let by_organiser = "SELECT count(*) FROM boxoffice.bookings WHERE sold_by_organiser";
    assert_eq!(database.number(by_organiser).await, 1);
}

/// The default is written in the schema too, for events that were made before a setting was.
#[tokio::test]
async fn the_limit_of_an_event_without_one_is_the_default() {
    let database = fresh().await;
    new_event(&database).await;
    database.execute("UPDATE boxoffice.events SET sale = '{}'").await;
    let limit = database.number("SELECT max_per_buyer FROM boxoffice.events").await;
    assert_eq!(limit, domain::event::SaleSettings::default().max_per_buyer);
}
