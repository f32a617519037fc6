//! What those who wait are told of the wait and of their chance.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{BoxOffice, Buyer};

/// Longer than it takes to measure a pace.
const MEASURED_AFTER: Duration = Duration::from_secs(60);

async fn line_of(office: &BoxOffice, event: &str, count: usize) -> Vec<Buyer> {
    let mut line = Vec::new();
    for _ in 0..count {
        let buyer = office.buyer().await;
        buyer.join(event).await.expect(201);
        line.push(buyer);
    }
    line
}

/// Goal: the wait is what was measured, whatever is configured, for those who ask and for those who
/// follow. Method: a line at fifty a second in which the passes of two at a time run out after
/// three seconds.
#[tokio::test]
async fn a_line_that_is_slower_than_configured_says_so() {
    let office = BoxOffice::open();
    let queue = json!({ "enabled": true, "max_active": 2, "release_per_s": 50, "pass_ttl_s": 3 });
    let event = office.event(json!({ "sale": { "queue": queue } })).await;
    // The first are few, so that one of them can ask before anything is measured.
    let first = line_of(&office, &event, 5).await;
    let first_word = first[4].position(&event).await.expect(200);
    assert!([1, 60].contains(&wait_s(&first_word)), "nothing is measured yet: {first_word}");
    let line = line_of(&office, &event, 45).await;
    let last = line.last().expect("a last one");

    let mut stream = last.stream(&event).await;
    let told = tokio::time::timeout(MEASURED_AFTER, async {
        loop {
            let place = stream.expect("place").await;
            if wait_s(&place) >= 15 {
                return place;
            }
        }
    });
    let told = told.await.expect("the stream tells the measured wait");
    let polled = last.position(&event).await.expect(200);
    assert!(wait_s(&polled) >= 15, "{polled} after {told}");
    assert!(polled["poll_after_ms"].as_u64() >= Some(1_500), "asks less often: {polled}");
    let status = last.get(&format!("/api/v1/queue/status/{event}")).await.expect(200);
    assert!(wait_s(&status) >= 15, "{status}");
}

/// Goal: no promise of a second where nobody can know. Method: one fan inside who stays, and lines
/// that are held; the next in the line polls, and follows.
#[tokio::test]
async fn a_wait_that_nobody_can_know_is_open_ended_and_polls_slow_down() {
    let office = BoxOffice::open();
    let organiser = office.organiser();
    let queue = json!({ "enabled": true, "max_active": 1, "release_per_s": 50 });
    let event = office.event(json!({ "sale": { "queue": queue } })).await;
    let inside = office.buyer().await;
    inside.pass(&event).await;
    let next = office.buyer().await;
    assert_is_unknown(&next.join(&event).await.expect(201));
    assert_is_unknown(&next.position(&event).await.expect(200));
    assert_is_unknown(&next.stream(&event).await.expect("place").await);
    let status = office.get(&format!("/api/v1/queue/status/{event}")).await.expect(200);
    assert_eq!(status["estimated_wait_range_s"][1], Value::Null, "{status}");
    assert!(wait_s(&status) >= 60, "{status}");
    for held in [json!({ "max_active": 0 }), json!({ "release_per_s": 0 })] {
        let event = office.event(json!({ "sale": { "queue": queue_with(&held) } })).await;
        let next = office.buyer().await;
        assert_is_unknown(&next.join(&event).await.expect(201));
        assert_is_unknown(&next.position(&event).await.expect(200));
    }
    let event = office.event(json!({ "sale": { "queue": queue_with(&json!({})) } })).await;
    organiser.change(&event, json!({ "paused": true })).await.expect(200);
    let next = office.buyer().await;
    assert_is_unknown(&next.join(&event).await.expect(201));
}

fn queue_with(member: &Value) -> Value {
    let mut queue = json!({ "enabled": true, "max_active": 100, "release_per_s": 50 });
    for (name, value) in member.as_object().expect("an object") {
        queue[name] = value.clone();
    }
    queue
}

fn assert_is_unknown(place: &Value) {
    assert_eq!(place["status"], "waiting", "{place}");
    assert!(wait_s(place) >= 60, "{place}");
    assert_eq!(place["estimated_wait_range_s"][1], Value::Null, "{place}");
    assert!(place["estimated_wait_range_s"].is_array(), "{place}");
    assert!(place["poll_after_ms"].as_u64() >= Some(6_000), "{place}");
}

fn wait_s(place: &Value) -> i64 {
    place["estimated_wait_s"].as_i64().unwrap_or_default()
}

#[tokio::test]
async fn the_chance_is_told_where_it_is_not_certain_and_the_end_at_once() {
    let office = BoxOffice::open();
    let queue = json!({ "enabled": true, "max_active": 100, "release_per_s": 0 });
    let sections = json!([{ "name": "F", "kind": "standing", "capacity": 8, "price": 0 }]);
    let sale = json!({ "max_per_buyer": 4, "queue": queue });
    let event = office.event(json!({ "sections": sections, "sale": sale })).await;
    let line = line_of(&office, &event, 5).await;
    let [first, second, .., last] = &line[..] else { unreachable!() };
    let chance =
        async |buyer: &Buyer| buyer.position(&event).await.expect(200)["chance_percent"].as_i64();
    tests::eventually("the chance is told", async || chance(last).await).await;
    assert_eq!(chance(second).await, None, "one fan in front takes four of eight at most");
    assert!(chance(&line[2]).await > chance(last).await, "nearer is better");

    let mut stream = last.stream(&event).await;
    stream.expect("place").await;
    let mut bought = Vec::new();
    for buyer in [first, second] {
        office.organiser().let_in(&event, 1).await.expect(200);
        let pass = buyer.pass(&event).await;
        let choice = json!({ "section": "F", "quantity": 4 });
        let held = buyer.reserve_with(&pass, &event, choice).await.expect(201);
        bought.push(held["booking_id"].as_str().expect("an id").to_owned());
    }
    for booking in &bought {
        office.organiser().confirm(booking).await.expect(200);
    }
    assert_eq!(last.position(&event).await.expect(200)["status"], "closed");
    loop {
        let event = stream.event().await;
        if event.name == "end" {
            assert_eq!(event.data["reason"], "sold_out");
            break;
        }
        assert_eq!(event.name, "place", "nobody else comes in: {event:?}");
    }
}
