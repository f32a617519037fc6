//! Tickets: one for each sold unit, with an id of its own, known also when they are no more.

use std::collections::BTreeSet;

use domain::booking::{Booking, BookingStatus};
use domain::id::EventId;
use domain::ticket::{Ticket, TicketStatus};
use ledger::{
    NameHolderOutcome, booking_tickets, cancel_booking, cancel_event, cancel_event_bookings,
    checkin_manifest, find_ticket, name_ticket_holder,
};

use crate::support::{
    Connection, TestDatabase, confirm, fresh, new_event, new_user, seats, standing,
};

/// Sells a booking and returns its tickets.
pub(crate) async fn sold(database: &Connection, booking: &Booking) -> Vec<Ticket> {
    confirm(database, booking).await;
    tickets_of(database, booking).await
}

pub(crate) async fn tickets_of(database: &Connection, booking: &Booking) -> Vec<Ticket> {
    booking_tickets(database, booking.booking_id).await.unwrap().expect("a booking").tickets
}

/// The ids of cancelled tickets that the door has, and the version of its list.
async fn cancelled(database: &Connection, event: EventId) -> (BTreeSet<String>, i64) {
    let manifest = checkin_manifest(database, event).await.unwrap().expect("an event");
    (manifest.cancelled.iter().map(ToString::to_string).collect(), manifest.version)
}

fn ids(tickets: &[Ticket]) -> BTreeSet<String> {
    tickets.iter().map(|ticket| ticket.ticket_id.to_string()).collect()
}

#[tokio::test]
async fn each_sold_unit_has_a_ticket_of_its_own() {
    let database = TestDatabase::create().await.connect_as_application().await;
    let event = new_event(&database).await;
    let booking = seats(event, &["A-1-2", "A-1-10", "A-1-1"]);
    assert_eq!(booking_tickets(&database, booking.booking_id).await, Ok(None));
    let seated = sold(&database, &booking).await;
    let labels: Vec<_> = seated.iter().map(|ticket| ticket.unit().to_string()).collect();
    assert_eq!(labels, ["A-1-1", "A-1-2", "A-1-10"]);
    let on_foot = standing(event, 3);
    let standing = sold(&database, &on_foot).await;
    assert!(standing.iter().all(|it| it.seat.is_none() && it.unit().to_string() == "FLOOR"));
    assert_eq!(ids(&seated).len() + ids(&standing).len(), 6);
    for (ticket, of, price) in seated
        .iter()
        .map(|it| (it, &booking, 5_000))
        .chain(standing.iter().map(|it| (it, &on_foot, 3_500)))
    {
        assert_eq!((ticket.booking_id, ticket.event_id), (of.booking_id, event));
        assert_eq!((ticket.price, ticket.currency.as_str()), (price, "EUR"));
        assert_eq!((ticket.status, &ticket.holder), (TicketStatus::Valid, &None));
        let found = find_ticket(&database, &ticket.ticket_id).await.unwrap().expect("a ticket");
        assert_eq!((found.user, &found.ticket), (of.user_id, ticket));
    }
    // Selling again is no other ticket.
    assert_eq!(sold(&database, &booking).await, seated);
    let unknown = "0123456789ab".parse().unwrap();
    assert_eq!(find_ticket(&database, &unknown).await, Ok(None));
}

#[tokio::test]
async fn ids_of_tickets_are_spread_over_all_their_signs() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let tickets = sold(&database, &standing(event, 100)).await;
    assert_eq!(ids(&tickets).len(), 100);
    let signs: BTreeSet<char> =
        ids(&tickets).iter().flat_map(|id| id.chars().collect::<Vec<_>>()).collect();
    // 1,200 signs of 33: that one is missing happens once in a million times.
    assert!(signs.len() > 30, "{signs:?}");
}

