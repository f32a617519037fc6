//! Promises 1 and 17: a seat is sold once, and what belongs together stays together.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use super::evidence::{Evidence, texts};

/// Promise 1: a seat has at most one confirmed booking.
pub(crate) fn sold_once(evidence: &Evidence) -> Finding {
    let mut owners: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for ticket in evidence.rows("tickets") {
        let text = |member: &str| ticket[member].as_str().unwrap_or_default();
        owners.entry((text("event_id"), text("seat"))).or_default().push(text("booking_id"));
    }
    let mut violations = Vec::new();
    for ((event, seat), bookings) in &owners {
        if bookings.len() > 1 {
            violations.push(format!("{seat} of {event} has tickets of {}", bookings.join(", ")));
        }
    }
    // By the bookings too: a ticket may be missing where the key that guards it is.
    let mut buyers: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    let confirmed = evidence.rows("bookings").iter();
    for row in confirmed.filter(|row| row["state"].as_str() == Some("confirmed")) {
        let text = |member: &str| row[member].as_str().unwrap_or_default().to_owned();
        for seat in texts(&row["seats"]) {
            buyers.entry((text("event_id"), seat)).or_default().push(text("id"));
        }
    }
    for ((event, seat), bookings) in buyers {
        if bookings.len() > 1 {
            violations.push(format!("{seat} of {event} is confirmed for {}", bookings.join(", ")));
        }
    }
    let detail = format!("{} tickets", evidence.rows("tickets").len());
    Finding::new(1, "a seat is sold once", !owners.is_empty(), detail, violations)
}

/// Promise 17: several seats are held and sold all or none.
pub(crate) fn all_or_nothing(evidence: &Evidence) -> Finding {
    let mut violations = Vec::new();
    let mut several = 0;
    for call in evidence.calls_of(&["reserve"]).filter(|call| call.is_ok()) {
        let quantity = call.reply["quantity"].as_u64().unwrap_or(0);
        let seats: BTreeSet<String> = texts(&call.reply["seats"]).into_iter().collect();
        let asked: BTreeSet<String> = texts(&call.request["body"]["seats"]).into_iter().collect();
        several += usize::from(quantity > 1);
        if !seats.is_empty() && seats.len() as u64 != quantity
            || !asked.is_empty() && asked != seats
        {
            violations.push(format!(
                "{} has {seats:?}, {quantity} places, and {asked:?} were asked for",
                call.told("booking_id")
            ));
        }
    }
    let mut tickets: BTreeMap<&str, u64> = BTreeMap::new();
    for ticket in evidence.rows("tickets") {
        *tickets.entry(ticket["booking_id"].as_str().unwrap_or_default()).or_default() += 1;
    }
    for row in evidence.rows("bookings") {
        let id = row["id"].as_str().unwrap_or_default();
        let state = row["state"].as_str().unwrap_or_default();
        let due = if state == "confirmed" { row["quantity"].as_u64().unwrap_or(0) } else { 0 };
        let has = tickets.get(id).copied().unwrap_or(0);
        if has != due {
            violations.push(format!("{id} is {state} and has {has} tickets instead of {due}"));
        }
    }
    violations.extend(half_held(evidence));
    let detail = format!("{several} holds of several places");
    Finding::new(17, "several seats: all or none", several > 0, detail, violations)
}

/// Holds in Redis that own only a part of their seats.
fn half_held(evidence: &Evidence) -> Vec<String> {
    let mut violations = Vec::new();
    for (event, state) in &evidence.settled.redis {
        for (booking, record) in &state.bookings {
            let words: Vec<&str> = record.split(' ').collect();
            let (Some(section), Some(seats)) = (words.get(2), words.get(8)) else { continue };
            if *seats == "-" {
                continue;
            }
            let missing = seats
                .split(',')
                .filter(|seat| state.holders.get(&format!("{section}-{seat}")) != Some(booking));
            let missing = missing.count();
            if missing > 0 {
                violations.push(format!("{booking} of {event} lacks {missing} of {seats}"));
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Verdict;
    use super::super::evidence::tests::call;
    use super::*;
    use crate::inspect::books::tests::whole;
    use crate::settle::Settled;

    fn evidence() -> Evidence {
        let (redis, ledger) = whole();
        let redis = [("e1".to_owned(), redis)].into();
        Evidence { settled: Settled { redis, ledger, ..Settled::default() }, ..Evidence::default() }
    }

    #[test]
    fn a_second_ticket_for_a_seat_breaks_it() {
        let mut evidence = evidence();
        assert_eq!(sold_once(&evidence).verdict, Verdict::Kept);
        let tickets = evidence.settled.ledger.get_mut("tickets").expect("it");
        tickets.push(json!({ "event_id": "e1", "seat": "A-1-1", "booking_id": "bk_9" }));
        assert_eq!(sold_once(&evidence).verdict, Verdict::Broken);
    }

    #[test]
    fn a_second_confirmed_booking_breaks_it_even_without_a_ticket() {
        let mut evidence = evidence();
        let bookings = evidence.settled.ledger.get_mut("bookings").expect("it");
        bookings.push(json!({ "id": "bk_9", "event_id": "e1", "state": "confirmed",
            "seats": ["A-1-2"], "quantity": 1 }));
        assert_eq!(sold_once(&evidence).verdict, Verdict::Broken);
    }

    #[test]
    fn a_part_of_what_belongs_together_breaks_it() {
        let mut evidence = evidence();
        let request = json!({ "body": { "seats": ["A-1-1", "A-1-2"] } });
        let reply = |seats: &[&str]| json!({ "booking_id": "b", "quantity": 2, "seats": seats });
        let whole = call("reserve", request.clone(), (1, 2), 201, reply(&["A-1-1", "A-1-2"]));
        evidence.calls.push(whole);
        assert_eq!(all_or_nothing(&evidence).verdict, Verdict::Kept);

        let mut half = evidence.clone();
        half.calls.push(call("reserve", request, (3, 4), 201, reply(&["A-1-1"])));
        assert_eq!(all_or_nothing(&half).verdict, Verdict::Broken);
        let mut lost = evidence.clone();
        lost.settled.ledger.get_mut("tickets").expect("it").remove(0);
        assert_eq!(all_or_nothing(&lost).verdict, Verdict::Broken);
        let record = "held u A 2 1 EUR 1 2 2-1,2-2".to_owned();
        let redis = evidence.settled.redis.get_mut("e1").expect("it");
        redis.bookings.insert("bk_h".to_owned(), record);
        assert_eq!(all_or_nothing(&evidence).verdict, Verdict::Broken);
    }
}
