//! Promise 18: a retried hold gets the same answer.

use std::collections::BTreeMap;

use super::Finding;
use super::evidence::{Evidence, at};
use crate::history::Call;

/// Promise 18: the same key and body give the same booking; the same key and another body none.
pub(crate) fn same_answer(evidence: &Evidence) -> Finding {
    let mut groups: BTreeMap<(u64, &str), Vec<&Call>> = BTreeMap::new();
    for call in evidence.calls_of(&["reserve"]) {
        if !call.asked("key").is_empty() && call.ended_us.is_some() {
            groups.entry((call.visitor, call.asked("key"))).or_default().push(call);
        }
    }
    let (mut violations, mut retried, mut excused) = (Vec::new(), 0, 0);
    for ((_, key), calls) in groups.into_iter().filter(|(_, calls)| calls.len() > 1) {
        retried += 1;
        let first_us = calls.iter().map(|call| call.begun_us).min().unwrap_or(0);
        let last_us = calls.iter().map(|call| call.end_us()).max().unwrap_or(0);
        let done: Vec<_> = calls.iter().filter(|call| call.is_ok()).collect();
        let Some(first) = done.first() else { continue };
        let differs = done.iter().find(|call| {
            call.request["body"] != first.request["body"]
                || call.told("booking_id") != first.told("booking_id")
        });
        let Some(differs) = differs else { continue };
        if evidence.may_lose(first_us, last_us) {
            excused += 1;
            continue;
        }
        violations.push(format!(
            "{key}: {} at {} and {} at {}",
            first.told("booking_id"),
            at(first.begun_us),
            differs.told("booking_id"),
            at(differs.begun_us)
        ));
    }
    let detail = format!("{retried} keys used again, {excused} answers lost with Redis");
    Finding::new(18, "a retry gets the same answer", retried > 0, detail, violations)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Verdict;
    use super::super::evidence::tests::{call, window};
    use super::*;

    #[test]
    fn another_booking_for_the_same_key_breaks_it() {
        let reserve = |at_ms: u64, body: &str, booking: &str| {
            let request = json!({ "key": "k", "body": body });
            call("reserve", request, (at_ms, at_ms + 1), 201, json!({ "booking_id": booking }))
        };
        let calls = vec![reserve(1, "x", "bk_1"), reserve(5, "x", "bk_1")];
        let mut evidence = Evidence { calls, ..Evidence::default() };
        assert_eq!(same_answer(&evidence).verdict, Verdict::Kept);
        let mut reused = evidence.clone();
        reused.calls.push(reserve(9, "y", "bk_1"));
        assert_eq!(same_answer(&reused).verdict, Verdict::Broken);
        evidence.calls.push(reserve(9, "x", "bk_2"));
        assert_eq!(same_answer(&evidence).verdict, Verdict::Broken);
        evidence.windows.push(window("flushall", (6, 7), true));
        assert_eq!(same_answer(&evidence).verdict, Verdict::Kept);
    }
}
