//! The bookings of an event, as its organiser lists them.

use domain::booking::{Booking, BookingStatus};
use domain::contact::Contact;
use domain::id::{BookingId, EventId};
use domain::journal::{JournalEntry, JournalKind};
use domain::time::Instant;
use ledger::{
    BookingFilter, Error, EventBooking, ListEventBookings, cancel_booking, contacts_among,
    drain_journal, event_bookings, find_booking,
};

use crate::support::{Connection, confirm, fresh, new_event, new_event_id, seats, standing};

fn contact(name: &str, email: &str) -> Contact {
    Contact { name: Some(name.to_owned()), email: Some(email.to_owned()), locale: None }
}

async fn drain(database: &Connection, kind: JournalKind, facts: &Booking) {
    let entry = JournalEntry { kind, booking: facts.clone() };
    drain_journal(database, &[entry]).await.unwrap();
}

/// All that fit, read in pages of `limit`; what a page says of the next is followed to the end.
async fn listed(
    database: &Connection,
    event: EventId,
    filter: &BookingFilter,
    limit: u32,
) -> Vec<EventBooking> {
    let (mut all, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let request = ListEventBookings { event, filter, limit, cursor: cursor.as_deref() };
        let page = event_bookings(database, &request).await.unwrap().expect("the event");
        assert!(page.bookings.len() <= limit as usize);
        all.extend(page.bookings);
        cursor = page.next_cursor;
        if cursor.is_none() {
            return all;
        }
    }
}

fn ids(listed: &[EventBooking]) -> Vec<BookingId> {
    listed.iter().map(|it| it.booking.booking_id).collect()
}

#[tokio::test]
async fn every_booking_of_an_event_is_listed_newest_first() {
    let database = fresh().await;
    let (event, other) = (new_event(&database).await, new_event(&database).await);
    let mut made = Vec::new();
    for number in 1..=7 {
        let facts = seats(event, &[&format!("A-1-{number}")]);
        drain(&database, JournalKind::Reserved, &facts).await;
        drain(&database, JournalKind::Reserved, &seats(other, &[&format!("A-1-{number}")])).await;
        made.push(facts);
    }
    drain(&database, JournalKind::Released, &made[0]).await;
    drain(&database, JournalKind::Expired, &made[1]).await;
    confirm(&database, &made[2]).await;
    confirm(&database, &made[3]).await;
    cancel_booking(&database, made[3].booking_id, false).await.unwrap();
    // Past its time, and nobody has swept it.
    let due = Booking { expires_at: Instant::from_unix_ms(1_000), ..seats(event, &["A-2-1"]) };
    drain(&database, JournalKind::Reserved, &due).await;
    made.push(due);

    let newest_first: Vec<_> = made.iter().rev().map(|facts| facts.booking_id).collect();
    for limit in [1, 2, 3, 8, 100] {
        let all = listed(&database, event, &BookingFilter::default(), limit).await;
        assert_eq!(ids(&all), newest_first, "pages of {limit}");
    }
    let all = listed(&database, event, &BookingFilter::default(), 100).await;
    for EventBooking { booking, confirmed_at } in &all {
        let found = find_booking(&database, booking.booking_id).await.unwrap().unwrap();
        assert_eq!(*booking, found, "one state for everybody");
        let was_sold = matches!(found.status, BookingStatus::Confirmed | BookingStatus::Cancelled);
        assert_eq!(confirmed_at.is_some(), was_sold, "{found:?}");
    }
    for (status, expected) in [
        (BookingStatus::Reserved, vec![6, 5, 4]),
        (BookingStatus::Expired, vec![7, 1]),
        (BookingStatus::Released, vec![0]),
        (BookingStatus::Confirmed, vec![2]),
        (BookingStatus::Cancelled, vec![3]),
        (BookingStatus::Refunded, vec![]),
    ] {
        let filter = BookingFilter { status: Some(status), ..BookingFilter::default() };
        let expected: Vec<_> = expected.into_iter().map(|it: usize| made[it].booking_id).collect();
        let fits = listed(&database, event, &filter, 2).await;
        assert_eq!(ids(&fits), expected, "{status:?}");
    }
}

