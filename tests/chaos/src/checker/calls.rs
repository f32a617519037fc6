//! The calls of a run as checkers read them.
//!
//! The history keeps what was asked and answered as JSON. Here it becomes typed, once, before the
//! first checker: a member that is missing or was renamed ends the run as an error. A checker that
//! looked it up by name would see nothing, and nothing looks like a promise kept.

use anyhow::{Context, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::history::{Outcome, Recorded};

/// One call.
#[derive(Debug, Clone)]
pub struct Call {
    /// Its place in the history.
    pub index: usize,
    /// Who called: a visitor's number; 0 is the harness itself.
    pub visitor: u64,
    /// What was called: `reserve`, `release`, `join`, …
    pub op: String,
    /// When it began, in µs since the start of the history.
    pub begun_us: u64,
    /// When it ended; none while it runs.
    pub ended_us: Option<u64>,
    /// How it ended.
    pub outcome: Outcome,
    /// The HTTP status; 0 without an answer.
    pub status: u16,
    /// What was asked.
    pub asked: Asked,
    /// What was answered.
    pub told: Told,
}

/// What was asked, by the name of the call.
#[derive(Debug, Clone)]
pub enum Asked {
    /// `reserve`.
    Reserve(Reserve),
    /// `join`, `position`, `leave`.
    Line(Line),
    /// `read`, `release`, `cancel`, `payment`, `probe_freed`, and what thieves try.
    OfBooking(OfBooking),
    /// `forged`, `wrong_payment`.
    Webhook(Webhook),
    /// No checker wants to know more of it.
    Other,
}

/// A request for seats.
#[derive(Debug, Clone, Deserialize)]
pub struct Reserve {
    /// The event.
    pub event: String,
    /// The buyer.
    pub user: String,
    /// The idempotency key, where there was one.
    pub key: Option<String>,
    /// The body.
    pub body: ReserveBody,
    /// How long a hold of the event lasts.
    pub ttl_s: u64,
}

/// The body of a request for seats, with nothing else in it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReserveBody {
    /// The event.
    pub event_id: Option<String>,
    /// The section, where the buyer chose one.
    pub section: Option<String>,
    /// Named seats.
    #[serde(default)]
    pub seats: Vec<String>,
    /// How many, where none are named.
    pub quantity: Option<u64>,
}

/// A request about the line of an event.
#[derive(Debug, Clone, Deserialize)]
pub struct Line {
    /// The event.
    pub event: String,
    /// The fan.
    pub user: String,
}

/// A request about a booking.
#[derive(Debug, Clone, Deserialize)]
pub struct OfBooking {
    /// The booking.
    pub booking: String,
    /// Who asks; nobody does when the harness looks by itself.
    pub user: Option<String>,
    /// Seats that are given up.
    #[serde(default)]
    pub seats: Vec<String>,
}

/// A webhook that the harness sends.
#[derive(Debug, Clone, Deserialize)]
pub struct Webhook {
    /// The id of the provider's event.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// The booking it names.
    pub booking: String,
}

/// What was answered.
#[derive(Debug, Clone)]
pub enum Told {
    /// A booking: of `reserve`, `read`, `release`, `cancel`, `give_up`.
    Booking(Booking),
    /// A place in the line.
    Place(Place),
    /// Places that an abandoned hold still has.
    StillHeld(StillHeld),
    /// A refusal, a failure, or why there is no answer.
    Refused(Refused),
    /// Nothing, or nothing that a checker reads.
    Other,
}

/// A booking as the API tells it.
#[derive(Debug, Clone, Deserialize)]
pub struct Booking {
    /// The booking.
    pub booking_id: String,
    /// `reserved`, `confirmed`, …
    pub status: String,
    /// Its seats; none of a standing section.
    pub seats: Vec<String>,
    /// How many places.
    pub quantity: u64,
}

