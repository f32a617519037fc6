//! Promise 2: while Redis loses nothing, the holds of a seat are linearizable. Double holds under
//! failover are allowed, and counted.

use std::collections::{BTreeMap, BTreeSet};

use super::evidence::{Evidence, Hold, Place, at, missed_until_us};
use super::linear::{Answer, Kind, OPS_MAX, Op, is_linearizable};
use super::{Finding, Verdict};

/// What two bookings of a seat at the same time look like.
#[derive(Debug, Clone)]
pub(crate) struct DoubleHold {
    pub(crate) text: String,
    /// Whether Redis may have lost a write between the two.
    pub(crate) is_excused: bool,
}

/// A hold of it, from when to when it was there for certain.
type Span = (u64, u64, Hold);

/// Promise 2.
pub(crate) fn linearizable(evidence: &Evidence) -> Finding {
    let mut violations: Vec<String> = double_holds(evidence)
        .into_iter()
        .filter(|double| !double.is_excused)
        .map(|double| double.text)
        .collect();
    let seats = ops_by_seat(evidence);
    let sales = evidence.sales();
    let (mut checked, mut given_up) = (0, 0);
    for (place, ops) in &seats {
        let (event, seat) = place;
        for (ops, is_new) in epochs(evidence, |by_us| sales.to_others(place, &[], by_us), ops) {
            for part in ops.chunks(OPS_MAX) {
                match is_linearizable(part, is_new && part.len() == ops.len()) {
                    Answer::Yes => checked += 1,
                    Answer::GaveUp => given_up += 1,
                    Answer::No => {
                        let from = part.first().map_or(0, |op| op.begun_us);
                        violations.push(format!(
                            "the calls about {seat} of {event} from {} on have no order",
                            at(from)
                        ));
                    }
                }
            }
        }
    }
    let doubles = double_holds(evidence);
    let detail = format!(
        "{} seats, {checked} histories in order, {given_up} given up; double holds: {} under loss, \
         {} without",
        seats.len(),
        doubles.iter().filter(|double| double.is_excused).count(),
        doubles.iter().filter(|double| !double.is_excused).count(),
    );
    let mut finding = Finding::new(2, "holds are linearizable", checked > 0, detail, violations);
    if finding.verdict == Verdict::Kept && given_up > checked {
        finding.verdict = Verdict::NotExercised;
    }
    finding
}

/// Pairs of bookings that held the same seat at the same time for certain.
pub(crate) fn double_holds(evidence: &Evidence) -> Vec<DoubleHold> {
    let free = evidence.first_free_us();
    let (sold, sales) = (evidence.ever_sold(), evidence.sales());
    let mut by_seat: BTreeMap<Place, Vec<Span>> = BTreeMap::new();
    for hold in evidence.holds() {
        // A sale lasts until it is cancelled; when it was made is not known, so an early end of a
        // hold that was sold later is taken for possible.
        let by_time = hold.begun_us + hold.ttl_us;
        let by_will = free.get(hold.booking.as_str()).copied().unwrap_or(u64::MAX);
        let until = by_time.min(by_will);
        for seat in &hold.seats {
            let key = (hold.event.clone(), seat.clone());
            by_seat.entry(key).or_default().push((hold.ended_us, until, hold.clone()));
        }
    }
    let mut found = Vec::new();
    for (place, mut holds) in by_seat {
        let (event, seat) = &place;
        holds.sort_by_key(|(from, ..)| *from);
        for (index, (from, until, one)) in holds.iter().enumerate() {
            for (other_from, other_until, other) in &holds[index + 1..] {
                if other_from < until && from < other_until {
                    let both = [one.booking.as_str(), other.booking.as_str()];
                    let count = both.iter().filter(|id| sold.contains(*id)).count();
                    let can_forget = |by_us| sales.to_others(&place, &both, by_us);
                    found.push(DoubleHold {
                        text: format!(
                            "{seat} of {event}: {} from {} and {} from {}, {count} of them sold",
                            one.booking,
                            at(*from),
                            other.booking,
                            at(*other_from)
                        ),
                        is_excused: evidence.may_miss(can_forget, one.begun_us, *other_from),
                    });
                }
            }
        }
    }
    found
}

/// What happened to each seat, in the order of time.
#[derive(Default)]
struct SeatOps(BTreeMap<Place, Vec<Op>>);

impl SeatOps {
    fn add(&mut self, event: &str, seat: &str, op: Op) {
        self.0.entry((event.to_owned(), seat.to_owned())).or_default().push(op);
    }
}

/// Every call about each seat, as operations on it. The holders are numbers: first those of
/// [`Evidence::holds`], then bookings that no call has told of.
fn ops_by_seat(evidence: &Evidence) -> BTreeMap<Place, Vec<Op>> {
    let mut seats = SeatOps::default();
    let holds = evidence.holds();
    add_holds(&mut seats, evidence, &holds);
    add_holds_without_an_answer(&mut seats, evidence, &holds);
    add_refusals(&mut seats, evidence);
    for ops in seats.0.values_mut() {
        ops.sort_by_key(|op| (op.begun_us, op.ended_us));
    }
    seats.0
}

