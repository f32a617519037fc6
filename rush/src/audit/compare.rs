//! Finds every difference between the stores. Pure.

use std::collections::BTreeSet;
use std::fmt;

use domain::section::{ROW_SEPARATOR, SEAT_FREE, SEAT_HELD, SEAT_SOLD};

use super::Snapshot;
use crate::api::SectionAvailability;

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Finding {
    /// More was sold than there is: `places` too many.
    Oversold {
        /// How many places too many.
        places: i64,
        what: String,
    },
    /// Two stores, or a store and a rule, disagree.
    Mismatch(String),
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Oversold { places, what } => write!(formatter, "oversold by {places}: {what}"),
            Self::Mismatch(what) => write!(formatter, "mismatch: {what}"),
        }
    }
}

/// The names of an event's keys in Redis besides one `map:<section>` for each seated section.
const KEY_NAMES: [&str; 18] = [
    "settings",
    "counts",
    "queue",
    "passes",
    "admissions",
    "places",
    "holders",
    "bookings",
    "resolved",
    "expiry",
    "buyers",
    "answers",
    "answer_times",
    "journal",
    "feed",
    "seen",
    "away",
    "addresses",
];

/// Everything that must not be, of an event in which nothing is pending any more. `paid` is how
/// many tickets buyers have paid for.
pub(crate) fn compare(snapshot: &Snapshot, paid: i64) -> Vec<Finding> {
    let mut findings = Vec::new();
    check_oversold(snapshot, &mut findings);
    check_totals(snapshot, paid, &mut findings);
    for section in &snapshot.availability.sections {
        check_counts(snapshot, section, &mut findings);
        if section.kind == "seated" {
            check_map(snapshot, section, &mut findings);
        }
    }
    check_holders(snapshot, &mut findings);
    check_keys(snapshot, &mut findings);
    findings
}

fn check_oversold(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    for ticket in &snapshot.ledger.tickets {
        if ticket.count > 1 {
            let what = format!("seat {} has {} tickets", ticket.seat, ticket.count);
            findings.push(Finding::Oversold { places: ticket.count - 1, what });
        }
    }
    for section in &snapshot.availability.sections {
        let sold = snapshot.ledger.sold_in(&section.name);
        if sold > section.capacity {
            let what = format!("section {} has {} places", section.name, section.capacity);
            findings.push(Finding::Oversold { places: sold - section.capacity, what });
        }
    }
}

fn check_totals(snapshot: &Snapshot, paid: i64, findings: &mut Vec<Finding>) {
    let Snapshot { availability, redis, ledger } = snapshot;
    let tickets: i64 = ledger.tickets.iter().map(|ticket| ticket.count).sum();
    let sections = &availability.sections;
    let sum = |number: fn(&SectionAvailability) -> i64| sections.iter().map(number).sum::<i64>();
    let whole = availability.available + availability.held + availability.sold;
    for (what, left, right) in [
        ("tickets sold and tickets paid for", tickets, paid),
        ("available + held + sold and the capacity", whole, availability.capacity),
        ("capacity of the sections and of the event", sum(|s| s.capacity), availability.capacity),
        (
            "available in the sections and in the event",
            sum(|s| s.available),
            availability.available,
        ),
        ("held in the sections and in the event", sum(|s| s.held), availability.held),
        ("sold in the sections and in the event", sum(|s| s.sold), availability.sold),
        ("sold in the API and tickets in Postgres", availability.sold, tickets),
        ("held in the API and nothing pending", availability.held, 0),
        ("available in the API and in Redis", availability.available, redis.count("available")),
        ("held in the API and in Redis", availability.held, redis.count("held")),
        ("sold in the API and in Redis", availability.sold, redis.count("sold")),
        ("tickets of all buyers in Redis and sold", redis.buyers_total, availability.sold),
        ("unresolved bookings in Redis and nothing pending", redis.bookings, 0),
        ("expiries in Redis and nothing pending", redis.expiries, 0),
        ("tickets of confirmed bookings and tickets", ledger.confirmed_quantity, tickets),
        ("tickets of confirmed bookings and ids of tickets", ledger.ticket_ids, tickets),
        ("tickets admitted twice and none", ledger.admitted_twice, 0),
    ] {
        expect_equal(what, left, right, findings);
    }
}

