//! Promise 23: who has a ticket is told, at least once and under one id; nobody else is.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use super::evidence::Evidence;

/// Promise 23.
pub(crate) fn at_least_once(evidence: &Evidence) -> Finding {
    let mut violations = Vec::new();
    let outbox = evidence.rows("outbox");
    let mut of_booking: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for row in outbox {
        let text = |member: &str| row[member].as_str().unwrap_or_default();
        ids.insert(text("id"));
        of_booking.entry((text("booking_id"), text("kind"))).or_default().push(text("id"));
    }
    for ((booking, kind), rows) in of_booking.iter().filter(|(_, rows)| rows.len() > 1) {
        violations.push(format!("{kind} of {booking} has {} ids", rows.len()));
    }
    let sold = evidence.rows("bookings").iter().filter(|row| !row["confirmed_at"].is_null());
    let mut confirmed = 0;
    for row in sold {
        confirmed += 1;
        let id = row["id"].as_str().unwrap_or_default();
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
    let exercised = evidence.settled.ledger.contains_key("outbox") && !ids.is_empty();
    if !exercised && evidence.rows("sagas").is_empty() {
        violations.clear();
    }
    Finding::new(23, "who has a ticket is told", exercised, detail, violations)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Verdict;
    use super::*;

    fn evidence() -> Evidence {
        let mut evidence = Evidence::default();
        let outbox = json!({ "id": "n1", "booking_id": "bk_1", "kind": "booking.confirmed" });
        let booking = json!({ "id": "bk_1", "confirmed_at": "2026" });
        evidence.settled.ledger.insert("outbox".to_owned(), vec![outbox]);
        evidence.settled.ledger.insert("bookings".to_owned(), vec![booking]);
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
        let booking = json!({ "id": "bk_2", "confirmed_at": "2026" });
        forgotten.settled.ledger.get_mut("bookings").expect("it").push(booking);
        assert_eq!(at_least_once(&forgotten).verdict, Verdict::Broken);
        let mut twice = evidence();
        let again = json!({ "id": "n3", "booking_id": "bk_1", "kind": "booking.confirmed" });
        twice.settled.ledger.get_mut("outbox").expect("it").push(again);
        assert_eq!(at_least_once(&twice).verdict, Verdict::Broken);
    }
}