/// A place in the line as the API tells it.
#[derive(Debug, Clone, Deserialize)]
pub struct Place {
    /// The place; 0 when the fan has none.
    pub number: i64,
    /// `waiting`, `admitted`, `expired`, `closed`.
    pub status: String,
    /// Of somebody who was let in.
    pub pass_expires_at: Option<String>,
}

/// What the harness found in Redis of an abandoned hold.
#[derive(Debug, Clone, Deserialize)]
pub struct StillHeld {
    /// Places it still has.
    pub still_held: Vec<String>,
}

/// An answer that is none of 2xx. A server in trouble may say nothing at all.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Refused {
    /// The code of the problem.
    pub code: Option<String>,
    /// Seats that are not free.
    pub seats: Option<Vec<String>>,
    /// Whether it says when to come again.
    #[serde(default)]
    pub retry_after: bool,
    /// Why there is no answer.
    pub error: Option<String>,
}

/// The code of a refusal because of seats that are not free.
const SEAT_UNAVAILABLE: &str = "seat_unavailable";

impl Call {
    /// Reads a call of the history.
    pub fn read(call: &Recorded) -> Result<Self> {
        let Recorded { index, visitor, op, .. } = call;
        let place = || format!("call {index}, {op} of visitor {visitor}");
        Ok(Self {
            index: call.index,
            visitor: call.visitor,
            op: call.op.clone(),
            begun_us: call.begun_us,
            ended_us: call.ended_us,
            outcome: call.outcome,
            status: call.status,
            asked: asked(call).with_context(place)?,
            told: told(call).with_context(place)?,
        })
    }

    /// Whether it has been done.
    pub fn is_ok(&self) -> bool {
        self.outcome == Outcome::Ok && self.ended_us.is_some()
    }

    /// When it ended, the end of time when it did not.
    pub fn end_us(&self) -> u64 {
        self.ended_us.unwrap_or(u64::MAX)
    }

    /// The booking that it was told of.
    pub fn told_booking(&self) -> Option<&Booking> {
        if let Told::Booking(booking) = &self.told { Some(booking) } else { None }
    }

    /// The seats that were not free, when that is why it was refused.
    pub fn unavailable_seats(&self) -> Option<&[String]> {
        let Told::Refused(refused) = &self.told else { return None };
        let is_why = refused.code.as_deref() == Some(SEAT_UNAVAILABLE);
        refused.seats.as_deref().filter(|_| is_why)
    }
}

/// What each call was about. A call that is new to the harness must be added here.
fn asked(call: &Recorded) -> Result<Asked> {
    Ok(match call.op.as_str() {
        "reserve" => Asked::Reserve(typed(&call.request)?),
        "join" | "position" | "leave" => Asked::Line(typed(&call.request)?),
        "read" | "release" | "cancel" | "give_up" | "payment" | "probe_freed" | "steal_release"
        | "steal_payment" | "steal_cancel" => Asked::OfBooking(typed(&call.request)?),
        "forged" | "wrong_payment" => Asked::Webhook(typed(&call.request)?),
        "guest" | "create_event" | "tick" | "provider" => Asked::Other,
        _ => anyhow::bail!("no checker knows this call"),
    })
}

fn told(call: &Recorded) -> Result<Told> {
    // The provider's refusals have a shape of their own, and no checker decides by them.
    if call.ended_us.is_none() || call.op == "provider" {
        return Ok(Told::Other);
    }
    if !(200..300).contains(&call.status) {
        return refused(call).map(Told::Refused);
    }
    Ok(match call.op.as_str() {
        "reserve" | "read" | "release" | "cancel" | "give_up" => Told::Booking(typed(&call.reply)?),
        "join" | "position" => Told::Place(place(call)?),
        "probe_freed" => Told::StillHeld(typed(&call.reply)?),
        _ => Told::Other,
    })
}

fn place(call: &Recorded) -> Result<Place> {
    let place: Place = typed(&call.reply)?;
    if place.status == "admitted" {
        place.pass_expires_at.as_ref().context("a pass without `pass_expires_at`")?;
    }
    Ok(place)
}

