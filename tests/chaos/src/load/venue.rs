//! The events of a run.

use anyhow::{Result, bail};
use reqwest::Method;
use serde_json::{Value, json};

use crate::load::desk::{Ask, Desk};

/// An event under load.
#[derive(Debug, Clone)]
pub struct Venue {
    /// Its id.
    pub id: String,
    /// For people: `seated`, `standing`, …
    pub name: &'static str,
    /// Whether one joins the queue first.
    pub has_queue: bool,
    /// Seated sections: name, rows, seats of a row.
    pub seated: Vec<(&'static str, u32, u32)>,
    /// Standing sections.
    pub standing: Vec<&'static str>,
    /// How long an unpaid hold lives.
    pub hold_ttl_s: u64,
    /// Passes that may be out at a time.
    pub max_active: u64,
    /// Tickets of one buyer at most.
    pub max_per_buyer: u64,
    /// All places.
    pub capacity: i64,
}

/// Tickets of one buyer at most, less than two large reservations.
const MAX_PER_BUYER: u64 = 6;
/// How long an unpaid hold lives where its end is not what is tested. Shorter than a run, so that
/// abandoned holds come back in it.
const LONG_TTL_S: u64 = 60;
/// How long an unpaid hold lives where its end is what is tested.
const SHORT_TTL_S: u64 = 6;

/// Creates the events of a run.
pub async fn create(desk: &Desk) -> Result<Vec<Venue>> {
    let queue = json!({ "enabled": true, "max_active": 12, "release_per_s": 6, "pass_ttl_s": 20 });
    let none = json!({ "enabled": false });
    let blank = Venue {
        id: String::new(),
        name: "",
        has_queue: false,
        seated: Vec::new(),
        standing: Vec::new(),
        hold_ttl_s: LONG_TTL_S,
        max_active: 100,
        max_per_buyer: MAX_PER_BUYER,
        capacity: 0,
    };
    let venues = [
        (
            Venue {
                name: "queue",
                has_queue: true,
                seated: vec![("A", 12, 20)],
                standing: vec!["FLOOR"],
                max_active: 12,
                ..blank.clone()
            },
            queue,
        ),
        (
            Venue { name: "seated", seated: vec![("A", 8, 16), ("B", 10, 16)], ..blank.clone() },
            none.clone(),
        ),
        (
            Venue { name: "standing", standing: vec!["FLOOR", "BALCONY"], ..blank.clone() },
            none.clone(),
        ),
        (
            Venue {
                name: "short",
                seated: vec![("A", 10, 16)],
                standing: vec!["FLOOR"],
                hold_ttl_s: SHORT_TTL_S,
                ..blank
            },
            none,
        ),
    ];
    let mut created = Vec::new();
    for (venue, queue) in venues {
        created.push(create_one(desk, venue, queue).await?);
    }
    Ok(created)
}

async fn create_one(desk: &Desk, mut venue: Venue, queue: Value) -> Result<Venue> {
    let seated = venue.seated.iter().map(|(name, rows, seats_per_row)| {
        json!({ "name": name, "kind": "seated", "rows": rows, "seats_per_row": seats_per_row,
            "price": 2_500 })
    });
    let standing = venue
        .standing
        .iter()
        .map(|name| json!({ "name": name, "kind": "standing", "capacity": 150, "price": 1_900 }));
    let sections: Vec<Value> = seated.chain(standing).collect();
    let body = json!({
        "name": format!("Chaos {}", venue.name), "venue": "Arena", "currency": "EUR",
        "starts_at": "2037-06-01T19:00:00Z", "ends_at": "2037-06-01T22:00:00Z",
        "sections": sections,
        "sale": { "max_per_buyer": venue.max_per_buyer, "hold_ttl_s": venue.hold_ttl_s,
            "queue": queue },
    });
    let key = desk.keys.organiser.clone();
    let ask = Ask::new("create_event", Method::POST, "/api/v1/events").token(&key).json(&body);
    let answer = desk.call(0, ask).await;
    if answer.status != 201 {
        bail!("the event {} cannot be created: {} {}", venue.name, answer.status, answer.body);
    }
    venue.id = answer.text("id").to_owned();
    venue.capacity = answer.body["capacity"].as_i64().unwrap_or_default();
    Ok(venue)
}
