//! Every route of the contract that the client uses, typed.

use std::time::Duration;

use domain::booking::Booking;
use domain::id::{BookingId, EventId, UserId};
use domain::queue::Place;
use domain::section::Section;
use domain::ticket::Ticket;
use domain::time::Instant;
use reqwest::Method;
use serde::{Deserialize, Serialize};

use crate::client::{Client, Reply, Request};
use crate::latency::Step;
use crate::problem::{Failure, Problem};
use crate::stream::PlaceStream;

/// Longer than any stream lives: the server ends them after some minutes.
const STREAM_LIFE_MAX: Duration = Duration::from_secs(3_600);

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Guest {
    /// For `Authorization: Bearer`.
    pub(crate) token: String,
    pub(crate) user_id: UserId,
    /// When the token ends.
    pub(crate) expires_at: Instant,
}

/// An event as the API shows it, as far as a client needs it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Event {
    pub(crate) id: EventId,
    pub(crate) name: String,
    /// `scheduled`, `on_sale`, `paused`, `sold_out`, `ended` or `cancelled`.
    pub(crate) status: String,
    /// Places of all sections.
    pub(crate) capacity: i64,
    pub(crate) starts_at: Instant,
    /// ISO 4217, upper case.
    pub(crate) currency: String,
    pub(crate) sections: Vec<Section>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Events {
    /// At most `limit` of them.
    pub(crate) events: Vec<Event>,
    /// Where the next page begins.
    #[serde(default)]
    pub(crate) next_cursor: Option<String>,
}

/// What is free, held and sold.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Availability {
    /// `on_sale`, `sold_out`, …
    pub(crate) status: String,
    /// Places of all sections.
    pub(crate) capacity: i64,
    pub(crate) available: i64,
    pub(crate) held: i64,
    pub(crate) sold: i64,
    /// The same for each section.
    pub(crate) sections: Vec<SectionAvailability>,
}

/// Free, held and sold units of a section.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct SectionAvailability {
    pub(crate) name: String,
    /// `seated` or `standing`.
    pub(crate) kind: String,
    /// Minor units.
    pub(crate) price: i64,
    pub(crate) capacity: i64,
    pub(crate) available: i64,
    pub(crate) held: i64,
    pub(crate) sold: i64,
}

/// The seats of a section, one character each, row by row.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct SeatMap {
    /// Seats of a row.
    pub(crate) seats_per_row: u32,
    /// `.` free, `h` held, `s` sold.
    pub(crate) map: String,
}

/// A payment that the buyer's browser can go on with.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct BegunPayment {
    /// The provider's id.
    pub(crate) payment_id: String,
}

/// A ticket with its signed code.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SignedTicket {
    #[serde(flatten)]
    pub(crate) ticket: Ticket,
    /// What the door reads.
    pub(crate) code: String,
}

/// The tickets of a booking, cancelled ones among them.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Tickets {
    pub(crate) tickets: Vec<SignedTicket>,
}

/// A ticket that is shown at a door.
#[derive(Debug, Serialize)]
pub(crate) struct Scan {
    pub(crate) event_id: EventId,
    /// What was scanned, or an id.
    pub(crate) code: String,
    /// Which door.
    pub(crate) gate: Option<String>,
    /// Whether an admission is taken back.
    pub(crate) undo: bool,
}

/// What became of a scan.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ScanAnswer {
    /// `admitted`, `already_used`, `cancelled`, …
    pub(crate) result: String,
    /// None when it is unknown.
    pub(crate) ticket: Option<Ticket>,
}

/// The published part of a draw.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Draw {
    /// The formula.
    pub(crate) algorithm: String,
    /// SHA-256 of the seed, in hex.
    pub(crate) commitment: String,
    /// The seed, in hex, once drawn.
    pub(crate) seed: Option<String>,
    /// How many numbers were drawn for.
    pub(crate) count: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Wish {
    Seats {
        /// Labels such as `A-1-12`.
        seats: Vec<String>,
    },
    /// The best places together.
    Best {
        /// The section; any seated one when left out.
        #[serde(skip_serializing_if = "Option::is_none")]
        section: Option<String>,
        quantity: u32,
    },
}

#[derive(Debug, Clone)]
pub(crate) struct Reservation<'a> {
    pub(crate) token: &'a str,
    pub(crate) event_id: EventId,
    /// The queue pass, unless the event has no queue.
    pub(crate) pass: Option<&'a str>,
    /// Makes a repetition harmless.
    pub(crate) idempotency_key: &'a str,
    pub(crate) wish: &'a Wish,
}

#[derive(Serialize)]
struct ReserveBody<'a> {
    event_id: EventId,
    #[serde(flatten)]
    wish: &'a Wish,
}

#[derive(Serialize)]
struct JoinBody {
    event_id: EventId,
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<String>,
}

fn with_receipt(request: Request, receipt: Option<&str>) -> Request {
    match receipt {
        Some(receipt) => request.header("X-Queue-Receipt", receipt),
        None => request,
    }
}

