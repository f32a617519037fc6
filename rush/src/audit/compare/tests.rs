//! Each difference is made on purpose in a consistent snapshot and must be found.

use super::*;
use crate::api::Availability;
use crate::audit::postgres_state::Ticket;
use crate::audit::{Ledger, RedisState};

/// Section A has two rows of two seats, two of them sold; FLOOR has five places, three sold.
fn consistent() -> Snapshot {
    let section = |name: &str, kind: &str, capacity, available, sold| SectionAvailability {
        name: name.to_owned(),
        kind: kind.to_owned(),
        price: 100,
        capacity,
        available,
        held: 0,
        sold,
    };
    let ticket = |section: &str, seat: &str| Ticket {
        section: section.to_owned(),
        seat: seat.to_owned(),
        count: 1,
    };
    let counts = [
        ("available", 4),
        ("held", 0),
        ("sold", 5),
        ("available:A", 2),
        ("held:A", 0),
        ("sold:A", 2),
        ("available:FLOOR", 2),
        ("held:FLOOR", 0),
        ("sold:FLOOR", 3),
    ];
    Snapshot {
        availability: Availability {
            status: "on_sale".to_owned(),
            capacity: 9,
            available: 4,
            held: 0,
            sold: 5,
            sections: vec![section("A", "seated", 4, 2, 2), section("FLOOR", "standing", 5, 2, 3)],
        },
        redis: RedisState {
            counts: counts.map(|(name, count)| (name.to_owned(), count)).into(),
            maps: [("A".to_owned(), b"s./.s".to_vec())].into(),
            holders: ["A-1-1", "A-2-2", "FLOOR-bk_1", "FLOOR-bk_2"].map(str::to_owned).into(),
            buyers_total: 5,
            bookings: 0,
            expiries: 0,
            key_names: ["settings", "counts", "map:A"].map(str::to_owned).into(),
            slots: [7].into(),
            masters_with_keys: 1,
        },
        ledger: Ledger {
            tickets: vec![
                ticket("A", "A-1-1"),
                ticket("A", "A-2-2"),
                ticket("FLOOR", "FLOOR-bk_1-1"),
                ticket("FLOOR", "FLOOR-bk_1-2"),
                ticket("FLOOR", "FLOOR-bk_2-1"),
            ],
            standing_sold: [("FLOOR".to_owned(), 3)].into(),
            confirmed_quantity: 5,
            ticket_ids: 5,
            admitted_twice: 0,
        },
    }
}

const PAID: i64 = 5;

#[test]
fn one_story_has_no_findings() {
    assert_eq!(compare(&consistent(), PAID), []);
}

#[test]
fn a_seat_with_two_tickets_is_oversold() {
    let mut snapshot = consistent();
    snapshot.ledger.tickets[0].count = 2;
    let findings = compare(&snapshot, PAID);
    let what = "seat A-1-1 has 2 tickets".to_owned();
    assert!(findings.contains(&Finding::Oversold { places: 1, what }), "{findings:?}");
}

#[test]
fn more_tickets_than_places_to_stand_are_oversold() {
    let mut snapshot = consistent();
    snapshot.availability.sections[1].capacity = 2;
    let findings = compare(&snapshot, PAID);
    let what = "section FLOOR has 2 places".to_owned();
    assert!(findings.contains(&Finding::Oversold { places: 1, what }), "{findings:?}");
}

#[test]
fn a_ticket_nobody_paid_for_is_found() {
    assert_eq!(compare(&consistent(), PAID - 1).len(), 1);
}

/// Breaks one thing.
type Break = fn(&mut Snapshot);

#[test]
fn every_difference_between_the_stores_is_found() {
    let breaks: [(&str, Break); 17] = [
        ("an id of two tickets", |it| it.ledger.ticket_ids -= 1),
        ("a ticket admitted twice", |it| it.ledger.admitted_twice += 1),
        ("API available", |it| it.availability.available += 1),
        ("API held", |it| it.availability.held += 1),
        ("API section sold", |it| it.availability.sections[0].sold += 1),
        ("Redis count", |it| *it.redis.counts.get_mut("sold").unwrap() += 1),
        ("Redis section count", |it| *it.redis.counts.get_mut("held:A").unwrap() += 1),
        ("another seat sold in the map", |it| {
            it.redis.maps.insert("A".to_owned(), b".s/.s".to_vec());
        }),
        ("no map", |it| it.redis.maps.clear()),
        ("a holder of a free seat", |it| {
            it.redis.holders.insert("A-1-2".to_owned());
        }),
        ("buyers", |it| it.redis.buyers_total -= 1),
        ("an unresolved booking", |it| it.redis.bookings += 1),
        ("an expiry", |it| it.redis.expiries += 1),
        ("a ticket lost", |it| {
            it.ledger.tickets.pop();
        }),
        ("the standing counter", |it| {
            it.ledger.standing_sold.insert("FLOOR".to_owned(), 2);
        }),
        ("a key for a user", |it| it.redis.key_names.push("user:1".to_owned())),
        ("two slots", |it| {
            it.redis.slots.insert(8);
        }),
    ];
    for (what, break_it) in breaks {
        let mut snapshot = consistent();
        break_it(&mut snapshot);
        let findings = compare(&snapshot, PAID);
        let mismatch = findings.iter().any(|finding| matches!(finding, Finding::Mismatch(_)));
        assert!(mismatch, "{what} was not found");
    }
}
