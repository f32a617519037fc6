//! Events without a queue, and events that lose theirs while fans wait.

use serde_json::{Value, json};
use tests::{BoxOffice, Buyer, EventStream, claims_of, eventually, now_s};

/// The pass that a stream tells, after whatever it says before.
async fn pass_of(stream: &mut EventStream) -> Value {
    loop {
        let event = stream.event().await;
        match event.name.as_str() {
            "place" => {}
            "pass" => return event.data,
            _ => panic!("no pass: {event:?}"),
        }
    }
}

async fn is_admitted(buyer: &Buyer, event: &str) -> Value {
    eventually("the fan is let in", async || {
        let place = buyer.position(event).await.expect(200);
        (place["status"] == "admitted").then_some(place)
    })
    .await
}

#[tokio::test]
async fn without_a_queue_joining_admits_at_once_and_no_pass_is_needed() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let place = buyer.join(&event).await.expect(201);
    assert_eq!(place["status"], "admitted");
    assert!(place["queue_pass"].as_str().is_some());
    let other = office.buyer().await;
    other.hold(&event, json!({ "section": "A", "quantity": 1 })).await;
    let pass = place["queue_pass"].as_str().expect("a pass");
    let held = buyer.reserve_with(pass, &event, json!({ "section": "A", "quantity": 1 })).await;
    held.expect(201);
}

/// Goal: a pass is worth its whole life. Method: fans join before the sale opens, one follows the
/// line and one asks; both get their pass with the opening.
#[tokio::test]
async fn before_the_opening_a_pass_is_waited_for_without_a_queue_too() {
    let office = BoxOffice::open();
    let event = office.event(json!({ "on_sale_at": "2037-05-01T00:00:00Z" })).await;
    let (follower, asking) = (office.buyer().await, office.buyer().await);
    for (buyer, joined) in [(&follower, 1), (&asking, 2)] {
        let place = buyer.join(&event).await.expect(201);
        assert_eq!(
            (&place["status"], &place["draw"]["joined"]),
            (&json!("waiting"), &json!(joined))
        );
        assert_eq!(buyer.join(&event).await.expect(200)["number"], place["number"]);
    }
    let mut stream = follower.stream(&event).await;
    stream.expect("place").await;
    let choice = json!({ "section": "A", "quantity": 1 });
    asking.reserve(&event, choice.clone()).await.expect_problem(409, "event_not_on_sale");

    let opening = json!({ "on_sale_at": "2020-01-01T00:00:00Z" });
    office.organiser().change(&event, opening).await.expect(200);
    let told = pass_of(&mut stream).await;
    assert_eq!(told["user_id"], follower.user_id);
    stream.expect_end("admitted").await;
    let place = is_admitted(&asking, &event).await;
    let claims = claims_of(place["queue_pass"].as_str().expect("a pass"));
    let left_s = claims["exp"].as_i64().expect("seconds") - now_s();
    assert!(left_s > 250, "five minutes from the opening, and not {left_s} s");
    assert_eq!(office.buyer().await.join(&event).await.expect(201)["status"], "admitted");
    asking.hold(&event, choice).await;
}

/// Goal: a queue that is switched off lets everybody in who waits, and tells them so. Method: a
/// line that nothing moves; one fan asks, one joins again, one follows a stream from the end.
#[tokio::test]
async fn a_queue_that_is_switched_off_lets_in_who_waits() {
    let office = BoxOffice::open();
    let queue = json!({ "enabled": true, "release_per_s": 0, "max_active": 1 });
    let event = office.event(json!({ "sale": { "queue": queue } })).await;
    let mut line = Vec::new();
    for _ in 0..4 {
        let buyer = office.buyer().await;
        buyer.join(&event).await.expect(201);
        line.push(buyer);
    }
    let [asking, again, tab, follower] = &line[..] else { unreachable!() };
    let mut streams = [tab.stream(&event).await, follower.stream(&event).await];
    for (stream, position) in streams.iter_mut().zip([3, 4]) {
        assert_eq!(stream.expect("place").await["position"], position);
    }
    let off = json!({ "sale": { "queue": { "enabled": false } } });
    office.organiser().change(&event, off).await.expect(200);
    let place = again.join(&event).await.expect(200);
    assert_eq!((&place["status"], &place["number"]), (&json!("admitted"), &json!(2)));
    // Joining may come before the worker; the stream of another tab then says the same.
    let place = tab.join(&event).await.expect(200);
    assert_eq!((&place["status"], &place["number"]), (&json!("admitted"), &json!(3)));
    let [of_tab, of_follower] = &mut streams;
    assert_eq!(pass_of(of_tab).await["queue_pass"], place["queue_pass"]);
    assert_eq!(pass_of(of_follower).await["number"], 4);
    assert_eq!(is_admitted(asking, &event).await["number"], 1);
    asking.hold(&event, json!({ "section": "A", "quantity": 1 })).await;
    let status = office.get(&format!("/api/v1/queue/status/{event}")).await.expect(200);
    assert_eq!((&status["waiting"], &status["active"]), (&json!(0), &json!(0)));
}

