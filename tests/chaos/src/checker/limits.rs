//! Promise 26: nobody buys more tickets of an event than one buyer may.

use std::collections::BTreeMap;

use super::Finding;
use super::evidence::Evidence;
use crate::inspect::ledger::BookingState;

/// Tickets by event and buyer.
type Tickets<'a> = BTreeMap<(&'a str, &'a str), u64>;

/// Promise 26. What the organiser sells at the cash desk is not limited.
pub(crate) fn of_buyers(evidence: &Evidence) -> Finding {
    let mut bought = Tickets::new();
    let bookings = evidence.ledger().bookings.iter();
    let sold = bookings.filter(|row| row.state == BookingState::Confirmed);
    for row in sold.filter(|row| !row.sold_by_organiser) {
        *bought.entry((&row.event_id, &row.user_id)).or_default() += row.quantity;
    }
    let limits = limits(evidence);
    let limit_of = |event: &str| limits.get(event).copied().unwrap_or(u64::MAX);
    let beyond = bought.iter().filter(|((event, _), tickets)| **tickets > limit_of(event));
    let violations = beyond.map(|((event, user), tickets)| {
        format!("{user} has {tickets} tickets of {event} instead of {} at most", limit_of(event))
    });
    let violations = violations.collect();
    let held = held(evidence);
    let greedy = held.iter().filter(|((event, _), tickets)| **tickets > limit_of(event)).count();
    let detail = format!("{greedy} buyers held more than the limit, one time or another");
    Finding::new(26, "no buyer exceeds the limit", greedy > 0, detail, violations)
}

fn limits(evidence: &Evidence) -> BTreeMap<&str, u64> {
    evidence.venues.iter().map(|venue| (venue.id.as_str(), venue.max_per_buyer)).collect()
}

/// What each buyer has ever held, whether it was paid, given back or over.
fn held(evidence: &Evidence) -> Tickets<'_> {
    let mut bookings: BTreeMap<&str, ((&str, &str), u64)> = BTreeMap::new();
    for (call, asked) in evidence.reserves() {
        if let Some(told) = call.told_booking() {
            let of = ((asked.event.as_str(), asked.user.as_str()), told.quantity);
            bookings.insert(&told.booking_id, of);
        }
    }
    let mut held = Tickets::new();
    for (of, quantity) in bookings.into_values() {
        *held.entry(of).or_default() += quantity;
    }
    held
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Verdict;
    use super::super::evidence::tests::{call, told};
    use super::*;
    use crate::inspect::books::tests::venue;
    use crate::inspect::ledger::tests::booking;

    /// Buyer `u` holds six seats of event `e1`, of which six are the limit, and one more later.
    fn evidence() -> Evidence {
        let six = ["A-1-1", "A-1-2", "A-1-3", "A-1-4", "A-1-5", "A-1-6"];
        let mut evidence = Evidence { venues: vec![venue()], ..Evidence::default() };
        let request = || json!({ "event": "e1", "user": "u", "body": {}, "ttl_s": 6 });
        for (id, seats, span) in [("b", &six[..], (1, 2)), ("c", &["A-2-1"][..], (9_000, 9_001))] {
            let reply = told(id, "reserved", seats);
            evidence.calls.push(call("reserve", request(), span, 201, reply));
        }
        evidence.settled.ledger.bookings = vec![booking("b", BookingState::Confirmed, &six)];
        evidence
    }

    #[test]
    fn a_ticket_beyond_the_limit_breaks_it() {
        let mut evidence = evidence();
        assert_eq!(of_buyers(&evidence).verdict, Verdict::Kept);
        let more = booking("c", BookingState::Confirmed, &["A-2-1"]);
        evidence.settled.ledger.bookings.push(more);
        assert_eq!(of_buyers(&evidence).verdict, Verdict::Broken);
    }

    #[test]
    fn what_the_organiser_sold_or_was_given_back_does_not_count() {
        for (state, sold_by_organiser) in
            [(BookingState::Confirmed, true), (BookingState::Expired, false)]
        {
            let mut evidence = evidence();
            let mut more = booking("c", state, &["A-2-1"]);
            more.sold_by_organiser = sold_by_organiser;
            evidence.settled.ledger.bookings.push(more);
            assert_eq!(of_buyers(&evidence).verdict, Verdict::Kept);
        }
    }

    #[test]
    fn without_a_greedy_buyer_nothing_is_tested() {
        let mut evidence = evidence();
        evidence.calls.pop();
        assert_eq!(of_buyers(&evidence).verdict, Verdict::NotExercised);
    }
}