#[tokio::test]
async fn a_cancelled_ticket_stays_known_whatever_deletes_it() {
    let database = fresh().await;
    let event = new_event(&database).await;
    assert_eq!(cancelled(&database, event).await, (BTreeSet::new(), 0));
    let booking = seats(event, &["A-1-1", "A-1-2"]);
    let first = sold(&database, &booking).await;
    cancel_booking(&database, booking.booking_id, false).await.unwrap();
    assert_eq!(cancelled(&database, event).await, (ids(&first), 2));
    let found = booking_tickets(&database, booking.booking_id).await.unwrap().expect("a booking");
    assert_eq!(found.status, BookingStatus::Cancelled);
    let expected: Vec<Ticket> = first
        .iter()
        .map(|ticket| Ticket { status: TicketStatus::Cancelled, ..ticket.clone() })
        .collect();
    assert_eq!(found.tickets, expected);

    // The seats are sold again, as other tickets; a part of these goes, by whatever statement.
    let second_booking = seats(event, &["A-1-1", "A-1-2"]);
    let second = sold(&database, &second_booking).await;
    assert!(ids(&second).is_disjoint(&ids(&first)));
    database.execute("DELETE FROM boxoffice.tickets WHERE seat = 'A-1-1'").await;
    let states: Vec<_> =
        tickets_of(&database, &second_booking).await.iter().map(|it| it.status).collect();
    assert_eq!(states, [TicketStatus::Cancelled, TicketStatus::Valid]);
    let (known, version) = cancelled(&database, event).await;
    assert_eq!((known.len(), version), (3, 3));

    // And with its event.
    cancel_event(&database, event).await.unwrap();
    cancel_event_bookings(&database, event).await.unwrap();
    let (known, version) = cancelled(&database, event).await;
    assert_eq!((known, version), (&ids(&first) | &ids(&second), 4));
    // That of another event is not in it.
    let other = new_event(&database).await;
    assert_eq!(cancelled(&database, other).await, (BTreeSet::new(), 0));
    let nowhere = crate::support::new_event_id();
    assert_eq!(checkin_manifest(&database, nowhere).await, Ok(None));
}

#[tokio::test]
async fn only_its_owner_names_who_will_come() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let booking = seats(event, &["A-1-1"]);
    let ticket = sold(&database, &booking).await.remove(0);
    let id = &ticket.ticket_id;
    for holder in ["Ada Łovelace", "\u{65e5}\u{672c}", "'); --"] {
        let named = name_ticket_holder(&database, id, booking.user_id, holder).await.unwrap();
        let expected = Ticket { holder: Some(holder.to_owned()), ..ticket.clone() };
        assert_eq!(named, NameHolderOutcome::Named(Box::new(expected.clone())));
        assert_eq!(tickets_of(&database, &booking).await, [expected]);
    }
    let other = name_ticket_holder(&database, id, new_user(), "Eve").await.unwrap();
    assert_eq!(other, NameHolderOutcome::Missing);
    cancel_booking(&database, booking.booking_id, false).await.unwrap();
    let late = name_ticket_holder(&database, id, booking.user_id, "Eve").await.unwrap();
    assert_eq!(late, NameHolderOutcome::Cancelled);
    let other = name_ticket_holder(&database, id, new_user(), "Eve").await.unwrap();
    assert_eq!(other, NameHolderOutcome::Missing);
    let holders: Vec<_> =
        tickets_of(&database, &booking).await.into_iter().map(|it| it.holder).collect();
    assert_eq!(holders, [Some("'); --".to_owned())]);
}

/// What was sold before there were ids gets them by the migration.
#[tokio::test]
async fn what_was_sold_before_has_tickets_too() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let (seated, on_foot) = (seats(event, &["A-1-1", "A-1-2"]), standing(event, 50));
    confirm(&database, &seated).await;
    confirm(&database, &on_foot).await;
    database
        .execute(
            "ALTER TABLE boxoffice.tickets
                 DROP COLUMN ticket_id, DROP COLUMN holder, DROP COLUMN price;
             DROP TABLE boxoffice.cancelled_tickets, boxoffice.admissions, boxoffice.scans CASCADE",
        )
        .await;
    let migration = stack::schema_folder().join("migrations/V12__tickets.sql");
    database.execute(&std::fs::read_to_string(migration).unwrap()).await;
    let tickets = [tickets_of(&database, &seated).await, tickets_of(&database, &on_foot).await];
    assert_eq!(ids(&tickets.concat()).len(), 52);
    let prices = tickets.map(|all| all.iter().map(|it| it.price).collect::<BTreeSet<_>>());
    assert_eq!(prices, [BTreeSet::from([5_000]), BTreeSet::from([3_500])]);
}