/// A hold that a buyer was told of. Only its beginning is known for certain; what ended it may have
/// happened at any time from a moment on, or not at all (`?`):
///
/// ```text
/// first try   answer        first release or cancel      begin + TTL
///     |-- take --|                     |                      |
///                                      |-- free? ------------------->   given back
///                                                             |-- free? ->   its time ran out
///                                                             |-- take? ->   sold, and paid late:
///                                                             |-- free? ->   taken and freed again
/// ```
fn add_holds(seats: &mut SeatOps, evidence: &Evidence, holds: &[Hold]) {
    let given_back = evidence.first_free_us();
    let sold = evidence.ever_sold();
    for (holder, hold) in holds.iter().enumerate() {
        let (take, free) = (Kind::Take(holder), Kind::Free(holder));
        let over_us = hold.begun_us + hold.ttl_us;
        let mut ops =
            vec![Op::certain(take, hold.begun_us, hold.ended_us), Op::possible(free, over_us)];
        if let Some(at_us) = given_back.get(hold.booking.as_str()) {
            ops.push(Op::possible(free, *at_us));
        }
        if sold.contains(hold.booking.as_str()) {
            ops.push(Op::possible(take, over_us));
            ops.push(Op::possible(free, over_us));
        }
        for seat in &hold.seats {
            for op in &ops {
                seats.add(&hold.event, seat, *op);
            }
        }
    }
}

/// A call without an answer may have held seats all the same. Postgres knows for whom: such a hold
/// was made at some time after the buyer's first request, or not at all.
fn add_holds_without_an_answer(seats: &mut SeatOps, evidence: &Evidence, holds: &[Hold]) {
    let told: BTreeSet<&str> = holds.iter().map(|hold| hold.booking.as_str()).collect();
    let bookings = evidence.ledger().bookings.iter();
    let untold = bookings.filter(|row| !told.contains(row.id.as_str()));
    for (extra, row) in untold.enumerate() {
        let holder = holds.len() + extra;
        let requests = evidence.reserves().filter(|(_, asked)| asked.user == row.user_id);
        let begun_us = requests.map(|(call, _)| call.begun_us).min().unwrap_or(0);
        for seat in row.ever_seats() {
            seats.add(&row.event_id, seat, Op::possible(Kind::Take(holder), begun_us));
            seats.add(&row.event_id, seat, Op::possible(Kind::Free(holder), begun_us));
        }
    }
}

/// A buyer who was refused because of a seat saw it taken, at some moment of the call.
fn add_refusals(seats: &mut SeatOps, evidence: &Evidence) {
    for (call, asked) in evidence.reserves() {
        for seat in call.unavailable_seats().into_iter().flatten() {
            let op = Op::certain(Kind::Taken, call.begun_us, call.end_us());
            seats.add(&asked.event, seat, op);
        }
    }
}

/// The calls between two losses, and whether the seat was new then. A call that runs into a loss
/// may have had no effect.
fn epochs(
    evidence: &Evidence,
    can_forget: impl Fn(u64) -> bool,
    ops: &[Op],
) -> Vec<(Vec<Op>, bool)> {
    let mut bounds = vec![0];
    for window in evidence.windows.iter().filter(|window| window.loses_writes) {
        bounds.push(window.begun_us);
        bounds.push(missed_until_us(window, can_forget(window.ended_us)));
    }
    bounds.push(u64::MAX);
    bounds.sort_unstable();
    let spans = bounds.windows(2).enumerate();
    let is_calm = |from: u64| {
        let just_after = from.saturating_add(1);
        !evidence.may_miss(&can_forget, just_after, just_after)
    };
    spans
        .filter(|(_, span)| is_calm(span[0]))
        .map(|(index, span)| {
            let inside = ops.iter().filter(|op| op.begun_us >= span[0] && op.begun_us < span[1]);
            let cut = inside.map(|op| {
                let runs_out = op.ended_us >= span[1] && !op.optional;
                let ended_us = if runs_out { u64::MAX } else { op.ended_us };
                Op { optional: op.optional || runs_out, ended_us, ..*op }
            });
            (cut.collect(), index == 0)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::evidence::tests::{held, sale, window};
    use super::*;

    fn evidence(second_ms: u64) -> Evidence {
        let calls = vec![
            held("bk_1", "A-1-1", (1_000, 1_020)),
            held("bk_2", "A-1-1", (second_ms, second_ms + 20)),
        ];
        Evidence { calls, ..Evidence::default() }
    }

    #[test]
    fn a_seat_that_is_held_twice_breaks_it() {
        assert_eq!(linearizable(&evidence(7_500)).verdict, Verdict::Kept);
        let broken = linearizable(&evidence(3_000));
        assert_eq!(broken.verdict, Verdict::Broken);
        assert!(broken.violations[0].contains("bk_1") && broken.violations[0].contains("bk_2"));
    }

    #[test]
    fn a_double_hold_across_a_loss_is_counted_and_excused() {
        let mut evidence = evidence(3_000);
        evidence.windows.push(window("forced-loss", (2_000, 2_500), true));
        let finding = linearizable(&evidence);
        assert_eq!(finding.verdict, Verdict::Kept, "{:?}", finding.violations);
        assert!(finding.detail.contains("1 under loss"), "{}", finding.detail);
    }

    #[test]
    fn after_a_loss_only_a_seat_that_was_sold_is_excused() {
        let mut evidence = evidence(3_000);
        evidence.windows.push(window("forced-loss", (100, 500), true));
        assert_eq!(linearizable(&evidence).verdict, Verdict::Broken);
        // One of the two has bought it, later.
        evidence.settled.ledger.bookings = vec![sale("bk_1", "A-1-1")];
        assert_eq!(linearizable(&evidence).verdict, Verdict::Broken);
        evidence.settled.ledger.bookings = vec![sale("bk_9", "A-1-1")];
        assert_ne!(linearizable(&evidence).verdict, Verdict::Broken);
    }
}