fn check_counts(snapshot: &Snapshot, section: &SectionAvailability, findings: &mut Vec<Finding>) {
    let Snapshot { redis, ledger, .. } = snapshot;
    let name = &section.name;
    let whole = section.available + section.held + section.sold;
    for (what, left, right) in [
        ("available + held + sold and the capacity", whole, section.capacity),
        (
            "available in the API and in Redis",
            section.available,
            redis.count(&format!("available:{name}")),
        ),
        ("held in the API and in Redis", section.held, redis.count(&format!("held:{name}"))),
        ("sold in the API and in Redis", section.sold, redis.count(&format!("sold:{name}"))),
        ("sold in the API and tickets in Postgres", section.sold, ledger.sold_in(name)),
    ] {
        expect_equal(&format!("section {name}: {what}"), left, right, findings);
    }
    if section.kind == "standing" {
        let counter = ledger.standing_sold.get(name).copied().unwrap_or(0);
        let what = format!("section {name}: Postgres' counter and its tickets");
        expect_equal(&what, counter, ledger.sold_in(name), findings);
    }
}

fn check_map(snapshot: &Snapshot, section: &SectionAvailability, findings: &mut Vec<Finding>) {
    let name = &section.name;
    let Some(map) = snapshot.redis.maps.get(name) else {
        findings.push(Finding::Mismatch(format!("section {name}: no map in Redis")));
        return;
    };
    let seats_as = |wanted: u8| {
        map.iter().filter(|seat| **seat == wanted).count().try_into().unwrap_or(i64::MAX)
    };
    for (what, character, count) in [
        ("free", SEAT_FREE, section.available),
        ("held", SEAT_HELD, section.held),
        ("sold", SEAT_SOLD, section.sold),
    ] {
        let what = format!("section {name}: {what} seats in the map and in the API");
        expect_equal(&what, seats_as(character), count, findings);
    }
    let in_map = seats_of_map(name, map, |seat| seat == SEAT_SOLD);
    let in_ledger: BTreeSet<String> = snapshot
        .ledger
        .tickets
        .iter()
        .filter(|ticket| ticket.section == *name)
        .map(|ticket| ticket.seat.clone())
        .collect();
    let what = format!("section {name}: sold seats in the map and tickets in Postgres");
    expect_same_seats(&what, &in_map, &in_ledger, findings);
}

/// A seat has its owner under its label, places to stand under `<section>-<booking>`, which is what
/// their tickets begin with.
fn check_holders(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    let maps = &snapshot.redis.maps;
    let mut taken: BTreeSet<String> =
        maps.iter().flat_map(|(name, map)| seats_of_map(name, map, |it| it != SEAT_FREE)).collect();
    let standing = snapshot.ledger.tickets.iter().filter(|it| !maps.contains_key(&it.section));
    taken.extend(standing.filter_map(|it| Some(it.seat.rsplit_once('-')?.0.to_owned())));
    let what = "places taken and holders in Redis";
    expect_same_seats(what, &taken, &snapshot.redis.holders, findings);
}

fn check_keys(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    let redis = &snapshot.redis;
    for name in &redis.key_names {
        let section = name.strip_prefix("map:");
        let known = KEY_NAMES.contains(&name.as_str())
            || section.is_some_and(|section| {
                snapshot.availability.sections.iter().any(|known| known.name == section)
            });
        if !known {
            findings.push(Finding::Mismatch(format!("an unknown key in Redis: {name}")));
        }
    }
    if redis.masters_with_keys != 1 {
        let masters = redis.masters_with_keys;
        findings.push(Finding::Mismatch(format!("the keys lie on {masters} masters, not on one")));
    }
    if redis.slots.len() > 1 {
        findings.push(Finding::Mismatch(format!("the keys lie in slots {:?}", redis.slots)));
    }
}

/// The seats of a stored map whose character is `wanted`, as labels.
fn seats_of_map(section: &str, map: &[u8], wanted: impl Fn(u8) -> bool) -> BTreeSet<String> {
    map.split(|character| *character == ROW_SEPARATOR)
        .zip(1_u32..)
        .flat_map(|(row, row_number)| {
            row.iter().zip(1_u32..).map(move |(seat, number)| (row_number, number, *seat))
        })
        .filter(|(_, _, seat)| wanted(*seat))
        .map(|(row, number, _)| format!("{section}-{row}-{number}"))
        .collect()
}

fn expect_equal(what: &str, left: i64, right: i64, findings: &mut Vec<Finding>) {
    if left != right {
        findings.push(Finding::Mismatch(format!("{what}: {left} and {right}")));
    }
}

/// One finding for each seat that only one side has.
fn expect_same_seats(
    what: &str,
    left: &BTreeSet<String>,
    right: &BTreeSet<String>,
    findings: &mut Vec<Finding>,
) {
    for seat in left.symmetric_difference(right) {
        let side = if left.contains(seat) { "first" } else { "second" };
        findings.push(Finding::Mismatch(format!("{what}: only the {side} have {seat}")));
    }
}

#[cfg(test)]
mod tests;
