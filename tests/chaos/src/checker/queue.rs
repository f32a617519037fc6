//! Promises 11 to 15: the queue.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use super::calls::{Asked, Call, Told};
use super::evidence::{Evidence, at};

/// A pass that was given before a loss may be out without Redis knowing of it; this long at most.
const PASS_TTL_US: u64 = 20_000_000;
/// Faults in which the places of the queue are lost.
const EMPTYING: [&str; 3] = ["flushall", "restart-empty", "shard-down"];

/// A place that a user was told of.
struct Place<'a> {
    user: &'a str,
    number: i64,
    status: &'a str,
    pass_expires_at: Option<&'a str>,
    call: &'a Call,
}

/// Every place that was told, by event, in the order in which the calls began.
fn places(evidence: &Evidence) -> BTreeMap<&str, Vec<Place<'_>>> {
    let mut places: BTreeMap<&str, Vec<Place<'_>>> = BTreeMap::new();
    let mut calls: Vec<&Call> =
        evidence.calls_of(&["join", "position"]).filter(|call| call.is_ok()).collect();
    calls.sort_by_key(|call| call.begun_us);
    for call in calls {
        let (Asked::Line(asked), Told::Place(told)) = (&call.asked, &call.told) else { continue };
        // 0 is no place.
        if told.number > 0 {
            let (user, number, status) = (asked.user.as_str(), told.number, told.status.as_str());
            let pass_expires_at = told.pass_expires_at.as_deref();
            let place = Place { user, number, status, pass_expires_at, call };
            places.entry(asked.event.as_str()).or_default().push(place);
        }
    }
    places
}

/// Promise 11: nobody is let in before somebody who is there with an earlier number, nor twice.
///
/// A fan was passed over if a call still saw them waiting that began after somebody with a later
/// number was admitted. Nobody in this crowd is silent for long enough to count as absent.
pub(crate) fn in_order(evidence: &Evidence) -> Finding {
    let mut violations = Vec::new();
    let mut let_in = 0;
    for (event, places) in places(evidence) {
        let mut passes: BTreeMap<(&str, i64), Option<&str>> = BTreeMap::new();
        // When it was known first that so much of the line was let in.
        let mut known: BTreeMap<i64, u64> = BTreeMap::new();
        for place in places.iter().filter(|place| place.status == "admitted") {
            let until = place.pass_expires_at;
            let before = passes.insert((place.user, place.number), until);
            if before.is_some_and(|before| before != until && !was_lost(evidence, place.call)) {
                let (user, number) = (place.user, place.number);
                violations.push(format!("{user} of {event} was let in twice with {number}"));
            }
            let seen_us = known.entry(place.number).or_insert(u64::MAX);
            *seen_us = place.call.end_us().min(*seen_us);
        }
        let_in += known.len();
        // A repeated key brings the answer of the first joining again.
        let asked = places.iter().filter(|place| place.call.op == "position");
        for place in asked.filter(|place| place.status == "waiting") {
            let mut later = known.range(place.number.saturating_add(1)..);
            let passed_by = later.find(|(_, seen_us)| **seen_us < place.call.begun_us);
            if let Some((number, seen_us)) = passed_by
                && !was_lost(evidence, place.call)
            {
                violations.push(format!(
                    "{} waits with {} at {}, and {number} of {event} was in at {}",
                    place.user,
                    place.number,
                    at(place.call.begun_us),
                    at(*seen_us)
                ));
            }
        }
    }
    let detail = format!("{let_in} let in");
    Finding::new(11, "nobody jumps the line", let_in > 1, detail, violations)
}

/// Whether Redis can have lost something of the line before this call.
fn was_lost(evidence: &Evidence, call: &Call) -> bool {
    evidence.may_lose(0, call.end_us())
}

/// Promise 12: joining again keeps one place.
pub(crate) fn one_place(evidence: &Evidence) -> Finding {
    let mut violations = Vec::new();
    let mut again = 0;
    for (event, places) in places(evidence) {
        let mut last: BTreeMap<&str, &Place<'_>> = BTreeMap::new();
        for place in &places {
            let Some(before) = last.insert(place.user, place) else { continue };
            again += usize::from(place.call.op == "join");
            let span = (before.call.begun_us, place.call.end_us());
            // After a pass that was used or ran out, or after leaving, a place is a new one.
            let is_new = before.status != "waiting" || left(evidence, event, place.user);
            if before.number != place.number && !is_new && !evidence.may_lose(span.0, span.1) {
                violations.push(format!(
                    "{} has {} at {} and {} at {}",
                    place.user,
                    before.number,
                    at(before.call.begun_us),
                    place.number,
                    at(place.call.begun_us)
                ));
            }
        }
    }
    let detail = format!("{again} joined again");
    Finding::new(12, "joining again keeps one place", again > 0, detail, violations)
}

