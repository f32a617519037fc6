//! Everything that was seen of a run, and questions about it that several checkers ask.

use std::collections::{BTreeMap, BTreeSet};

use super::calls::{Asked, Call, OfBooking, Reserve, Webhook};
use crate::history::Window;
use crate::inspect::ledger::{BookingState, Tables};
use crate::inspect::observer::{Balance, Sample};
use crate::load::venue::Venue;
use crate::settle::Settled;
use crate::sink::Notifications;

/// Everything that was seen.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// The seed of the run.
    pub seed: u64,
    /// Every call.
    pub calls: Vec<Call>,
    /// Every fault.
    pub windows: Vec<Window>,
    /// The events.
    pub venues: Vec<Venue>,
    /// What the events were like, in the order of time.
    pub samples: Vec<Sample>,
    /// What was sold and what was kept, in the order of time.
    pub balances: Vec<Balance>,
    /// What the sink has taken.
    pub notices: Notifications,
    /// The stores and the provider's ledger at the end.
    pub settled: Settled,
}

/// A hold that somebody got.
#[derive(Debug, Clone)]
pub(crate) struct Hold {
    pub(crate) event: String,
    pub(crate) booking: String,
    pub(crate) seats: Vec<String>,
    /// The first call that can have made it began then.
    pub(crate) begun_us: u64,
    /// It exists from then on.
    pub(crate) ended_us: u64,
    pub(crate) ttl_us: u64,
}

/// A seat of an event.
pub(crate) type Place = (String, String);

/// Who bought each seat.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sales {
    of: BTreeMap<Place, Vec<(String, u64)>>,
}

impl Sales {
    /// Whether by then the seat can have been sold to another booking than these.
    pub(crate) fn to_others(&self, place: &Place, but: &[&str], by_us: u64) -> bool {
        let mut sales = self.of.get(place).into_iter().flatten();
        sales.any(|(booking, begun_us)| *begun_us <= by_us && !but.contains(&booking.as_str()))
    }
}

impl Evidence {
    /// What Postgres said at the end.
    pub(crate) fn ledger(&self) -> &Tables {
        &self.settled.ledger
    }

    /// Calls of these names.
    pub(crate) fn calls_of<'a>(&'a self, ops: &'a [&str]) -> impl Iterator<Item = &'a Call> {
        self.calls.iter().filter(move |call| ops.contains(&call.op.as_str()))
    }

    /// Requests for seats.
    pub(crate) fn reserves(&self) -> impl Iterator<Item = (&Call, &Reserve)> {
        self.calls.iter().filter_map(|call| match &call.asked {
            Asked::Reserve(asked) => Some((call, asked)),
            _ => None,
        })
    }

    /// Calls of these names, each about a booking.
    pub(crate) fn about_bookings<'a>(
        &'a self,
        ops: &'a [&str],
    ) -> impl Iterator<Item = (&'a Call, &'a OfBooking)> {
        self.calls_of(ops).filter_map(|call| match &call.asked {
            Asked::OfBooking(asked) => Some((call, asked)),
            _ => None,
        })
    }

    /// Webhooks of this name that the harness has sent.
    pub(crate) fn webhooks<'a>(
        &'a self,
        op: &'a str,
    ) -> impl Iterator<Item = (&'a Call, &'a Webhook)> {
        self.calls.iter().filter(move |call| call.op == op).filter_map(|call| match &call.asked {
            Asked::Webhook(asked) => Some((call, asked)),
            _ => None,
        })
    }

    /// Whether Redis can have lost writes in this span.
    pub(crate) fn may_lose(&self, from_us: u64, to_us: u64) -> bool {
        self.windows.iter().any(|window| window.loses_writes && overlap(window, from_us, to_us))
    }

    /// As [`Self::may_lose`], and longer after a loss in which a sale can have been forgotten, as
    /// `can_forget` tells of the time of its end: until the audit has come by, Redis gives the
    /// seats to holds that Postgres ends.
    pub(crate) fn may_miss(
        &self,
        can_forget: impl Fn(u64) -> bool,
        from_us: u64,
        to_us: u64,
    ) -> bool {
        let mut losses = self.windows.iter().filter(|window| window.loses_writes);
        losses.any(|loss| {
            let until_us = missed_until_us(loss, can_forget(loss.ended_us));
            loss.begun_us <= to_us && from_us <= until_us
        })
    }

    /// The seats that were ever sold: to which bookings, and when these can have been made at the
    /// earliest.
    pub(crate) fn sales(&self) -> Sales {
        let sold = self.ever_sold();
        let holds = self.holds();
        let begun: BTreeMap<_, _> =
            holds.iter().map(|hold| (hold.booking.as_str(), hold.begun_us)).collect();
        let mut sales = Sales::default();
        for row in self.ledger().bookings.iter().filter(|row| sold.contains(row.id.as_str())) {
            let begun_us = begun.get(row.id.as_str()).copied().unwrap_or(0);
            for seat in row.ever_seats() {
                let sale = (row.id.clone(), begun_us);
                sales.of.entry((row.event_id.clone(), seat.clone())).or_default().push(sale);
            }
        }
        sales
    }

    /// Whether any fault of these names was active in this span; no names stand for all.
    pub(crate) fn had_fault(&self, names: &[&str], from_us: u64, to_us: u64) -> bool {
        self.windows.iter().any(|window| {
            let named = names.is_empty() || names.iter().any(|it| window.fault.starts_with(it));
            named && overlap(window, from_us, to_us)
        })
    }

    /// Whether a fault of these names happened at all.
    pub(crate) fn happened(&self, names: &[&str]) -> bool {
        self.had_fault(names, 0, u64::MAX)
    }

    /// The state of each booking in Postgres.
    pub(crate) fn states(&self) -> BTreeMap<&str, BookingState> {
        self.ledger().bookings.iter().map(|row| (row.id.as_str(), row.state)).collect()
    }

    /// Every hold that a buyer was told of, once, in the order in which they began.
    pub(crate) fn holds(&self) -> Vec<Hold> {
        let mut holds: BTreeMap<&str, Hold> = BTreeMap::new();
        for (call, asked) in self.reserves().filter(|(call, _)| call.is_ok()) {
            let Some(told) = call.told_booking() else { continue };
            let begun_us = self.first_try_us(call, asked);
            let hold = holds.entry(&told.booking_id).or_insert_with(|| Hold {
                event: asked.event.clone(),
                booking: told.booking_id.clone(),
                seats: told.seats.clone(),
                begun_us,
                ended_us: call.end_us(),
                ttl_us: asked.ttl_s * 1_000_000,
            });
            hold.begun_us = hold.begun_us.min(begun_us);
            hold.ended_us = hold.ended_us.min(call.end_us());
        }
        let mut holds: Vec<Hold> = holds.into_values().collect();
        holds.sort_by_key(|hold| hold.begun_us);
        holds
    }

    /// When the first call with this user and key began.
    fn first_try_us(&self, call: &Call, asked: &Reserve) -> u64 {
        if asked.key.is_none() {
            return call.begun_us;
        }
        let same = self.reserves().filter(|(other, other_asked)| {
            other.visitor == call.visitor
                && other_asked.key == asked.key
                && other_asked.body == asked.body
        });
        same.map(|(other, _)| other.begun_us).min().unwrap_or(call.begun_us)
    }

    /// When somebody first tried to give each booking back, to cancel it, or to give up a part.
    pub(crate) fn first_free_us(&self) -> BTreeMap<&str, u64> {
        const ENDING: [&str; 5] = ["release", "cancel", "give_up", "steal_release", "steal_cancel"];
        let mut first = BTreeMap::new();
        for (call, asked) in self.about_bookings(&ENDING) {
            let at = first.entry(asked.booking.as_str()).or_insert(call.begun_us);
            *at = call.begun_us.min(*at);
        }
        first
    }

    /// Bookings of which a fan was told that they are confirmed, or that are so in Postgres.
    pub(crate) fn ever_sold(&self) -> BTreeSet<&str> {
        let told = self.calls.iter().filter_map(Call::told_booking);
        let told = told.filter(|booking| booking.status == "confirmed");
        let told = told.map(|booking| booking.booking_id.as_str());
        let kept = self.ledger().bookings.iter().filter(|row| row.state.was_sold());
        told.chain(kept.map(|row| row.id.as_str())).collect()
    }
}