impl Client {
    /// A token for a guest.
    pub(crate) async fn login(&self) -> Result<Guest, Failure> {
        self.send(Request::new(Step::Login, Method::POST, "/api/v1/auth/guest")).await?.parse()
    }

    /// Creates an event from the body the contract describes.
    pub(crate) async fn create_event(
        &self,
        organiser_key: &str,
        idempotency_key: &str,
        body: &serde_json::Value,
    ) -> Result<Reply, Failure> {
        let request = Request::new(Step::Other, Method::POST, "/api/v1/events")
            .bearer(organiser_key)
            .idempotency_key(idempotency_key)
            .raw_json(body.to_string().into_bytes());
        self.send(request).await
    }

    /// Changes what the body names of an event.
    pub(crate) async fn change_event(
        &self,
        organiser_key: &str,
        event_id: EventId,
        change: &serde_json::Value,
    ) -> Result<Reply, Failure> {
        let path = format!("/api/v1/events/{event_id}");
        let request = Request::new(Step::Other, Method::PUT, path)
            .bearer(organiser_key)
            .raw_json(change.to_string().into_bytes());
        self.send(request).await
    }

    pub(crate) async fn event(&self, event_id: EventId) -> Result<Reply, Failure> {
        self.get(Step::Other, format!("/api/v1/events/{event_id}"), None).await
    }

    pub(crate) async fn events(&self, limit: u32, cursor: Option<&str>) -> Result<Reply, Failure> {
        let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let path = format!("/api/v1/events/active?limit={limit}{cursor}");
        self.get(Step::Other, path, None).await
    }

    /// What is free, held and sold.
    pub(crate) async fn availability(&self, event_id: EventId) -> Result<Reply, Failure> {
        self.get(Step::Other, format!("/api/v1/events/{event_id}/availability"), None).await
    }

    /// The map of a seated section.
    pub(crate) async fn seat_map(
        &self,
        event_id: EventId,
        section: &str,
    ) -> Result<SeatMap, Failure> {
        let path = format!("/api/v1/events/{event_id}/seats?section={section}");
        self.get(Step::Map, path, None).await?.parse()
    }

    /// Joins the queue, or finds the place that is there already; with a `receipt` also when the
    /// server has lost it. A challenge is solved.
    pub(crate) async fn join(
        &self,
        token: &str,
        event_id: EventId,
        idempotency_key: &str,
        receipt: Option<&str>,
    ) -> Result<Place, Failure> {
        let request = |key: &str, proof: Option<String>| {
            let request = Request::new(Step::Join, Method::POST, "/api/v1/queue/join")
                .bearer(token)
                .idempotency_key(key)
                .json(&JoinBody { event_id, proof });
            with_receipt(request, receipt)
        };
        let answer = self.send(request(idempotency_key, None)).await;
        let challenge = match answer {
            Err(Failure::Refused(Problem { challenge: Some(challenge), .. })) => challenge,
            answer => return answer?.parse(),
        };
        // Trying numbers keeps a core busy, which others need meanwhile.
        let solved = tokio::task::spawn_blocking(move || challenge.solve()).await;
        let proof = solved.ok().flatten();
        self.send(request(&format!("{idempotency_key}-proof"), proof)).await?.parse()
    }

    /// The place in the queue; the answer may wait up to `wait_s` for a change.
    pub(crate) async fn position(
        &self,
        token: &str,
        event_id: EventId,
        receipt: Option<&str>,
        wait_s: u64,
    ) -> Result<Place, Failure> {
        let query = if wait_s == 0 { String::new() } else { format!("?wait_s={wait_s}") };
        let path = format!("/api/v1/queue/position/{event_id}{query}");
        let request = Request::new(Step::Position, Method::GET, path)
            .bearer(token)
            .waiting(Duration::from_secs(wait_s));
        self.send(with_receipt(request, receipt)).await?.parse()
    }

    /// Follows the place in the queue, from where an earlier stream was lost.
    pub(crate) async fn follow(
        &self,
        token: &str,
        event_id: EventId,
        last_id: Option<&str>,
        receipt: Option<&str>,
    ) -> Result<PlaceStream, Failure> {
        let path = format!("/api/v1/queue/position/{event_id}/stream");
        let mut request =
            Request::new(Step::Stream, Method::GET, path).bearer(token).waiting(STREAM_LIFE_MAX);
        if let Some(last_id) = last_id {
            request = request.header("Last-Event-ID", last_id);
        }
        self.open_stream(with_receipt(request, receipt)).await
    }

    /// Reads the published part of an event's draw.
    pub(crate) async fn draw(&self, event_id: EventId) -> Result<Draw, Failure> {
        self.get(Step::Other, format!("/api/v1/queue/draw/{event_id}"), None).await?.parse()
    }

    /// Leaves the queue and gives an unused pass up.
    pub(crate) async fn leave(&self, token: &str, event_id: EventId) -> Result<(), Failure> {
        let path = format!("/api/v1/queue/{event_id}");
        self.send(Request::new(Step::Other, Method::DELETE, path).bearer(token)).await?;
        Ok(())
    }

