//! Whether the two stores tell the same of an event: free + held + sold = capacity, in both.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::inspect::ledger::Tables;
use crate::inspect::redis::RedisEvent;
use crate::load::venue::Venue;

/// Differences that are told of one event; the rest is more of the same.
const TOLD_MAX: usize = 4;

/// Everything in which Redis and Postgres differ, and in which each contradicts itself.
pub fn differences(venue: &Venue, redis: &RedisEvent, ledger: &Tables) -> Vec<String> {
    let mut found = Vec::new();
    sums(venue, redis, &mut found);
    let of_event = |table: &str| -> Vec<&Value> {
        let rows = ledger.get(table).into_iter().flatten();
        rows.filter(|row| row["event_id"].as_str() == Some(&venue.id)).collect()
    };
    let (tickets, bookings) = (of_event("tickets"), of_event("bookings"));
    let sections = of_event("sections");

    for (section, ..) in &venue.seated {
        let map = seats(section, redis.maps.get(*section).map_or("", String::as_str), venue);
        let sold: BTreeSet<String> = tickets
            .iter()
            .filter(|ticket| ticket["section"].as_str() == Some(section))
            .filter_map(|ticket| ticket["seat"].as_str().map(str::to_owned))
            .collect();
        differ(&mut found, "sold in Redis alone", map.sold.difference(&sold));
        differ(&mut found, "sold in Postgres alone", sold.difference(&map.sold));
        equal(&mut found, &format!("sold:{section}"), redis, map.sold.len());
        equal(&mut found, &format!("held:{section}"), redis, map.held.len());
        equal(&mut found, &format!("available:{section}"), redis, map.free);
    }
    for section in &venue.standing {
        let row = sections.iter().find(|row| row["name"].as_str() == Some(section));
        let sold = row.and_then(|row| row["standing_sold"].as_u64()).unwrap_or_default();
        equal(&mut found, &format!("sold:{section}"), redis, usize::try_from(sold).unwrap_or(0));
        let count = tickets.iter().filter(|it| it["section"].as_str() == Some(section)).count();
        if count as u64 != sold {
            found.push(format!("{section}: {sold} places sold, {count} tickets"));
        }
    }

    let reserved: BTreeSet<String> = ids_in(&bookings, "reserved");
    let held: BTreeSet<String> = redis.bookings.keys().cloned().collect();
    differ(&mut found, "held in Redis alone", held.difference(&reserved));
    differ(&mut found, "reserved in Postgres alone", reserved.difference(&held));
    let confirmed: i64 = bookings
        .iter()
        .filter(|row| row["state"].as_str() == Some("confirmed"))
        .filter_map(|row| row["quantity"].as_i64())
        .sum();
    if confirmed != tickets.len() as i64 {
        found.push(format!("{confirmed} places confirmed, {} tickets", tickets.len()));
    }
    found.into_iter().map(|it| format!("{} ({}): {it}", venue.name, venue.id)).collect()
}

fn sums(venue: &Venue, redis: &RedisEvent, found: &mut Vec<String>) {
    let [available, held, sold] = ["available", "held", "sold"].map(|name| redis.count(name));
    if available + held + sold != venue.capacity || available < 0 || held < 0 || sold < 0 {
        found.push(format!("{available} free + {held} held + {sold} sold != {}", venue.capacity));
    }
    for (name, sum) in [("available", available), ("held", held), ("sold", sold)] {
        let sections = venue.seated.iter().map(|(name, ..)| name).chain(&venue.standing);
        let parts: i64 = sections.map(|section| redis.count(&format!("{name}:{section}"))).sum();
        if parts != sum {
            found.push(format!("{name}: {sum} in all, {parts} in the sections"));
        }
    }
}

struct Seats {
    sold: BTreeSet<String>,
    held: BTreeSet<String>,
    free: usize,
}

/// Reads the map of a section: rows of seats, one other character between two rows.
fn seats(section: &str, map: &str, venue: &Venue) -> Seats {
    let seats_per_row =
        venue.seated.iter().find(|(name, ..)| *name == section).map_or(1, |(.., seats)| *seats);
    let mut seats = Seats { sold: BTreeSet::new(), held: BTreeSet::new(), free: 0 };
    for (offset, character) in map.chars().enumerate() {
        let width = seats_per_row as usize + 1;
        let label = format!("{section}-{}-{}", offset / width + 1, offset % width + 1);
        match character {
            's' => drop(seats.sold.insert(label)),
            'h' => drop(seats.held.insert(label)),
            '.' => seats.free += 1,
            _ => {}
        }
    }
    seats
}

