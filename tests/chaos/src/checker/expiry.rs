//! Promises 20 and 21: holds end in time and not before, whoever sweeps.

use super::Finding;
use super::calls::{StillHeld, Told};
use super::evidence::{Evidence, Hold, at};
use super::holds::double_holds;
use crate::fault::Fault;
use crate::load::probe::{BUSY_MARGIN, FREE_AFTER};

/// Promise 20: an unpaid hold is sellable again within its TTL and 5 s, and never before its TTL.
pub(crate) fn in_time(evidence: &Evidence) -> Finding {
    let holds = evidence.holds();
    let mut violations: Vec<String> = Vec::new();
    let (mut on_time, mut excused) = (0, 0);
    for (probe, asked) in evidence.about_bookings(&["probe_freed"]) {
        let Told::StillHeld(StillHeld { still_held }) = &probe.told else { continue };
        let Some(hold) = holds.iter().find(|it| it.booking == asked.booking) else { continue };
        let still = still_held.len();
        if is_disturbed(evidence, hold.begun_us, probe.end_us()) {
            excused += 1;
        } else if still > 0 {
            violations.push(format!(
                "{} was held at {} for {} s and has {still} places at {}",
                hold.booking,
                at(hold.ended_us),
                hold.ttl_us / 1_000_000,
                at(probe.begun_us)
            ));
        } else {
            on_time += 1;
        }
    }
    let (free, sales) = (evidence.first_free_us(), evidence.sales());
    // Of a standing section nobody can tell whose place a forgotten sale was.
    let can_be_anothers = |hold: &Hold, by_us| {
        let is_sold = |seat: &String| {
            sales.to_others(&(hold.event.clone(), seat.clone()), &[hold.booking.as_str()], by_us)
        };
        hold.seats.is_empty() || hold.seats.iter().any(is_sold)
    };
    for (read, asked) in evidence.about_bookings(&["read"]) {
        let booking = asked.booking.as_str();
        let is_expired = read.told_booking().is_some_and(|told| told.status == "expired");
        let hold = holds.iter().find(|it| it.booking == booking).filter(|_| is_expired);
        let Some(hold) = hold else { continue };
        // By its own clock the reply was made before it arrived.
        if read.end_us() < hold.begun_us + hold.ttl_us
            && !free.contains_key(booking)
            && !evidence.may_miss(
                |by_us| can_be_anothers(hold, by_us),
                hold.begun_us,
                read.end_us(),
            )
        {
            violations.push(format!(
                "{booking} was held from {} and expired by {}",
                at(hold.begun_us),
                at(read.end_us())
            ));
        }
    }
    let early = double_holds(evidence).into_iter().filter(|double| !double.is_excused);
    violations.extend(early.map(|double| format!("given away early: {}", double.text)));
    let detail = format!(
        "{on_time} abandoned holds free within TTL + {} s (+ {} s for a machine with two busy \
         processors), {excused} not judged because of faults",
        FREE_AFTER.as_secs(),
        BUSY_MARGIN.as_secs()
    );
    Finding::new(20, "holds end in time, not before", on_time > 0, detail, violations)
}

/// Whether a fault that keeps the sweeper from its work was active.
fn is_disturbed(evidence: &Evidence, from_us: u64, to_us: u64) -> bool {
    let disturbing = evidence
        .windows
        .iter()
        .filter(|window| Fault::named(&window.fault).is_none_or(|fault| fault.disturbs()));
    let mut spans = disturbing.map(|window| (window.begun_us, window.ended_us));
    spans.any(|(begun_us, ended_us)| begun_us <= to_us && from_us <= ended_us)
}

/// Promise 21: several workers, frozen ones too, do no harm. The harm would be a sale that a late
/// sweep has freed, or a hold that ended early.
pub(crate) fn workers(evidence: &Evidence) -> Finding {
    let names = ["paused-worker", "duplicate-ticks"];
    let windows: Vec<_> =
        evidence.windows.iter().filter(|it| names.contains(&it.fault.as_str())).collect();
    let mut violations = Vec::new();
    for double in double_holds(evidence).into_iter().filter(|double| !double.is_excused) {
        violations.push(double.text);
    }
    for (event, state) in &evidence.settled.redis {
        for ticket in evidence.ledger().tickets.iter().filter(|it| it.event_id == *event) {
            let seat = &ticket.seat;
            let holder = state.holders.get(seat);
            let is_seat = state.maps.contains_key(&ticket.section);
            if is_seat && holder.is_some_and(|holder| *holder != ticket.booking_id) {
                violations.push(format!("the sold seat {seat} of {event} is held by {holder:?}"));
            }
        }
    }
    if windows.is_empty() {
        // What broke was not the workers' fault, and other promises tell of it.
        violations.clear();
    }
    let told: Vec<&str> = windows.iter().map(|window| window.detail.as_str()).collect();
    let detail = told.join("; ");
    let exercised = told.iter().any(|it| it.contains("frozen") || it.contains("runs"));
    Finding::new(21, "workers may overlap and freeze", exercised, detail, violations)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Verdict;
    use super::super::evidence::tests::{call, held, sale, told, window};
    use super::*;

    fn evidence(still: &[&str]) -> Evidence {
        let probe = json!({ "booking": "bk_1" });
        let reply = json!({ "still_held": still });
        let calls = vec![
            held("bk_1", "A-1-1", (1_000, 1_010)),
            call("probe_freed", probe, (14_000, 14_010), 200, reply),
        ];
        Evidence { calls, ..Evidence::default() }
    }

    #[test]
    fn a_hold_that_outlives_its_time_breaks_it() {
        assert_eq!(in_time(&evidence(&[])).verdict, Verdict::Kept);
        let mut late = evidence(&["A-1-1"]);
        assert_eq!(in_time(&late).verdict, Verdict::Broken);
        late.windows.push(window("black-hole", (9_000, 9_100), false));
        assert_eq!(in_time(&late).verdict, Verdict::NotExercised);
    }

    #[test]
    fn a_hold_that_ends_before_its_time_breaks_it() {
        let mut evidence = evidence(&[]);
        let request = json!({ "booking": "bk_1" });
        let reply = told("bk_1", "expired", &["A-1-1"]);
        evidence.calls.push(call("read", request, (3_000, 3_005), 200, reply));
        assert_eq!(in_time(&evidence).verdict, Verdict::Broken);
        // After a loss only a hold of what was another's may end early.
        evidence.windows.push(window("forced-loss", (100, 500), true));
        assert_eq!(in_time(&evidence).verdict, Verdict::Broken);
        evidence.settled.ledger.bookings = vec![sale("bk_1", "A-1-1")];
        assert_eq!(in_time(&evidence).verdict, Verdict::Broken);
        evidence.settled.ledger.bookings = vec![sale("bk_9", "A-1-1")];
        assert_ne!(in_time(&evidence).verdict, Verdict::Broken);
    }

    #[test]
    fn a_sold_seat_in_other_hands_breaks_the_promise_about_workers() {
        let (redis, ledger) = crate::inspect::books::tests::whole();
        let mut evidence = Evidence::default();
        evidence.settled.ledger = ledger;
        evidence.settled.redis.insert("e1".to_owned(), redis);
        let mut paused = window("paused-worker", (1, 2), false);
        paused.detail = "frozen".to_owned();
        evidence.windows.push(paused);
        assert_eq!(workers(&evidence).verdict, Verdict::Kept);
        let state = evidence.settled.redis.get_mut("e1").expect("it");
        state.holders.insert("A-1-1".to_owned(), "bk_9".to_owned());
        assert_eq!(workers(&evidence).verdict, Verdict::Broken);
    }
}
