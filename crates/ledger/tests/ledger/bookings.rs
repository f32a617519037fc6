//! Finding, listing and expiring bookings.

use std::cmp::Reverse;

use domain::booking::{Booking, BookingStatus};
use domain::contact::Contact;
use domain::id::BookingId;
use domain::journal::{JournalEntry, JournalKind};
use ledger::{
    Error, ListBookings, confirmed_among, drain_journal, expire_stale_bookings, find_booking,
    list_bookings,
};
use uuid::Uuid;

use crate::support::{Connection, confirm, fresh, new_event, new_user, seats, standing};

async fn drain(database: &Connection, kind: JournalKind, facts: &Booking) {
    let entry = JournalEntry { kind, booking: facts.clone() };
    drain_journal(database, &[entry]).await.unwrap();
}

#[tokio::test]
async fn a_booking_is_found_as_it_was_held() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let seated = seats(event, &["A-1-12", "A-1-2"]);
    drain(&database, JournalKind::Reserved, &seated).await;
    let found = find_booking(&database, seated.booking_id).await.unwrap().unwrap();
    let expected = Booking {
        booking_id: seated.booking_id,
        event_id: event,
        user_id: seated.user_id,
        status: BookingStatus::Reserved,
        section: "A".parse().unwrap(),
        // In the order of the hall, not of the letters.
        seats: ["A-1-2", "A-1-12"].map(|label| label.parse().unwrap()).to_vec(),
        quantity: 2,
        amount: 10_000,
        currency: "EUR".to_owned(),
        expires_at: seated.expires_at,
        created_at: seated.created_at,
        contact: Contact::default(),
    };
    assert_eq!(found, expected);

    let floor = standing(event, 3);
    confirm(&database, &floor).await;
    let found = find_booking(&database, floor.booking_id).await.unwrap().unwrap();
    assert_eq!((found.status, found.quantity), (BookingStatus::Confirmed, 3));
    assert!(found.seats.is_empty());

    let unknown = BookingId::new(event, Uuid::now_v7());
    assert_eq!(find_booking(&database, unknown).await.unwrap(), None);
}

#[tokio::test]
async fn a_user_sees_own_bookings_newest_first() {
    let database = fresh().await;
    let user = new_user();
    let (first_event, second_event) = (new_event(&database).await, new_event(&database).await);
    let mut expected = Vec::new();
    // Two of the same millisecond are told apart by their ids.
    for (number, age_ms) in [(1, 0), (2, 1), (3, 1), (4, 2), (5, 2000)] {
        let event = if number % 2 == 0 { first_event } else { second_event };
        let mut facts = seats(event, &[&format!("A-1-{number}")]);
        facts.user_id = user;
        facts.created_at = facts.created_at.plus_ms(-age_ms);
        drain(&database, JournalKind::Reserved, &facts).await;
        expected.push((facts.created_at, facts.booking_id));
    }
    drain(&database, JournalKind::Reserved, &seats(first_event, &["A-2-1"])).await;
    expected.sort_by_key(|(created_at, booking)| Reverse((*created_at, booking.to_string())));

    let mut listed = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let request = ListBookings { user, limit: 2, cursor: cursor.as_deref() };
        let page = list_bookings(&database, &request).await.unwrap();
        listed.extend(page.bookings.iter().map(|found| (found.created_at, found.booking_id)));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(listed, expected);
}

#[tokio::test]
async fn a_foreign_cursor_is_refused() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let booking = BookingId::new(event, Uuid::now_v7());
    for cursor in [
        String::new(),
        booking.to_string(),
        "1.bk_x".to_owned(),
        format!("x.{booking}"),
        format!("{}.{booking}", i64::MAX),
        format!("-1.{booking}"),
    ] {
        let request = ListBookings { user: new_user(), limit: 10, cursor: Some(&cursor) };
        assert_eq!(list_bookings(&database, &request).await, Err(Error::InvalidCursor), "{cursor}");
    }
}

#[tokio::test]
async fn only_confirmed_bookings_are_among_the_confirmed() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let (sold, held, unknown) =
        (seats(event, &["A-1-1"]), seats(event, &["A-1-2"]), seats(event, &["A-1-3"]));
    confirm(&database, &sold).await;
    drain(&database, JournalKind::Reserved, &held).await;
    let asked = [held.booking_id, sold.booking_id, unknown.booking_id];
    assert_eq!(confirmed_among(&database, &asked).await.unwrap(), [sold.booking_id]);
    assert_eq!(confirmed_among(&database, &[]).await.unwrap(), []);
    let too_many = vec![sold.booking_id; ledger::CONFIRMED_AMONG_MAX + 1];
    let error = confirmed_among(&database, &too_many).await.unwrap_err();
    assert!(matches!(error, Error::TooMany { limit: 1000, .. }));
}

#[tokio::test]
async fn the_sweeper_expires_what_is_late_and_waits_longer_for_open_payments() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let (late, due, sold, released, paying, unpaid) = (
        seats(event, &["A-1-1"]),
        seats(event, &["A-1-2"]),
        seats(event, &["A-1-3"]),
        seats(event, &["A-1-4"]),
        seats(event, &["A-1-5"]),
        seats(event, &["A-1-6"]),
    );
    for facts in [&late, &due, &paying, &unpaid] {
        drain(&database, JournalKind::Reserved, facts).await;
    }
    for (payment, facts) in [("pi_open", &paying), ("pi_unpaid", &unpaid)] {
        database
            .execute(&format!(
                "INSERT INTO boxoffice.payments
                     (id, booking_id, event_id, amount, currency, livemode)
                 VALUES ('{payment}', '{}', '{event}', 5000, 'EUR', false)",
                facts.booking_id
            ))
            .await;
    }
    confirm(&database, &sold).await;
    drain(&database, JournalKind::Released, &released).await;
    for (facts, age_s) in
        [(&late, 41), (&due, 39), (&sold, 999), (&released, 999), (&paying, 119), (&unpaid, 121)]
    {
        database
            .execute(&format!(
                "UPDATE boxoffice.bookings SET expires_at = now() - {age_s} * interval '1 s'
                 WHERE id = '{}'",
                facts.booking_id
            ))
            .await;
    }
    assert_eq!(expire_stale_bookings(&database).await.unwrap(), 2);
    assert_eq!(expire_stale_bookings(&database).await.unwrap(), 0);
    let kept = "SELECT count(*) FROM boxoffice.bookings WHERE state = 'reserved'";
    assert_eq!(database.number(kept).await, 2);
    for (facts, status) in [
        (&paying, BookingStatus::Reserved),
        (&unpaid, BookingStatus::Expired),
        (&late, BookingStatus::Expired),
        // Nobody has swept it, and it reads as it will.
        (&due, BookingStatus::Expired),
        (&sold, BookingStatus::Confirmed),
        (&released, BookingStatus::Released),
    ] {
        let found = find_booking(&database, facts.booking_id).await.unwrap().unwrap();
        assert_eq!(found.status, status);
    }
}
