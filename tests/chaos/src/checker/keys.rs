//! Promise 18: a retried hold gets the same answer.

use std::collections::BTreeMap;

use super::Finding;
use super::calls::{Call, Reserve};
use super::evidence::{Evidence, at};

/// Promise 18: the same key and body give the same booking; the same key and another body none.
pub(crate) fn same_answer(evidence: &Evidence) -> Finding {
    let mut groups: BTreeMap<(u64, &str), Vec<(&Call, &Reserve)>> = BTreeMap::new();
    for (call, asked) in evidence.reserves().filter(|(call, _)| call.ended_us.is_some()) {
        if let Some(key) = &asked.key {
            groups.entry((call.visitor, key)).or_default().push((call, asked));
        }
    }
    let (mut violations, mut retried, mut excused) = (Vec::new(), 0, 0);
    for ((_, key), calls) in groups.into_iter().filter(|(_, calls)| calls.len() > 1) {
        retried += 1;
        let first_us = calls.iter().map(|(call, _)| call.begun_us).min().unwrap_or(0);
        let last_us = calls.iter().map(|(call, _)| call.end_us()).max().unwrap_or(0);
        let done = calls.iter().filter(|(call, _)| call.is_ok());
        let mut answers = done.filter_map(|(call, asked)| {
            Some((call, &asked.body, &call.told_booking()?.booking_id))
        });
        let Some((first, body, booking)) = answers.next() else { continue };
        let differs =
            answers.find(|(_, other_body, other)| *other_body != body || *other != booking);
        let Some((differs, _, other_booking)) = differs else { continue };
        if evidence.may_lose(first_us, last_us) {
            excused += 1;
            continue;
        }
        violations.push(format!(
            "{key}: {booking} at {} and {other_booking} at {}",
            at(first.begun_us),
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
    use super::super::evidence::tests::{call, told, window};
    use super::*;

    #[test]
    fn another_booking_for_the_same_key_breaks_it() {
        let reserve = |at_ms: u64, section: &str, booking: &str| {
            let request = json!({ "event": "e1", "user": "u", "key": "k", "ttl_s": 6,
                "body": { "section": section } });
            let reply = told(booking, "reserved", &["A-1-1"]);
            call("reserve", request, (at_ms, at_ms + 1), 201, reply)
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
