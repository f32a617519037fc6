//! Linearizability of the holds of one seat, after Wing and Gong: is there an order of the calls,
//! each at a moment between its begin and its end, in which a seat has one holder at a time?

use std::collections::HashSet;

/// Calls of one search; a set of them is one number. More are looked at in several searches.
pub(crate) const OPS_MAX: usize = 120;
/// Steps of a search before it is given up: it grows with what overlaps, not with the length.
const STEPS_MAX: usize = 200_000;

/// What happened to a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// This holder got it: it was free.
    Take(usize),
    /// This holder's hold ended, by its own will or by time.
    Free(usize),
    /// Somebody was told that it is taken.
    Taken,
}

/// A call about a seat.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Op {
    pub(crate) kind: Kind,
    pub(crate) begun_us: u64,
    /// `u64::MAX` when nobody knows when it was over.
    pub(crate) ended_us: u64,
    /// Whether it may have had no effect at all.
    pub(crate) optional: bool,
}

impl Op {
    /// A call that had its effect at some moment between its begin and its end.
    pub(crate) fn certain(kind: Kind, begun_us: u64, ended_us: u64) -> Self {
        Self { kind, begun_us, ended_us, optional: false }
    }

    /// An effect that may have come at any time from a moment on, or not at all.
    pub(crate) fn possible(kind: Kind, from_us: u64) -> Self {
        Self { kind, begun_us: from_us, ended_us: u64::MAX, optional: true }
    }
}

/// Who holds the seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Seat {
    /// Nobody knows what was before.
    Any,
    Nobody,
    Holder(usize),
}

/// How a search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Yes,
    No,
    /// Too many possibilities.
    GaveUp,
}

/// Whether the calls have an order. `is_new`: nobody held the seat before.
pub(crate) fn is_linearizable(ops: &[Op], is_new: bool) -> Answer {
    let ops = &ops[..ops.len().min(OPS_MAX)];
    let mut search = Search { ops, seen: HashSet::new(), steps: 0 };
    match search.go(0, if is_new { Seat::Nobody } else { Seat::Any }) {
        true => Answer::Yes,
        false if search.steps >= STEPS_MAX => Answer::GaveUp,
        false => Answer::No,
    }
}

struct Search<'a> {
    ops: &'a [Op],
    seen: HashSet<(u128, Seat)>,
    steps: usize,
}

impl Search<'_> {
    fn go(&mut self, done: u128, seat: Seat) -> bool {
        self.steps += 1;
        if self.steps >= STEPS_MAX || !self.seen.insert((done, seat)) {
            return false;
        }
        let left = || {
            let all = self.ops.iter().enumerate();
            all.filter(move |(index, _)| done & (1 << index) == 0)
        };
        if left().all(|(_, op)| op.optional) {
            return true;
        }
        // What begins after another has ended cannot come before it.
        let bound = left().filter(|(_, op)| !op.optional).map(|(_, op)| op.ended_us).min();
        let bound = bound.unwrap_or(u64::MAX);
        let next: Vec<(usize, Op)> =
            left().filter(|(_, op)| op.begun_us <= bound).map(|(index, op)| (index, *op)).collect();
        // Looking changes nothing: whoever can be right now is right now.
        let look = next.iter().find(|(_, op)| op.kind == Kind::Taken && seat != Seat::Nobody);
        if let Some((index, _)) = look {
            return self.go(done | (1 << index), seat);
        }
        for (index, op) in next {
            if let Some(after) = step(seat, op.kind)
                && self.go(done | (1 << index), after)
            {
                return true;
            }
        }
        false
    }
}

/// The seat after the call, if the call can have happened on it.
fn step(seat: Seat, kind: Kind) -> Option<Seat> {
    match (kind, seat) {
        (Kind::Take(holder), Seat::Any | Seat::Nobody) => Some(Seat::Holder(holder)),
        (Kind::Free(holder), Seat::Holder(now)) if holder == now => Some(Seat::Nobody),
        (Kind::Free(_), Seat::Any) => Some(Seat::Nobody),
        (Kind::Taken, Seat::Any | Seat::Holder(_)) => Some(seat),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_after_the_other_is_fine() {
        let ops = [
            Op::certain(Kind::Take(1), 0, 10),
            Op::certain(Kind::Taken, 12, 14),
            Op::certain(Kind::Free(1), 15, 20),
            Op::certain(Kind::Take(2), 18, 30),
        ];
        assert_eq!(is_linearizable(&ops, true), Answer::Yes);
    }

    #[test]
    fn two_holders_at_a_time_are_not() {
        let ops = [
            Op::certain(Kind::Take(1), 0, 10),
            Op::certain(Kind::Take(2), 20, 30),
            Op::possible(Kind::Free(1), 40),
        ];
        assert_eq!(is_linearizable(&ops, true), Answer::No);
        let ops = [
            Op::certain(Kind::Take(1), 0, 10),
            Op::certain(Kind::Take(2), 20, 30),
            Op::possible(Kind::Free(1), 15),
        ];
        assert_eq!(is_linearizable(&ops, true), Answer::Yes);
    }

    #[test]
    fn a_free_seat_cannot_be_refused() {
        assert_eq!(is_linearizable(&[Op::certain(Kind::Taken, 0, 10)], true), Answer::No);
        assert_eq!(is_linearizable(&[Op::certain(Kind::Taken, 0, 10)], false), Answer::Yes);
        let ops = [Op::certain(Kind::Taken, 0, 10), Op::possible(Kind::Take(1), 5)];
        assert_eq!(is_linearizable(&ops, true), Answer::Yes);
    }
}