fn left(evidence: &Evidence, event: &str, user: &str) -> bool {
    let mut leaves = evidence.calls_of(&["leave"]);
    leaves.any(|call| match &call.asked {
        Asked::Line(asked) => asked.user == user && asked.event == event,
        _ => false,
    })
}

/// Promise 13: places survive a loss of Redis, in their order.
pub(crate) fn places_survive(evidence: &Evidence) -> Finding {
    let mut violations = Vec::new();
    let mut survived = 0;
    let losses = evidence.windows.iter();
    let losses: Vec<_> = losses.filter(|it| EMPTYING.contains(&it.fault.as_str())).collect();
    for (event, places) in places(evidence) {
        for loss in &losses {
            let mut both = Vec::new();
            let mut before: BTreeMap<&str, i64> = BTreeMap::new();
            let mut after: BTreeMap<&str, i64> = BTreeMap::new();
            for place in places.iter().filter(|place| place.status == "waiting") {
                if place.call.end_us() < loss.begun_us {
                    before.insert(place.user, place.number);
                } else if place.call.begun_us > loss.ended_us {
                    after.entry(place.user).or_insert(place.number);
                }
            }
            for (user, number) in &before {
                if let Some(now) = after.get(user).filter(|_| !left(evidence, event, user)) {
                    both.push((*user, *number, *now));
                }
            }
            survived += both.len();
            both.sort_by_key(|(_, before, _)| *before);
            for pair in both.windows(2) {
                let [(first, first_before, first_now), (second, second_before, second_now)] = pair
                else {
                    continue;
                };
                if first_before < second_before && first_now > second_now {
                    violations.push(format!(
                        "{first} was before {second} ({first_before}, {second_before}) and is \
                         behind ({first_now}, {second_now}) after {} at {}",
                        loss.fault,
                        at(loss.begun_us)
                    ));
                }
            }
        }
    }
    let detail = format!("{survived} places seen before and after a loss");
    Finding::new(13, "places survive a loss", survived > 1, detail, violations)
}

/// Promise 14: numbers are never used again, and the queue never goes back.
pub(crate) fn numbers(evidence: &Evidence) -> Finding {
    let mut violations = Vec::new();
    let mut given = 0;
    for (event, places) in places(evidence) {
        let mut users: BTreeMap<i64, BTreeSet<&str>> = BTreeMap::new();
        for place in &places {
            users.entry(place.number).or_default().insert(place.user);
        }
        given += users.len();
        for (number, users) in users.into_iter().filter(|(_, users)| users.len() > 1) {
            let users: Vec<_> = users.into_iter().collect();
            violations.push(format!("number {number} of {event}: {}", users.join(", ")));
        }
    }
    let mut last: BTreeMap<&str, (i64, u64)> = BTreeMap::new();
    for sample in evidence.samples.iter().filter(|sample| sample.number > 0) {
        if let Some((number, before_us)) = last.insert(&sample.event, (sample.number, sample.at_us))
            && sample.number < number
            && !evidence.may_lose(before_us, sample.at_us)
        {
            violations.push(format!(
                "{}: the last number was {number} at {} and {} at {}",
                sample.event,
                at(before_us),
                sample.number,
                at(sample.at_us)
            ));
        }
    }
    let mut served: BTreeMap<&str, i64> = BTreeMap::new();
    for sample in &evidence.samples {
        let Some(now) = sample.served else { continue };
        if let Some(before) = served.insert(&sample.event, now)
            && now < before
        {
            let (event, at) = (&sample.event, at(sample.at_us));
            violations.push(format!("{event}: served went back from {before} to {now} at {at}"));
        }
    }
    let was_tried = evidence.happened(&["admit-kills"])
        || evidence.windows.iter().any(|window| window.loses_writes);
    let detail = format!("{given} numbers given");
    Finding::new(14, "numbers are never used again", given > 0 && was_tried, detail, violations)
}