/// Until then what a loss has taken may be missing; a sale until an audit has come by, one every
/// 10 s, and has looked twice.
pub(crate) const fn missed_until_us(loss: &Window, is_sale: bool) -> u64 {
    if is_sale { loss.ended_us.saturating_add(12_000_000) } else { loss.ended_us }
}

fn overlap(window: &Window, from_us: u64, to_us: u64) -> bool {
    window.begun_us <= to_us && from_us <= window.ended_us
}

/// For people: a time of the history.
pub(crate) fn at(us: u64) -> String {
    if us == u64::MAX { "never".to_owned() } else { format!("{:.3} s", us as f64 / 1e6) }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::history::{Outcome, Recorded};
    use crate::inspect::ledger::BookingRow;
    use crate::inspect::ledger::tests::booking;

    /// A call that took from `begun_ms` to `ended_ms`, as a checker reads it.
    pub(crate) fn call(
        op: &str,
        request: Value,
        span_ms: (u64, u64),
        status: u16,
        reply: Value,
    ) -> Call {
        Call::read(&recorded(op, request, span_ms, status, reply)).expect("a whole call")
    }

    /// The same, as the history has it.
    pub(crate) fn recorded(
        op: &str,
        request: Value,
        span_ms: (u64, u64),
        status: u16,
        reply: Value,
    ) -> Recorded {
        let outcome = match status {
            200..300 => Outcome::Ok,
            400..500 => Outcome::Fail,
            _ => Outcome::Unknown,
        };
        let (begun_us, ended_us) = (span_ms.0 * 1_000, Some(span_ms.1 * 1_000));
        let op = op.to_owned();
        Recorded { index: 0, visitor: 1, op, request, begun_us, ended_us, outcome, status, reply }
    }

    /// A hold of one seat of event `e1` for 6 s.
    pub(crate) fn held(booking: &str, seat: &str, span_ms: (u64, u64)) -> Call {
        let request = json!({ "event": "e1", "user": booking, "body": {}, "ttl_s": 6 });
        call("reserve", request, span_ms, 201, told(booking, "reserved", &[seat]))
    }

    /// A booking as the API tells it.
    pub(crate) fn told(booking: &str, status: &str, seats: &[&str]) -> Value {
        json!({ "booking_id": booking, "status": status, "seats": seats,
            "quantity": seats.len() })
    }

    /// A seat of event `e1` that is sold to a booking at last.
    pub(crate) fn sale(id: &str, seat: &str) -> BookingRow {
        booking(id, BookingState::Confirmed, &[seat])
    }

    pub(crate) fn window(fault: &str, span_ms: (u64, u64), loses_writes: bool) -> Window {
        Window {
            fault: fault.to_owned(),
            detail: String::new(),
            begun_us: span_ms.0 * 1_000,
            ended_us: span_ms.1 * 1_000,
            loses_writes,
        }
    }
}
