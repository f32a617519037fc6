//! Whether the two stores tell the same of an event: free + held + sold = capacity, in both.

use std::collections::BTreeSet;

use crate::inspect::ledger::{BookingRow, BookingState, SectionRow, Tables, TicketRow};
use crate::inspect::redis::RedisEvent;
use crate::load::venue::Venue;

/// Differences that are told of one event; the rest is more of the same.
const TOLD_MAX: usize = 4;

/// Everything in which Redis and Postgres differ, and in which each contradicts itself.
pub fn differences(venue: &Venue, redis: &RedisEvent, ledger: &Tables) -> Vec<String> {
    let mut found = Vec::new();
    sums(venue, redis, &mut found);
    let id = &venue.id;
    let tickets: Vec<&TicketRow> =
        ledger.tickets.iter().filter(|row| row.event_id == *id).collect();
    let bookings: Vec<&BookingRow> =
        ledger.bookings.iter().filter(|row| row.event_id == *id).collect();
    let sections: Vec<&SectionRow> =
        ledger.sections.iter().filter(|row| row.event_id == *id).collect();

    for (section, ..) in &venue.seated {
        let map = seats(section, redis.maps.get(*section).map_or("", String::as_str), venue);
        let sold: BTreeSet<String> = tickets
            .iter()
            .filter(|ticket| ticket.section == *section)
            .map(|ticket| ticket.seat.clone())
            .collect();
        differ(&mut found, "sold in Redis alone", map.sold.difference(&sold));
        differ(&mut found, "sold in Postgres alone", sold.difference(&map.sold));
        equal(&mut found, &format!("sold:{section}"), redis, map.sold.len());
        equal(&mut found, &format!("held:{section}"), redis, map.held.len());
        equal(&mut found, &format!("available:{section}"), redis, map.free);
    }
    for section in &venue.standing {
        let Some(row) = sections.iter().find(|row| row.name == *section) else {
            found.push(format!("{section} is not in Postgres"));
            continue;
        };
        let sold = row.standing_sold;
        equal(&mut found, &format!("sold:{section}"), redis, usize::try_from(sold).unwrap_or(0));
        let count = tickets.iter().filter(|it| it.section == *section).count();
        if count as u64 != sold {
            found.push(format!("{section}: {sold} places sold, {count} tickets"));
        }
    }

    let noted = ledger.events.iter().find(|row| row.id == *id).map(|row| row.sold_out);
    let sold_out = redis.counts.get("sold").is_some_and(|sold| sold >= venue.capacity);
    if noted != Some(sold_out) {
        found.push(format!("sold out is noted as {noted:?} and is {sold_out}"));
    }

    let reserved: BTreeSet<String> = ids_in(&bookings, BookingState::Reserved);
    let held: BTreeSet<String> = redis.bookings.keys().cloned().collect();
    differ(&mut found, "held in Redis alone", held.difference(&reserved));
    differ(&mut found, "reserved in Postgres alone", reserved.difference(&held));
    let confirmed = bookings.iter().filter(|row| row.state == BookingState::Confirmed);
    let confirmed: u64 = confirmed.map(|row| row.quantity).sum();
    if confirmed != tickets.len() as u64 {
        found.push(format!("{confirmed} places confirmed, {} tickets", tickets.len()));
    }
    found.into_iter().map(|it| format!("{} ({}): {it}", venue.name, venue.id)).collect()
}

