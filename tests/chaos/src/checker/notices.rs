//! Promise 23: who has a ticket is told, at least once and under one id; nobody else is.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use super::evidence::Evidence;

/// Promise 23.
pub(crate) fn at_least_once(evidence: &Evidence) -> Finding {
    let mut violations = Vec::new();
    let outbox = &evidence.ledger().outbox;
    let mut of_booking: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for row in outbox {
        ids.insert(row.id.as_str());
        of_booking.entry((&row.booking_id, &row.kind)).or_default().push(&row.id);
    }
    for ((booking, kind), rows) in &of_booking {
        // Each part of a booking is told of once, and its money once.
        let times_max = if kind.starts_with("booking.part_") {
            let mut bookings = evidence.ledger().bookings.iter();
            bookings.find(|row| row.id == *booking).map_or(0, |row| row.given_up.len())
        } else {
            1
        };
        if rows.len() > times_max {
            violations.push(format!("{kind} of {booking} has {} ids", rows.len()));
        }
    }
    let mut confirmed = 0;
    for row in evidence.ledger().bookings.iter().filter(|row| row.confirmed_at.is_some()) {
        confirmed += 1;
        let id = row.id.as_str();
        if !of_booking.contains_key(&(id, "booking.confirmed")) {
            violations.push(format!("{id} was confirmed and nobody is to be told"));
        }
    }
    for (id, bodies) in &evidence.notices {
        if !ids.contains(id.as_str()) {
            violations.push(format!("{id} was told and is not in the outbox"));
        }
        if bodies.iter().any(|body| Some(body) != bodies.first()) {
            violations.push(format!("{id} was told with different bodies"));
        }
    }
    let untold: Vec<_> =
        ids.iter().filter(|id| !evidence.notices.contains_key(**id)).copied().collect();
    if let Some(first) = untold.first() {
        violations.push(format!("{} of {} were not told: {first} …", untold.len(), ids.len()));
    }
    let times: usize = evidence.notices.values().map(Vec::len).sum();
    let detail = format!(
        "{confirmed} confirmed, {} in the outbox, {} told in {times} deliveries",
        ids.len(),
        evidence.notices.len()
    );
    Finding::new(23, "who has a ticket is told", !ids.is_empty(), detail, violations)
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;
    use crate::inspect::ledger::tests::booking;
    use crate::inspect::ledger::{BookingRow, BookingState, OutboxRow};

    fn outbox(id: &str) -> OutboxRow {
        let [id, booking_id, kind] = [id, "bk_1", "booking.confirmed"].map(str::to_owned);
        OutboxRow { id, booking_id, kind }
    }

    fn confirmed(id: &str) -> BookingRow {
        let confirmed_at = Some("2026".to_owned());
        BookingRow { confirmed_at, ..booking(id, BookingState::Confirmed, &["A-1-1"]) }
    }

    fn evidence() -> Evidence {
        let mut evidence = Evidence::default();
        evidence.settled.ledger.outbox = vec![outbox("n1")];
        evidence.settled.ledger.bookings = vec![confirmed("bk_1")];
        evidence.notices.insert("n1".to_owned(), vec!["x".to_owned(), "x".to_owned()]);
        evidence
    }

    #[test]
    fn what_is_not_told_or_told_of_nothing_breaks_it() {
        assert_eq!(at_least_once(&evidence()).verdict, Verdict::Kept);
        let mut silent = evidence();
        silent.notices.clear();
        assert_eq!(at_least_once(&silent).verdict, Verdict::Broken);
        let mut invented = evidence();
        invented.notices.insert("n2".to_owned(), vec![String::new()]);
        assert_eq!(at_least_once(&invented).verdict, Verdict::Broken);
        let mut forgotten = evidence();
        forgotten.settled.ledger.bookings.push(confirmed("bk_2"));
        assert_eq!(at_least_once(&forgotten).verdict, Verdict::Broken);
        let mut twice = evidence();
        twice.settled.ledger.outbox.push(outbox("n3"));
        assert_eq!(at_least_once(&twice).verdict, Verdict::Broken);
    }
}
