//! Promise 19: only the owner can release, pay or cancel, and what was given back stays so.

use super::Finding;
use super::evidence::{Evidence, at};

/// Calls on somebody else's booking.
const THEFTS: [&str; 3] = ["steal_release", "steal_payment", "steal_cancel"];

/// Promise 19.
pub(crate) fn only_owners(evidence: &Evidence) -> Finding {
    let tried = evidence.calls_of(&THEFTS).filter(|call| call.ended_us.is_some());
    let answered: Vec<_> = tried.filter(|call| call.status > 0).collect();
    let stolen = answered.iter().filter(|call| call.is_ok()).map(|call| {
        let (user, booking) = (call.asked("user"), call.asked("booking"));
        format!("{} of {booking} by {user} at {}", call.op, at(call.begun_us))
    });
    let violations = stolen.chain(kept_tickets(evidence)).collect();
    let detail = format!("{} thefts tried", answered.len());
    Finding::new(19, "only owners resolve a hold", !answered.is_empty(), detail, violations)
}

/// Bookings whose owners were told that they are released or cancelled, and that are confirmed.
fn kept_tickets(evidence: &Evidence) -> impl Iterator<Item = String> {
    let states = evidence.states();
    let given_back = evidence.calls_of(&["release", "cancel"]).filter(|call| call.is_ok());
    given_back.filter_map(move |call| {
        let booking = call.asked("booking");
        let is_kept = states.get(booking) == Some(&"confirmed");
        is_kept.then(|| format!("{} of {booking} at {}: confirmed", call.op, at(call.begun_us)))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Verdict;
    use super::super::evidence::tests::{call, sale};
    use super::*;

    #[test]
    fn a_theft_that_succeeds_breaks_it() {
        let theft = |status| call("steal_release", json!({}), (1, 2), status, json!({}));
        let mut evidence = Evidence { calls: vec![theft(404)], ..Evidence::default() };
        assert_eq!(only_owners(&evidence).verdict, Verdict::Kept);
        evidence.calls.push(theft(200));
        assert_eq!(only_owners(&evidence).verdict, Verdict::Broken);
    }

    #[test]
    fn what_was_given_back_and_is_sold_breaks_it() {
        let request = || json!({ "booking": "bk_1" });
        let theft = call("steal_release", request(), (1, 2), 404, json!({}));
        let mut evidence = Evidence { calls: vec![theft], ..Evidence::default() };
        evidence.settled.ledger.insert("bookings".to_owned(), vec![sale("bk_1", "A-1-1")]);
        evidence.calls.push(call("release", request(), (3, 4), 409, json!({})));
        assert_eq!(only_owners(&evidence).verdict, Verdict::Kept);
        evidence.calls.push(call("cancel", request(), (5, 6), 200, json!({})));
        assert_eq!(only_owners(&evidence).verdict, Verdict::Broken);
    }
}
