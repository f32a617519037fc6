//! Promise 19: only the owner can release, pay or cancel, and what was given back stays so.

use std::collections::BTreeSet;

use super::Finding;
use super::evidence::{Evidence, at};
use crate::inspect::ledger::BookingState;

/// Calls on somebody else's booking.
const THEFTS: [&str; 3] = ["steal_release", "steal_payment", "steal_cancel"];

/// Promise 19.
pub(crate) fn only_owners(evidence: &Evidence) -> Finding {
    let tried = evidence.about_bookings(&THEFTS).filter(|(call, _)| call.ended_us.is_some());
    let answered: Vec<_> = tried.filter(|(call, _)| call.status > 0).collect();
    let stolen = answered.iter().filter(|(call, _)| call.is_ok()).map(|(call, asked)| {
        let user = asked.user.as_deref().unwrap_or("nobody");
        format!("{} of {} by {user} at {}", call.op, asked.booking, at(call.begun_us))
    });
    let violations = stolen.chain(kept_tickets(evidence)).collect();
    let detail = format!("{} thefts tried", answered.len());
    Finding::new(19, "only owners resolve a hold", !answered.is_empty(), detail, violations)
}

/// Bookings whose owners were told that they are released or cancelled, and that are confirmed; and
/// seats of which they were told that they are given up, and that are still theirs.
fn kept_tickets(evidence: &Evidence) -> impl Iterator<Item = String> {
    let states = evidence.states();
    let tickets = evidence.ledger().tickets.iter();
    let owned: BTreeSet<(&str, &str)> =
        tickets.map(|row| (row.booking_id.as_str(), row.seat.as_str())).collect();
    let parts = evidence.about_bookings(&["give_up"]).filter(|(call, _)| call.is_ok());
    let kept_seats = parts.flat_map(move |(call, asked)| {
        let is_kept = |seat: &&String| owned.contains(&(asked.booking.as_str(), seat.as_str()));
        let kept: Vec<_> = asked.seats.iter().filter(is_kept).cloned().collect();
        let when = at(call.begun_us);
        kept.into_iter().map(move |seat| format!("{seat} was given up at {when}, and is sold"))
    });
    let given_back = evidence.about_bookings(&["release", "cancel"]);
    given_back
        .filter(|(call, _)| call.is_ok())
        .filter_map(move |(call, asked)| {
            let booking = asked.booking.as_str();
            let is_kept = states.get(booking) == Some(&BookingState::Confirmed);
            is_kept.then(|| format!("{} of {booking} at {}: confirmed", call.op, at(call.begun_us)))
        })
        .chain(kept_seats)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Verdict;
    use super::super::evidence::tests::{call, sale, told};
    use super::*;

    #[test]
    fn a_theft_that_succeeds_breaks_it() {
        let request = || json!({ "booking": "bk_1", "user": "thief" });
        let theft = |status| call("steal_release", request(), (1, 2), status, json!({}));
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
        evidence.settled.ledger.bookings = vec![sale("bk_1", "A-1-1")];
        evidence.calls.push(call("release", request(), (3, 4), 409, json!({})));
        assert_eq!(only_owners(&evidence).verdict, Verdict::Kept);
        let reply = told("bk_1", "cancelled", &["A-1-1"]);
        evidence.calls.push(call("cancel", request(), (5, 6), 200, reply));
        assert_eq!(only_owners(&evidence).verdict, Verdict::Broken);
    }
}