fn ids_in(bookings: &[&Value], state: &str) -> BTreeSet<String> {
    let rows = bookings.iter().filter(|row| row["state"].as_str() == Some(state));
    rows.filter_map(|row| row["id"].as_str().map(str::to_owned)).collect()
}

fn differ<'a>(found: &mut Vec<String>, what: &str, only: impl Iterator<Item = &'a String>) {
    let only: Vec<&str> = only.map(String::as_str).collect();
    if !only.is_empty() {
        let told = only[..only.len().min(TOLD_MAX)].join(", ");
        found.push(format!("{} {what}: {told}", only.len()));
    }
}

fn equal(found: &mut Vec<String>, count: &str, redis: &RedisEvent, expected: usize) {
    if redis.count(count) != i64::try_from(expected).unwrap_or(i64::MAX) {
        found.push(format!("{count} is {} and should be {expected}", redis.count(count)));
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;

    pub(crate) fn venue() -> Venue {
        Venue {
            id: "e1".to_owned(),
            name: "test",
            has_queue: false,
            seated: vec![("A", 2, 2)],
            standing: vec!["FLOOR"],
            hold_ttl_s: 6,
            max_active: 5,
            capacity: 14,
        }
    }

    /// Two seats sold, one held; three standing places sold.
    pub(crate) fn whole() -> (RedisEvent, Tables) {
        let counts = [
            ("available", 8),
            ("held", 1),
            ("sold", 5),
            ("available:A", 1),
            ("held:A", 1),
            ("sold:A", 2),
            ("available:FLOOR", 7),
            ("held:FLOOR", 0),
            ("sold:FLOOR", 3),
        ];
        let redis = RedisEvent {
            counts: counts.map(|(name, count)| (name.to_owned(), count)).into(),
            maps: [("A".to_owned(), "ss/h.".to_owned())].into(),
            holders: [("A-2-1".to_owned(), "bk_h".to_owned())].into(),
            bookings: [("bk_h".to_owned(), "held".to_owned())].into(),
            journal: 0,
        };
        let row = |id: &str, state: &str, section: &str, seats: &[&str], quantity: i64| {
            json!({ "id": id, "event_id": "e1", "user_id": "u", "state": state,
                "section": section, "seats": seats, "quantity": quantity, "amount": 100,
                "currency": "EUR" })
        };
        let ticket = |seat: &str, booking: &str, section: &str| json!({ "event_id": "e1", "seat": seat, "booking_id": booking, "section": section });
        let tables = [
            (
                "bookings".to_owned(),
                vec![
                    row("bk_1", "confirmed", "A", &["A-1-1", "A-1-2"], 2),
                    row("bk_2", "confirmed", "FLOOR", &[], 3),
                    row("bk_h", "reserved", "A", &["A-2-1"], 1),
                ],
            ),
            (
                "tickets".to_owned(),
                vec![
                    ticket("A-1-1", "bk_1", "A"),
                    ticket("A-1-2", "bk_1", "A"),
                    ticket("FLOOR-bk_2-1", "bk_2", "FLOOR"),
                    ticket("FLOOR-bk_2-2", "bk_2", "FLOOR"),
                    ticket("FLOOR-bk_2-3", "bk_2", "FLOOR"),
                ],
            ),
            (
                "sections".to_owned(),
                vec![json!({ "event_id": "e1", "name": "FLOOR", "standing_sold": 3 })],
            ),
        ];
        (redis, tables.into())
    }

    #[test]
    fn stores_that_agree_have_no_differences() {
        let (redis, tables) = whole();
        assert_eq!(differences(&venue(), &redis, &tables), Vec::<String>::new());
    }

    #[test]
    fn each_difference_is_found() {
        let (redis, tables) = whole();
        let mut lost = redis.clone();
        lost.maps.insert("A".to_owned(), ".s/h.".to_owned());
        assert!(differences(&venue(), &lost, &tables)[0].contains("sold in Postgres alone: A-1-1"));
        let mut leaked = redis.clone();
        leaked.counts.insert("held".to_owned(), 2);
        assert!(!differences(&venue(), &leaked, &tables).is_empty());
        let mut forgotten = redis.clone();
        forgotten.bookings.clear();
        let found = differences(&venue(), &forgotten, &tables);
        assert!(found[0].contains("reserved in Postgres alone: bk_h"), "{found:?}");
        let mut oversold = tables.clone();
        oversold.get_mut("sections").expect("it")[0]["standing_sold"] = json!(4);
        assert!(!differences(&venue(), &redis, &oversold).is_empty());
    }
}
