//! What people see and do, in a real browser against one running system that all tests share.

mod access;
mod chromium;
mod door;
mod pictures;
mod purchase;
mod seats;

use serde_json::{Value, json};

/// An event in Berlin, without a queue: free seats, and others that cost something.
pub(crate) fn gala() -> Value {
    json!({
        "name": "Gala", "venue": "Great Hall", "time_zone": "Europe/Berlin",
        "starts_at": "2037-06-01T19:00:00Z", "ends_at": "2037-06-01T22:00:00Z",
        "sections": [
            { "name": "A", "kind": "seated", "rows": 6, "seats_per_row": 10, "price": 4550 },
            { "name": "B", "kind": "seated", "rows": 3, "seats_per_row": 6, "price": 0 },
            { "name": "C", "kind": "standing", "capacity": 9, "price": 2500 },
        ],
        "sale": { "max_per_buyer": 6, "queue": { "enabled": false } },
    })
}

/// The same behind a waiting room that lets everybody in at once.
pub(crate) fn gala_with_queue() -> Value {
    tests::merged(gala(), &json!({ "sale": { "queue": { "enabled": true } } }))
}