/// Goal: what the line of an event without one is. Method: every route of the queue.
#[tokio::test]
async fn every_route_of_the_queue_answers_for_an_event_without_one() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let status = async || office.get(&format!("/api/v1/queue/status/{event}")).await.expect(200);
    let before = status().await;
    assert_eq!(
        before,
        json!({ "event_id": event, "status": "on_sale", "waiting": 0, "active": 0,
            "max_active": before["max_active"], "release_per_s": before["release_per_s"],
            "queue_enabled": false, "estimated_wait_s": 0 })
    );
    buyer.position(&event).await.expect_problem(404, "not_in_queue");
    assert_eq!(office.organiser().let_in(&event, 10).await.expect(200)["admitted"], 0);
    assert_eq!(buyer.join(&event).await.expect(201)["status"], "admitted");
    assert_eq!(buyer.position(&event).await.expect(200)["status"], "admitted");
    let mut stream = buyer.stream(&event).await;
    pass_of(&mut stream).await;
    stream.expect_end("admitted").await;
    assert_eq!(status().await["active"], 0, "such a pass takes nobody's place");
    office.get(&format!("/api/v1/queue/draw/{event}")).await.expect(200);
    buyer.leave(&event).await.expect(204);
    buyer.position(&event).await.expect_problem(404, "not_in_queue");

    // While nobody is let in nobody knows how long.
    office.organiser().change(&event, json!({ "paused": true })).await.expect(200);
    let paused = status().await;
    assert_eq!(paused["estimated_wait_range_s"], json!([0, null]), "{paused}");
}

/// Where no pass is needed none can be wrong.
#[tokio::test]
async fn a_pass_that_is_not_needed_is_not_looked_at() {
    let office = BoxOffice::open();
    let queue = json!({ "enabled": true, "release_per_s": 0 });
    let queued = office.event(json!({ "sale": { "queue": queue } })).await;
    let event = office.event(json!({})).await;
    let (buyer, other) = (office.buyer().await, office.buyer().await);
    let one = || json!({ "section": "A", "quantity": 1 });
    let of_another_event = buyer.pass(&queued).await;
    let of_another_user = other.pass(&event).await;
    for pass in [of_another_event.as_str(), of_another_user.as_str(), "forged"] {
        buyer.reserve_with(pass, &event, one()).await.expect(201);
    }
    buyer.reserve_with(&of_another_event, &queued, one()).await.expect(201);
    for pass in [of_another_user.as_str(), "forged"] {
        let refused = buyer.reserve_with(pass, &queued, one()).await;
        refused.expect_problem(403, "queue_pass_invalid");
    }
}

/// A pass is good once, whether it was needed or not.
#[tokio::test]
async fn a_pass_used_while_the_queue_was_off_is_used() {
    let office = BoxOffice::open();
    let organiser = office.organiser();
    let queue = json!({ "enabled": true, "release_per_s": 0 });
    let event = office.event(json!({ "sale": { "queue": queue } })).await;
    let buyer = office.buyer().await;
    let pass = buyer.pass(&event).await;
    let switch = async |enabled: bool| {
        let change = json!({ "sale": { "queue": { "enabled": enabled } } });
        organiser.change(&event, change).await.expect(200)
    };
    let one = || json!({ "section": "A", "quantity": 1 });
    switch(false).await;
    buyer.reserve_with(&pass, &event, one()).await.expect(201);
    switch(true).await;
    let again = buyer.reserve_with(&pass, &event, one()).await;
    again.expect_problem(403, "queue_pass_used");
}

/// Goal: a pause takes nothing of a turn. Method: a pause that is longer than the life of a pass.
#[tokio::test]
async fn a_turn_outlives_a_pause() {
    let office = BoxOffice::open();
    let organiser = office.organiser();
    let queue = json!({ "enabled": true, "release_per_s": 0, "pass_ttl_s": 4, "max_active": 2 });
    let event = office.event(json!({ "sale": { "queue": queue } })).await;
    let (buyer, other) = (office.buyer().await, office.buyer().await);
    for fan in [&buyer, &other] {
        fan.join(&event).await.expect(201);
    }
    organiser.let_in(&event, 2).await.expect(200);
    organiser.change(&event, json!({ "paused": true })).await.expect(200);
    let place = buyer.position(&event).await.expect(200);
    let pass = place["queue_pass"].as_str().expect("a pass").to_owned();
    let signed_until = claims_of(&pass)["exp"].as_i64().expect("seconds");
    eventually("the pause outlasts the pass", async || (now_s() > signed_until + 1).then_some(()))
        .await;
    let place = buyer.position(&event).await.expect(200);
    assert_eq!(place["status"], "admitted", "{place}");
    organiser.change(&event, json!({ "paused": false })).await.expect(200);
    let place = other.position(&event).await.expect(200);
    assert_eq!(place["status"], "admitted", "{place}");
    let now = place["queue_pass"].as_str().expect("a pass");
    let one = || json!({ "section": "A", "quantity": 1 });
    other.reserve_with(now, &event, one()).await.expect(201);
    // What was signed before the pause is the same pass.
    buyer.reserve_with(&pass, &event, one()).await.expect(201);
}
