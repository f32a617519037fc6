//! A fan with a token.

use reqwest::Method;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::box_office::{BoxOffice, merged};
use crate::request::Request;
use crate::stream::EventStream;
use crate::wait::eventually;

/// A guest of the box office.
#[derive(Clone)]
pub struct Buyer {
    office: BoxOffice,
    /// The buyer token.
    pub token: String,
    /// The user id in it.
    pub user_id: String,
}

impl Buyer {
    pub(crate) fn new(office: BoxOffice, token: String, user_id: String) -> Self {
        Self { office, token, user_id }
    }

    /// The same person at another counter: `office` has connections of its own.
    pub fn at(&self, office: &BoxOffice) -> Self {
        Self { office: office.clone(), ..self.clone() }
    }

    /// A request of this buyer.
    pub fn request(&self, method: Method, path: &str) -> Request {
        self.office.request(method, path).bearer(&self.token)
    }

    /// A GET of this buyer.
    pub async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path).send().await
    }

    /// Joins the queue of an event.
    pub async fn join(&self, event: &str) -> Answer {
        self.join_request(event).send().await
    }

    /// To join, not sent yet.
    pub fn join_request(&self, event: &str) -> Request {
        self.request(Method::POST, "/api/v1/queue/join").json(&json!({ "event_id": event }))
    }

    /// Asks for the place in the queue.
    pub async fn position(&self, event: &str) -> Answer {
        self.get(&format!("/api/v1/queue/position/{event}")).await
    }

    /// To follow the place in the queue, not sent yet.
    pub fn stream_request(&self, event: &str) -> Request {
        self.request(Method::GET, &format!("/api/v1/queue/position/{event}/stream"))
    }

    /// Follows the place in the queue.
    pub async fn stream(&self, event: &str) -> EventStream {
        self.stream_request(event).stream().await
    }

    /// Leaves the queue.
    pub async fn leave(&self, event: &str) -> Answer {
        self.request(Method::DELETE, &format!("/api/v1/queue/{event}")).send().await
    }

    /// Joins, is let in by the organiser and returns the pass.
    pub async fn pass(&self, event: &str) -> String {
        let joined = self.join(event).await;
        assert!(matches!(joined.status, 200 | 201), "{joined}");
        eventually("the buyer is let in", async || {
            let place = self.position(event).await.expect(200);
            if place["status"] == "waiting" {
                self.office.organiser().let_in(event, 1_000).await.expect(200);
            }
            place["queue_pass"].as_str().map(str::to_owned)
        })
        .await
    }

    /// To reserve, not sent yet. `choice` is the body without the event.
    pub fn reserve_request(&self, event: &str, choice: Value) -> Request {
        let body = merged(json!({ "event_id": event }), &choice);
        self.request(Method::POST, "/api/v1/bookings/reserve").json(&body)
    }

    /// Reserves at an event without a queue.
    pub async fn reserve(&self, event: &str, choice: Value) -> Answer {
        self.reserve_request(event, choice).send().await
    }

    /// Reserves with a pass.
    pub async fn reserve_with(&self, pass: &str, event: &str, choice: Value) -> Answer {
        self.reserve_request(event, choice).header("x-queue-pass", pass).send().await
    }

    /// Reserves, expects a hold and returns the booking.
    pub async fn hold(&self, event: &str, choice: Value) -> Value {
        self.reserve(event, choice).await.expect(201)
    }

    /// Reads a booking.
    pub async fn booking(&self, booking: &str) -> Answer {
        self.get(&format!("/api/v1/bookings/{booking}")).await
    }

    /// The status of a booking of this buyer.
    pub async fn status_of(&self, booking: &str) -> String {
        let booking = self.booking(booking).await.expect(200);
        booking["status"].as_str().expect("a status").to_owned()
    }

    /// Gives a hold back.
    pub async fn release(&self, booking: &str) -> Answer {
        self.release_request(booking).send().await
    }

    /// To give a hold back, not sent yet.
    pub fn release_request(&self, booking: &str) -> Request {
        self.request(Method::POST, &format!("/api/v1/bookings/{booking}/release"))
    }

    /// Confirms a booking that costs nothing.
    pub async fn confirm(&self, booking: &str) -> Answer {
        self.request(Method::POST, &format!("/api/v1/bookings/{booking}/confirm")).send().await
    }

    /// Asks for more time.
    pub async fn extend(&self, booking: &str) -> Answer {
        self.extend_request(booking).send().await
    }

    /// To ask for more time, not sent yet.
    pub fn extend_request(&self, booking: &str) -> Request {
        self.request(Method::POST, &format!("/api/v1/bookings/{booking}/extend"))
    }

    /// Begins a payment.
    pub async fn begin_payment(&self, booking: &str) -> Answer {
        self.begin_payment_request(booking).send().await
    }

    /// To begin a payment, not sent yet.
    pub fn begin_payment_request(&self, booking: &str) -> Request {
        self.request(Method::POST, &format!("/api/v1/bookings/{booking}/payment"))
    }

    /// Begins a payment, expects one and returns its id.
    pub async fn payment(&self, booking: &str) -> String {
        let payment = self.begin_payment(booking).await.expect(201);
        payment["payment_id"].as_str().expect("an id").to_owned()
    }

    /// Holds seats, pays for them at the provider and waits until they are bought. Returns the
    /// booking's id and the payment's.
    pub async fn buy(&self, event: &str, choice: Value) -> (String, String) {
        let held = self.hold(event, choice).await;
        let booking = held["booking_id"].as_str().expect("an id").to_owned();
        let payment = self.payment(&booking).await;
        self.office.provider().pay(&payment).await.expect("pays");
        self.becomes(&booking, "confirmed").await;
        (booking, payment)
    }

    /// Waits until a booking has a status.
    pub async fn becomes(&self, booking: &str, status: &str) {
        let what = format!("{booking} becomes {status}");
        eventually(&what, async || (self.status_of(booking).await == status).then_some(())).await;
    }

    /// Cancels a booking.
    pub async fn cancel(&self, booking: &str) -> Answer {
        self.cancel_request(booking).send().await
    }

    /// To cancel a booking, not sent yet.
    pub fn cancel_request(&self, booking: &str) -> Request {
        self.request(Method::POST, &format!("/api/v1/bookings/{booking}/cancel"))
    }
}
