//! Promise 27, and what stands above all: the stores agree after the last fault.

use super::Finding;
use super::evidence::{Evidence, at};
use crate::settle::SETTLE_LIMIT;

/// Faults after which an event is built again from Postgres.
const EMPTYING: [&str; 2] = ["flushall", "restart-empty"];

/// So many fans who want seats after everything was forgotten cannot all be unlucky.
const TRIED_MIN: usize = 20;

/// Promise 27: Redis is rebuilt from Postgres while selling goes on.
pub(crate) fn rebuilt(evidence: &Evidence) -> Finding {
    let emptied: Vec<_> = evidence
        .windows
        .iter()
        .filter(|window| EMPTYING.contains(&window.fault.as_str()))
        .collect();
    let last_us = emptied.iter().map(|window| window.ended_us).max().unwrap_or(u64::MAX);
    let tried = evidence.reserves().filter(|(call, _)| call.begun_us > last_us);
    let (tried, since) = tried
        .fold((0, 0), |(tried, since), (call, _)| (tried + 1, since + usize::from(call.is_ok())));
    let mut violations = Vec::new();
    if since == 0 && tried >= TRIED_MIN {
        violations.push(format!("nothing was sold any more: {tried} tried to hold seats"));
    }
    if !emptied.is_empty() {
        violations.extend(evidence.settled.differences.clone());
    }
    let detail = format!("{} times emptied, {since} holds after the last", emptied.len());
    Finding::new(27, "Redis is rebuilt while selling", !emptied.is_empty(), detail, violations)
}

/// Free + held + sold = capacity, in Redis at every moment, and in both stores at the end.
pub(crate) fn agree(evidence: &Evidence) -> Finding {
    let mut violations = evidence.settled.differences.clone();
    for sample in &evidence.samples {
        let venue = evidence.venues.iter().find(|venue| venue.id == sample.event);
        let capacity = venue.map_or(0, |venue| venue.capacity);
        if sample.counts.iter().sum::<i64>() != capacity {
            let (counts, name) = (sample.counts, venue.map_or("", |venue| venue.name));
            violations.push(format!("{name} at {}: {counts:?} of {capacity}", at(sample.at_us)));
        }
    }
    let detail = match evidence.settled.after {
        Some(after) => format!(
            "{} looks during the run; everything agreed {:.1} s after the crowd had gone (limit {} s)",
            evidence.samples.len(),
            after.as_secs_f64(),
            SETTLE_LIMIT.as_secs()
        ),
        None => format!("not everything agreed within {} s", SETTLE_LIMIT.as_secs()),
    };
    let exercised = !evidence.samples.is_empty();
    Finding::new(0, "free + held + sold = capacity", exercised, detail, violations)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::Verdict;
    use super::super::evidence::tests::{call, window};
    use super::*;
    use crate::inspect::books::tests::venue;
    use crate::inspect::observer::Sample;

    fn sample(counts: [i64; 3]) -> Sample {
        Sample { at_us: 1, event: "e1".to_owned(), counts, active: 0, number: 0, served: None }
    }

    #[test]
    fn counts_that_do_not_add_up_break_it() {
        let samples = vec![sample([10, 2, 2])];
        let mut evidence = Evidence { venues: vec![venue()], samples, ..Evidence::default() };
        assert_eq!(agree(&evidence).verdict, Verdict::Kept);
        evidence.samples.push(sample([10, 2, 3]));
        assert_eq!(agree(&evidence).verdict, Verdict::Broken);
    }

    #[test]
    fn a_difference_after_a_loss_of_everything_breaks_it() {
        let windows = vec![window("flushall", (1, 2), true)];
        let mut evidence = Evidence { windows, ..Evidence::default() };
        assert_eq!(rebuilt(&evidence).verdict, Verdict::Kept);
        let mut silent = evidence.clone();
        let request = json!({ "event": "e1", "user": "u", "body": {}, "ttl_s": 6 });
        silent.calls = vec![call("reserve", request, (3, 4), 409, Value::Null); TRIED_MIN];
        assert_eq!(rebuilt(&silent).verdict, Verdict::Broken, "nobody gets a seat any more");
        evidence.settled.differences.push("sold in Postgres alone".to_owned());
        assert_eq!(rebuilt(&evidence).verdict, Verdict::Broken);
        assert_eq!(agree(&evidence).verdict, Verdict::Broken);
    }
}