fn sums(venue: &Venue, redis: &RedisEvent, found: &mut Vec<String>) {
    let mut count = |name: &str| {
        redis.counts.get(name).unwrap_or_else(|| {
            found.push(format!("there is no count {name}"));
            0
        })
    };
    let [available, held, sold] = ["available", "held", "sold"].map(&mut count);
    let sections: Vec<&str> =
        venue.seated.iter().map(|(name, ..)| *name).chain(venue.standing.clone()).collect();
    let in_sections = ["available", "held", "sold"].map(|name| -> i64 {
        sections.iter().map(|section| count(&format!("{name}:{section}"))).sum()
    });
    if available + held + sold != venue.capacity || available < 0 || held < 0 || sold < 0 {
        found.push(format!("{available} free + {held} held + {sold} sold != {}", venue.capacity));
    }
    let sums = [("available", available), ("held", held), ("sold", sold)];
    for ((name, sum), parts) in sums.into_iter().zip(in_sections) {
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

fn ids_in(bookings: &[&BookingRow], state: BookingState) -> BTreeSet<String> {
    let rows = bookings.iter().filter(|row| row.state == state);
    rows.map(|row| row.id.clone()).collect()
}

fn differ<'a>(found: &mut Vec<String>, what: &str, only: impl Iterator<Item = &'a String>) {
    let only: Vec<&str> = only.map(String::as_str).collect();
    if !only.is_empty() {
        let told = only[..only.len().min(TOLD_MAX)].join(", ");
        found.push(format!("{} {what}: {told}", only.len()));
    }
}

fn equal(found: &mut Vec<String>, count: &str, redis: &RedisEvent, expected: usize) {
    // A count that is missing is told with the sums.
    let Some(is) = redis.counts.get(count) else { return };
    if is != i64::try_from(expected).unwrap_or(i64::MAX) {
        found.push(format!("{count} is {is} and should be {expected}"));
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::inspect::ledger::EventRow;
    use crate::inspect::ledger::tests::{booking, ticket};
    use crate::inspect::redis::{Counts, Hold};

    pub(crate) fn venue() -> Venue {
        Venue {
            id: "e1".to_owned(),
            name: "test",
            has_queue: false,
            seated: vec![("A", 2, 2)],
            standing: vec!["FLOOR"],
            hold_ttl_s: 6,
            max_active: 5,
            max_per_buyer: 6,
            capacity: 14,
        }
    }

    /// Two seats sold, one held; three standing places sold.
    pub(crate) fn whole() -> (RedisEvent, Tables) {
        let counts = [
            ("available", 8),
            ("held", 1),
            ("sold", 5),
            ("number", 0),
            ("available:A", 1),
            ("held:A", 1),
            ("sold:A", 2),
            ("available:FLOOR", 7),
            ("held:FLOOR", 0),
            ("sold:FLOOR", 3),
        ];
        let hold = Hold { section: "A".to_owned(), seats: vec!["2-1".to_owned()] };
        let redis = RedisEvent {
            counts: read(&counts),
            maps: [("A".to_owned(), "ss/h.".to_owned())].into(),
            holders: [("A-2-1".to_owned(), "bk_h".to_owned())].into(),
            bookings: [("bk_h".to_owned(), hold)].into(),
            journal: 0,
        };
        let tables = Tables {
            bookings: vec![
                booking("bk_1", BookingState::Confirmed, &["A-1-1", "A-1-2"]),
                BookingRow { quantity: 3, ..booking("bk_2", BookingState::Confirmed, &[]) },
                booking("bk_h", BookingState::Reserved, &["A-2-1"]),
            ],
            tickets: vec![
                ticket("A-1-1", "bk_1", "A"),
                ticket("A-1-2", "bk_1", "A"),
                ticket("FLOOR-bk_2-1", "bk_2", "FLOOR"),
                ticket("FLOOR-bk_2-2", "bk_2", "FLOOR"),
                ticket("FLOOR-bk_2-3", "bk_2", "FLOOR"),
            ],
            events: vec![EventRow { id: "e1".to_owned(), sold_out: false }],
            sections: vec![SectionRow {
                event_id: "e1".to_owned(),
                name: "FLOOR".to_owned(),
                standing_sold: 3,
            }],
            ..Tables::default()
        };
        (redis, tables)
    }

    /// The counts, as Redis would say them.
    fn read(counts: &[(&str, i64)]) -> Counts {
        let fields = counts.iter().map(|(name, count)| ((*name).to_owned(), count.to_string()));
        Counts::read(&fields.collect()).expect("whole counts")
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
        leaked.counts = read(&[("available", 8), ("held", 2), ("sold", 5), ("number", 0)]);
        let found = differences(&venue(), &leaked, &tables);
        assert!(found.iter().any(|it| it.contains("8 free + 2 held + 5 sold != 14")), "{found:?}");
        assert!(found.iter().any(|it| it.contains("there is no count held:A")), "{found:?}");
        let mut forgotten = redis.clone();
        forgotten.bookings.clear();
        let found = differences(&venue(), &forgotten, &tables);
        assert!(found[0].contains("reserved in Postgres alone: bk_h"), "{found:?}");
        let mut outdated = tables.clone();
        outdated.events[0].sold_out = true;
        let found = differences(&venue(), &redis, &outdated);
        assert!(found[0].contains("sold out is noted as Some(true) and is false"), "{found:?}");
        let mut oversold = tables.clone();
        oversold.sections[0].standing_sold = 4;
        assert!(!differences(&venue(), &redis, &oversold).is_empty());
    }
}
