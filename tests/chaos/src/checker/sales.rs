//! Promises 1 and 17: a seat is sold once, and what belongs together stays together.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use super::evidence::Evidence;
use crate::inspect::ledger::BookingState;
use crate::inspect::redis::Hold;

/// Promise 1: a seat has at most one confirmed booking.
pub(crate) fn sold_once(evidence: &Evidence) -> Finding {
    let mut owners: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for ticket in &evidence.ledger().tickets {
        owners.entry((&ticket.event_id, &ticket.seat)).or_default().push(&ticket.booking_id);
    }
    let mut violations = Vec::new();
    for ((event, seat), bookings) in &owners {
        if bookings.len() > 1 {
            violations.push(format!("{seat} of {event} has tickets of {}", bookings.join(", ")));
        }
    }
    // By the bookings too: a ticket may be missing where the key that guards it is.
    let mut buyers: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    let bookings = evidence.ledger().bookings.iter();
    for row in bookings.filter(|row| row.state == BookingState::Confirmed) {
        for seat in &row.seats {
            buyers.entry((&row.event_id, seat)).or_default().push(&row.id);
        }
    }
    for ((event, seat), bookings) in buyers {
        if bookings.len() > 1 {
            violations.push(format!("{seat} of {event} is confirmed for {}", bookings.join(", ")));
        }
    }
    let detail = format!("{} tickets", evidence.ledger().tickets.len());
    Finding::new(1, "a seat is sold once", !owners.is_empty(), detail, violations)
}

/// Promise 17: several seats are held and sold all or none.
pub(crate) fn all_or_nothing(evidence: &Evidence) -> Finding {
    let mut violations = Vec::new();
    let mut several = 0;
    for (call, asked) in evidence.reserves() {
        let Some(told) = call.told_booking() else { continue };
        let quantity = told.quantity;
        let seats: BTreeSet<&String> = told.seats.iter().collect();
        let asked: BTreeSet<&String> = asked.body.seats.iter().collect();
        several += usize::from(quantity > 1);
        if !seats.is_empty() && seats.len() as u64 != quantity
            || !asked.is_empty() && asked != seats
        {
            violations.push(format!(
                "{} has {seats:?}, {quantity} places, and {asked:?} were asked for",
                told.booking_id
            ));
        }
    }
    let mut tickets: BTreeMap<&str, u64> = BTreeMap::new();
    for ticket in &evidence.ledger().tickets {
        *tickets.entry(&ticket.booking_id).or_default() += 1;
    }
    for row in &evidence.ledger().bookings {
        let due = if row.state == BookingState::Confirmed { row.quantity } else { 0 };
        let has = tickets.get(row.id.as_str()).copied().unwrap_or(0);
        if has != due {
            let (id, state) = (&row.id, row.state);
            violations.push(format!("{id} is {state:?} and has {has} tickets instead of {due}"));
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
        for (booking, Hold { section, seats }) in &state.bookings {
            let is_missing =
                |seat: &&String| state.holders.get(&format!("{section}-{seat}")) != Some(booking);
            let missing = seats.iter().filter(is_missing).count();
            if missing > 0 {
                let seats = seats.join(",");
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
    use super::super::evidence::tests::{call, told};
    use super::*;
    use crate::inspect::books::tests::whole;
    use crate::inspect::ledger::tests::{booking, ticket};
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
        evidence.settled.ledger.tickets.push(ticket("A-1-1", "bk_9", "A"));
        assert_eq!(sold_once(&evidence).verdict, Verdict::Broken);
    }

    #[test]
    fn a_second_confirmed_booking_breaks_it_even_without_a_ticket() {
        let mut evidence = evidence();
        let second = booking("bk_9", BookingState::Confirmed, &["A-1-2"]);
        evidence.settled.ledger.bookings.push(second);
        assert_eq!(sold_once(&evidence).verdict, Verdict::Broken);
    }

    #[test]
    fn a_part_of_what_belongs_together_breaks_it() {
        let mut evidence = evidence();
        let request = json!({ "event": "e1", "user": "u", "ttl_s": 6,
            "body": { "seats": ["A-1-1", "A-1-2"] } });
        let both = told("b", "reserved", &["A-1-1", "A-1-2"]);
        let whole = call("reserve", request.clone(), (1, 2), 201, both.clone());
        evidence.calls.push(whole);
        assert_eq!(all_or_nothing(&evidence).verdict, Verdict::Kept);

        let mut half = evidence.clone();
        let mut one = both;
        one["seats"] = json!(["A-1-1"]);
        half.calls.push(call("reserve", request, (3, 4), 201, one));
        assert_eq!(all_or_nothing(&half).verdict, Verdict::Broken);
        let mut lost = evidence.clone();
        lost.settled.ledger.tickets.remove(0);
        assert_eq!(all_or_nothing(&lost).verdict, Verdict::Broken);
        let hold = Hold::read("held u A 2 1 EUR 1 2 2-1,2-2").expect("a hold");
        let redis = evidence.settled.redis.get_mut("e1").expect("it");
        redis.bookings.insert("bk_h".to_owned(), hold);
        assert_eq!(all_or_nothing(&evidence).verdict, Verdict::Broken);
    }
}