    pub(crate) async fn reserve(&self, reservation: &Reservation<'_>) -> Result<Booking, Failure> {
        let body = ReserveBody { event_id: reservation.event_id, wish: reservation.wish };
        let mut request = Request::new(Step::Reserve, Method::POST, "/api/v1/bookings/reserve")
            .bearer(reservation.token)
            .idempotency_key(reservation.idempotency_key)
            .json(&body);
        if let Some(pass) = reservation.pass {
            request = request.header("X-Queue-Pass", pass);
        }
        self.send(request).await?.parse()
    }

    pub(crate) async fn booking(&self, token: &str, id: BookingId) -> Result<Booking, Failure> {
        self.get(Step::Read, format!("/api/v1/bookings/{id}"), Some(token)).await?.parse()
    }

    pub(crate) async fn release(
        &self,
        token: &str,
        id: BookingId,
        idempotency_key: &str,
    ) -> Result<Booking, Failure> {
        self.post_booking(Step::Release, token, id, "release", idempotency_key).await
    }

    /// Confirms a booking without a payment: the organiser may, a buyer may not.
    pub(crate) async fn confirm(
        &self,
        token: &str,
        id: BookingId,
        idempotency_key: &str,
    ) -> Result<Booking, Failure> {
        self.post_booking(Step::Other, token, id, "confirm", idempotency_key).await
    }

    /// Begins a payment at the provider.
    pub(crate) async fn begin_payment(
        &self,
        token: &str,
        id: BookingId,
        idempotency_key: &str,
    ) -> Result<BegunPayment, Failure> {
        let path = format!("/api/v1/bookings/{id}/payment");
        let request = Request::new(Step::Pay, Method::POST, path)
            .bearer(token)
            .idempotency_key(idempotency_key);
        self.send(request).await?.parse()
    }

    /// The tickets of a booking.
    pub(crate) async fn tickets(&self, token: &str, id: BookingId) -> Result<Tickets, Failure> {
        let path = format!("/api/v1/bookings/{id}/tickets");
        self.get(Step::Read, path, Some(token)).await?.parse()
    }

    /// Shows a ticket at the door.
    pub(crate) async fn check_in(
        &self,
        organiser_key: &str,
        scan: &Scan,
        idempotency_key: &str,
    ) -> Result<ScanAnswer, Failure> {
        let request = Request::new(Step::Other, Method::POST, "/api/v1/checkin")
            .bearer(organiser_key)
            .idempotency_key(idempotency_key)
            .json(scan);
        self.send(request).await?.parse()
    }

    /// Delivers an event of the payment provider.
    pub(crate) async fn deliver(&self, body: Vec<u8>, signature: &str) -> Result<(), Failure> {
        let request = Request::new(Step::Pay, Method::POST, "/webhooks/stripe")
            .header("Stripe-Signature", signature)
            .raw_json(body);
        self.send(request).await?;
        Ok(())
    }

    /// Runs the worker's jobs once.
    pub(crate) async fn tick(&self, worker_key: &str) -> Result<(), Failure> {
        let request = Request::new(Step::Other, Method::POST, "/internal/tick").bearer(worker_key);
        self.send(request).await?;
        Ok(())
    }

    /// Whether every store answers.
    pub(crate) async fn ready(&self) -> Result<(), Failure> {
        self.get(Step::Other, "/health/ready".to_owned(), None).await?;
        Ok(())
    }

    async fn post_booking(
        &self,
        step: Step,
        token: &str,
        id: BookingId,
        verb: &str,
        idempotency_key: &str,
    ) -> Result<Booking, Failure> {
        let request = Request::new(step, Method::POST, format!("/api/v1/bookings/{id}/{verb}"))
            .bearer(token)
            .idempotency_key(idempotency_key);
        self.send(request).await?.parse()
    }

    async fn get(&self, step: Step, path: String, token: Option<&str>) -> Result<Reply, Failure> {
        let request = Request::new(step, Method::GET, path);
        self.send(match token {
            Some(token) => request.bearer(token),
            None => request,
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reservation_has_one_of_the_three_shapes() {
        let event_id: EventId = "0192f0c1-2a3b-7c4d-8e5f-60718293a4b5".parse().unwrap();
        for (wish, expected) in [
            (Wish::Seats { seats: vec!["A-1-12".to_owned()] }, r#""seats":["A-1-12"]}"#),
            (
                Wish::Best { section: Some("FLOOR".to_owned()), quantity: 2 },
                r#""section":"FLOOR","quantity":2}"#,
            ),
            (Wish::Best { section: None, quantity: 3 }, r#""quantity":3}"#),
        ] {
            let body = serde_json::to_string(&ReserveBody { event_id, wish: &wish }).unwrap();
            assert_eq!(body, format!(r#"{{"event_id":"{event_id}",{expected}"#));
        }
    }
}
