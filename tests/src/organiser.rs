//! Who owns the events.

use reqwest::Method;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::box_office::{BoxOffice, event_body};
use crate::request::Request;

/// The holder of the organiser key.
#[derive(Clone)]
pub struct Organiser {
    office: BoxOffice,
    key: String,
}

impl Organiser {
    pub(crate) fn new(office: BoxOffice, key: &str) -> Self {
        Self { office, key: key.to_owned() }
    }

    /// A request of the organiser.
    pub fn request(&self, method: Method, path: &str) -> Request {
        self.office.request(method, path).bearer(&self.key)
    }

    /// Creates the event of [`BoxOffice::event`], changed by `change`.
    pub async fn create_event(&self, change: Value) -> Answer {
        self.create_request(change).send().await
    }

    /// To create an event, not sent yet.
    pub fn create_request(&self, change: Value) -> Request {
        self.request(Method::POST, "/api/v1/events").json(&event_body(&change))
    }

    /// Changes an event.
    pub async fn change(&self, event: &str, change: Value) -> Answer {
        self.request(Method::PUT, &format!("/api/v1/events/{event}")).json(&change).send().await
    }

    /// Adds sections to an event.
    pub async fn add_sections(&self, event: &str, sections: Value) -> Answer {
        let request = self.request(Method::POST, &format!("/api/v1/events/{event}/seats"));
        request.json(&json!({ "sections": sections })).send().await
    }

    /// Lets fans in by hand.
    pub async fn let_in(&self, event: &str, count: i64) -> Answer {
        self.let_in_request(event, count).send().await
    }

    /// To let fans in, not sent yet.
    pub fn let_in_request(&self, event: &str, count: i64) -> Request {
        let request = self.request(Method::POST, &format!("/api/v1/queue/process/{event}"));
        request.json(&json!({ "count": count }))
    }

    /// Reads any booking.
    pub async fn booking(&self, booking: &str) -> Answer {
        self.request(Method::GET, &format!("/api/v1/bookings/{booking}")).send().await
    }

    /// Confirms any booking.
    pub async fn confirm(&self, booking: &str) -> Answer {
        self.confirm_request(booking).send().await
    }

    /// To confirm a booking, not sent yet.
    pub fn confirm_request(&self, booking: &str) -> Request {
        self.request(Method::POST, &format!("/api/v1/bookings/{booking}/confirm"))
    }

    /// Releases any hold.
    pub async fn release(&self, booking: &str) -> Answer {
        self.request(Method::POST, &format!("/api/v1/bookings/{booking}/release")).send().await
    }

    /// Cancels any booking.
    pub async fn cancel(&self, booking: &str) -> Answer {
        self.request(Method::POST, &format!("/api/v1/bookings/{booking}/cancel")).send().await
    }

    /// Cancels an event.
    pub async fn cancel_event(&self, event: &str) -> Answer {
        self.request(Method::DELETE, &format!("/api/v1/events/{event}")).send().await
    }

    /// The saga `<kind>:<subject>`, among the newest of this status.
    pub async fn saga(&self, id: &str, status: &str) -> Option<Value> {
        let path = format!("/api/v1/sagas?status={status}&limit=100");
        let page = self.request(Method::GET, &path).send().await.expect(200);
        let sagas = page["sagas"].as_array().expect("sagas");
        sagas.iter().find(|saga| saga["id"] == id).cloned()
    }

    /// Sets a saga going again.
    pub async fn retry_saga(&self, id: &str) -> Answer {
        self.request(Method::POST, &format!("/api/v1/sagas/{id}/retry")).send().await
    }
}
