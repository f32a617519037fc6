//! Promise 19: only the owner can release, pay or cancel.

use super::Finding;
use super::evidence::{Evidence, at};

/// Calls on somebody else's booking.
const THEFTS: [&str; 3] = ["steal_release", "steal_payment", "steal_cancel"];

/// Promise 19.
pub(crate) fn only_owners(evidence: &Evidence) -> Finding {
    let tried = evidence.calls_of(&THEFTS).filter(|call| call.ended_us.is_some());
    let answered: Vec<_> = tried.filter(|call| call.status > 0).collect();
    let violations = answered
        .iter()
        .filter(|call| call.is_ok())
        .map(|call| {
            let (user, booking) = (call.asked("user"), call.asked("booking"));
            format!("{} of {booking} by {user} at {}", call.op, at(call.begun_us))
        })
        .collect();
    let detail = format!("{} thefts tried", answered.len());
    Finding::new(19, "only owners resolve a hold", !answered.is_empty(), detail, violations)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Verdict;
    use super::super::evidence::tests::call;
    use super::*;

    #[test]
    fn a_theft_that_succeeds_breaks_it() {
        let theft = |status| call("steal_release", json!({}), (1, 2), status, json!({}));
        let mut evidence = Evidence { calls: vec![theft(404)], ..Evidence::default() };
        assert_eq!(only_owners(&evidence).verdict, Verdict::Kept);
        evidence.calls.push(theft(200));
        assert_eq!(only_owners(&evidence).verdict, Verdict::Broken);
    }
}