#[tokio::test]
async fn filters_add_up_and_take_texts_as_they_are() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let with = |facts: Booking, contact: Contact| Booking { contact, ..facts };
    let jane = with(seats(event, &["A-1-1"]), contact("Jane Doe", "Jane.Doe@Example.com"));
    let also_jane = with(standing(event, 2), contact("J. Doe", "jane.doe@example.com"));
    let odd = with(seats(event, &["A-1-2"]), contact("100%_\\ '; --", "odd@example.com"));
    let nobody = seats(event, &["A-1-3"]);
    let all = [&jane, &also_jane, &odd, &nobody];
    for facts in all {
        drain(&database, JournalKind::Reserved, facts).await;
    }
    let filter = |section: &str, email: &str, part: &str| BookingFilter {
        status: None,
        section: (!section.is_empty()).then(|| section.parse().unwrap()),
        email: (!email.is_empty()).then(|| email.to_owned()),
        part: (!part.is_empty()).then(|| part.to_owned()),
    };
    let id = nobody.booking_id.to_string();
    for (section, email, part, expected) in [
        ("A", "", "", vec![&nobody, &odd, &jane]),
        ("FLOOR", "", "", vec![&also_jane]),
        ("B", "", "", vec![]),
        ("", "JANE.DOE@example.COM", "", vec![&also_jane, &jane]),
        ("A", "jane.doe@example.com", "", vec![&jane]),
        ("", "jane", "", vec![]),
        ("", "", "DOE", vec![&also_jane, &jane]),
        ("", "", "example.com", vec![&odd, &also_jane, &jane]),
        ("", "", "%_\\", vec![&odd]),
        ("", "", "%", vec![&odd]),
        ("", "", "'; --", vec![&odd]),
        // No part reaches over two of the texts.
        ("", "", "doejane", vec![]),
        ("", "", &id, vec![&nobody]),
        ("", "", &id[40..], vec![&nobody]),
    ] {
        let filter = filter(section, email, part);
        let expected: Vec<_> = expected.iter().map(|facts| facts.booking_id).collect();
        for limit in [1, 100] {
            let fits = listed(&database, event, &filter, limit).await;
            assert_eq!(ids(&fits), expected, "{section} {email} {part} in pages of {limit}");
        }
    }
}

#[tokio::test]
async fn pages_stand_still_while_bookings_are_made() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let mut made = Vec::new();
    for number in 1..=4 {
        let facts = seats(event, &[&format!("A-1-{number}")]);
        drain(&database, JournalKind::Reserved, &facts).await;
        made.push(facts.booking_id);
    }
    let filter = &BookingFilter::default();
    let first = ListEventBookings { event, filter, limit: 2, cursor: None };
    let page = event_bookings(&database, &first).await.unwrap().unwrap();
    assert_eq!(ids(&page.bookings), [made[3], made[2]]);
    drain(&database, JournalKind::Reserved, &seats(event, &["A-1-5"])).await;
    let next = ListEventBookings { cursor: page.next_cursor.as_deref(), ..first };
    let page = event_bookings(&database, &next).await.unwrap().unwrap();
    assert_eq!((ids(&page.bookings), page.next_cursor), (vec![made[1], made[0]], None));

    let of_another = seats(new_event_id(), &["A-1-1"]).booking_id.to_string();
    for cursor in ["", "x", "bk_", &of_another] {
        let request = ListEventBookings { cursor: Some(cursor), ..first };
        let answer = event_bookings(&database, &request).await;
        assert_eq!(answer, Err(Error::InvalidCursor), "{cursor}");
    }
    let unknown = ListEventBookings { event: new_event_id(), ..first };
    assert_eq!(event_bookings(&database, &unknown).await, Ok(None));
}

/// What one page looks at is bounded, whatever a filter leaves out, and says where to go on.
#[tokio::test]
async fn a_page_looks_at_so_many_bookings_and_no_more() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let mut made = Vec::new();
    for number in 1..=7 {
        let facts = seats(event, &[&format!("A-1-{number}")]);
        drain(&database, JournalKind::Reserved, &facts).await;
        made.push(facts.booking_id.to_string());
    }
    let (first, last) = BookingId::bounds(event);
    let page = async |before: &str, part: &str, limit: u32| {
        let sql = format!(
            "SELECT page FROM boxoffice.event_bookings('{event}', '{first}', '{before}', NULL,
             NULL, NULL, '{part}', {limit}, 3)"
        );
        let page: serde_json::Value = serde_json::from_str(&database.texts(&sql).await[0]).unwrap();
        let bookings = page["bookings"].as_array().unwrap().len();
        (bookings, page["examined_to"].as_str().map(str::to_owned))
    };
    let last = last.to_string();
    assert_eq!(page(&last, "nowhere", 2).await, (0, Some(made[4].clone())));
    assert_eq!(page(&made[4], "nowhere", 2).await, (0, Some(made[1].clone())));
    assert_eq!(page(&made[1], "nowhere", 2).await, (0, None));
    assert_eq!(page(&last, &made[0], 2).await, (0, Some(made[4].clone())));
    assert_eq!(page(&made[1], &made[0], 2).await, (1, None));
    assert_eq!(page(&last, "bk_", 2).await, (2, None), "the page is full");
}

#[tokio::test]
async fn contacts_are_told_of_bookings_that_have_one() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let jane = Booking { contact: contact("Jane", "j@example.com"), ..seats(event, &["A-1-1"]) };
    let nobody = seats(event, &["A-1-2"]);
    for facts in [&jane, &nobody] {
        drain(&database, JournalKind::Reserved, facts).await;
        // A later entry without a contact takes nothing away.
        let bare = Booking { contact: Contact::default(), ..facts.clone() };
        drain(&database, JournalKind::Expired, &bare).await;
    }
    let asked = [jane.booking_id, nobody.booking_id];
    let told = contacts_among(&database, &asked).await.unwrap();
    assert_eq!(told, [(jane.booking_id, jane.contact)]);
}