/// Promise 15: passes that are out stay within the limit.
pub(crate) fn active(evidence: &Evidence) -> Finding {
    let mut violations = Vec::new();
    let (mut most, mut looks, mut excess) = (0, 0, 0);
    for sample in &evidence.samples {
        let venue = evidence.venues.iter().find(|venue| venue.id == sample.event);
        let Some(venue) = venue.filter(|venue| venue.has_queue) else { continue };
        let limit = i64::try_from(venue.max_active).unwrap_or(i64::MAX);
        looks += 1;
        most = most.max(sample.active);
        if sample.active <= limit {
            continue;
        }
        if evidence.may_lose(sample.at_us.saturating_sub(PASS_TTL_US), sample.at_us) {
            excess = excess.max(sample.active - limit);
        } else {
            let (active, name) = (sample.active, venue.name);
            violations.push(format!("{name} at {}: {active} of {limit}", at(sample.at_us)));
        }
    }
    let detail = format!(
        "{looks} looks, {most} at most; over the limit after a loss of Redis by {excess} at most"
    );
    Finding::new(15, "active passes stay within the limit", most > 0, detail, violations)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Verdict;
    use super::super::evidence::tests::{call, window};
    use super::*;
    use crate::inspect::books::tests::venue;
    use crate::inspect::observer::Sample;

    fn place(user: &str, number: i64, at_ms: u64) -> Call {
        let request = json!({ "event": "e1", "user": user });
        let reply = json!({ "number": number, "status": "waiting" });
        call("join", request, (at_ms, at_ms + 1), 200, reply)
    }

    fn with(calls: Vec<Call>) -> Evidence {
        let windows = vec![window("flushall", (100, 110), true)];
        Evidence { calls, windows, ..Evidence::default() }
    }

    #[test]
    fn a_place_that_is_passed_over_breaks_it() {
        let seen = |user: &str, number, at_ms, status: &str, until: &str| {
            let request = json!({ "event": "e1", "user": user });
            let reply = json!({ "number": number, "status": status, "pass_expires_at": until });
            call("position", request, (at_ms, at_ms + 1), 200, reply)
        };
        let of = |calls| Evidence { calls, ..Evidence::default() };
        let [first, second] = [seen("u", 1, 3, "admitted", "t"), seen("v", 2, 3, "admitted", "t")];
        let kept = [place("u", 1, 1), place("v", 2, 2), first.clone(), second.clone()];
        assert_eq!(in_order(&of(kept.to_vec())).verdict, Verdict::Kept);
        let passed_over = seen("w", 1, 9, "waiting", "");
        let jumped = [first.clone(), second.clone(), passed_over];
        assert_eq!(in_order(&of(jumped.to_vec())).verdict, Verdict::Broken);
        let twice = [first, second, seen("u", 1, 9, "admitted", "later")];
        assert_eq!(in_order(&of(twice.to_vec())).verdict, Verdict::Broken);
    }

    #[test]
    fn a_second_place_breaks_it() {
        let kept = with(vec![place("u", 1, 1), place("u", 1, 5)]);
        assert_eq!(one_place(&kept).verdict, Verdict::Kept);
        let broken = with(vec![place("u", 1, 1), place("u", 2, 5)]);
        assert_eq!(one_place(&broken).verdict, Verdict::Broken);
        let lost = with(vec![place("u", 1, 1), place("u", 2, 150)]);
        assert_eq!(one_place(&lost).verdict, Verdict::Kept);
    }

    #[test]
    fn another_order_after_a_loss_breaks_it() {
        let before = [place("u", 1, 1), place("v", 2, 2)];
        let kept = with([&before[..], &[place("v", 2, 150), place("u", 1, 160)]].concat());
        assert_eq!(places_survive(&kept).verdict, Verdict::Kept);
        let broken = with([&before[..], &[place("v", 7, 150), place("u", 8, 160)]].concat());
        assert_eq!(places_survive(&broken).verdict, Verdict::Broken);
    }

    #[test]
    fn a_number_that_is_given_twice_breaks_it() {
        assert_eq!(numbers(&with(vec![place("u", 1, 1), place("v", 2, 5)])).verdict, Verdict::Kept);
        let broken = with(vec![place("u", 1, 1), place("v", 1, 150)]);
        assert_eq!(numbers(&broken).verdict, Verdict::Broken);
        let sample = |number, at_us| Sample {
            at_us,
            event: "e1".to_owned(),
            counts: [0; 3],
            active: 0,
            number,
            served: Some(number),
        };
        let mut back = with(vec![place("u", 1, 1)]);
        back.samples = vec![sample(5, 1), sample(4, 2)];
        assert_eq!(numbers(&back).verdict, Verdict::Broken);
    }

    #[test]
    fn too_many_passes_break_it() {
        let mut evidence = Evidence::default();
        evidence.venues.push(crate::load::venue::Venue { has_queue: true, ..venue() });
        let sample = |active| Sample {
            at_us: 1,
            event: "e1".to_owned(),
            counts: [0; 3],
            active,
            number: 1,
            served: None,
        };
        evidence.samples.push(sample(5));
        assert_eq!(active(&evidence).verdict, Verdict::Kept);
        evidence.samples.push(sample(6));
        assert_eq!(active(&evidence).verdict, Verdict::Broken);
    }
}