/// Not everything that answers is the application, so a body may be missing. When it is there, and
/// a checker decides by it, it must be whole.
fn refused(call: &Recorded) -> Result<Refused> {
    if !call.reply.is_object() {
        return Ok(Refused::default());
    }
    let refused: Refused = typed(&call.reply)?;
    if call.op == "reserve" && call.status == 409 {
        let code = refused.code.as_deref().context("a refusal without `code`")?;
        if code == SEAT_UNAVAILABLE {
            refused.seats.as_ref().context("seats are not free, and no `seats` are named")?;
        }
    }
    Ok(refused)
}

fn typed<T: DeserializeOwned>(value: &Value) -> Result<T> {
    T::deserialize(value).with_context(|| value.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::evidence::tests::recorded;
    use super::*;

    /// Renames each member of what was asked and answered, one after the other: each is missed.
    fn each_member_is_missed(op: &str, request: &Value, status: u16, reply: &Value) {
        let of = |request: &Value, reply: &Value| {
            Call::read(&recorded(op, request.clone(), (1, 2), status, reply.clone()))
        };
        of(request, reply).unwrap_or_else(|error| panic!("{op} is whole: {error:#}"));
        for name in request.as_object().expect("an object").keys() {
            assert!(of(&renamed(request, name), reply).is_err(), "{op}: {name} of the request");
        }
        for name in reply.as_object().expect("an object").keys() {
            assert!(of(request, &renamed(reply, name)).is_err(), "{op}: {name} of the reply");
        }
    }

    fn renamed(object: &Value, name: &str) -> Value {
        let mut members = object.as_object().expect("an object").clone();
        let member = members.remove(name).expect("a member");
        members.insert(format!("{name}_2"), member);
        members.into()
    }

    #[test]
    fn a_refusal_of_the_provider_may_have_any_shape() {
        let refusal = json!({ "error": { "code": "payment_intent_unexpected_state" } });
        let call = recorded("provider", json!({}), (1, 2), 400, refusal);
        assert!(matches!(Call::read(&call).expect("it is read").told, Told::Other));
    }

    #[test]
    fn a_renamed_member_is_an_error() {
        let reserve = json!({ "event": "e1", "user": "u", "body": {}, "ttl_s": 6 });
        let booking =
            json!({ "booking_id": "b", "status": "reserved", "seats": [], "quantity": 1 });
        each_member_is_missed("reserve", &reserve, 201, &booking);
        let about = json!({ "booking": "b" });
        for op in ["read", "release", "cancel", "give_up"] {
            each_member_is_missed(op, &about, 200, &booking);
        }
        each_member_is_missed("probe_freed", &about, 200, &json!({ "still_held": [] }));
        each_member_is_missed("steal_cancel", &about, 200, &json!({}));
        let line = json!({ "event": "e1", "user": "u" });
        let place = json!({ "number": 1, "status": "admitted", "pass_expires_at": "t" });
        each_member_is_missed("position", &line, 200, &place);
        each_member_is_missed("leave", &line, 204, &json!({}));
        let webhook = json!({ "id": "evt_1", "kind": "k", "booking": "b" });
        each_member_is_missed("forged", &webhook, 200, &json!({}));
        let taken = json!({ "code": SEAT_UNAVAILABLE, "seats": ["A-1-1"] });
        each_member_is_missed("reserve", &reserve, 409, &taken);
    }

    #[test]
    fn a_call_that_no_checker_knows_is_an_error() {
        let call = recorded("resreve", json!({}), (1, 2), 200, json!({}));
        assert!(Call::read(&call).is_err());
    }

    #[test]
    fn an_answer_without_a_body_is_a_failure_like_others() {
        let reserve = json!({ "event": "e1", "user": "u", "body": {}, "ttl_s": 6 });
        for status in [0, 429, 503] {
            let call = recorded("reserve", reserve.clone(), (1, 2), status, Value::Null);
            let told = Call::read(&call).expect("is read").told;
            assert!(matches!(told, Told::Refused(Refused { code: None, .. })), "{told:?}");
        }
    }
}
