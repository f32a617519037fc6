//! The line: joined, polled, left, let in, closed.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answer, BoxOffice, Buyer, claims_of, eventually, now_s};

/// A queue that lets nobody in by itself.
fn by_hand() -> Value {
    json!({ "sale": { "queue": { "enabled": true, "release_per_s": 0 } } })
}

#[tokio::test]
async fn joining_gives_a_place_and_joining_again_the_same() {
    let office = BoxOffice::open();
    let event = office.event(by_hand()).await;
    let (first, second) = (office.buyer().await, office.buyer().await);
    let place = first.join(&event).await.expect(201);
    assert_eq!(place["event_id"], event);
    assert_eq!(place["user_id"], first.user_id);
    assert_eq!(place["status"], "waiting");
    assert_eq!(
        (&place["number"], &place["position"], &place["ahead"]),
        (&json!(1), &json!(1), &json!(0))
    );
    assert!(place["estimated_wait_s"].as_i64().is_some());
    assert!(place["poll_after_ms"].as_i64().is_some_and(|wait| wait > 0));
    assert!(place.get("queue_pass").is_none());
    let receipt = claims_of(place["receipt"].as_str().expect("a receipt"));
    assert_eq!((&receipt["aud"], &receipt["sub"]), (&json!(event), &json!(first.user_id)));

    let other = second.join(&event).await.expect(201);
    assert_eq!(
        (&other["number"], &other["position"], &other["ahead"]),
        (&json!(2), &json!(2), &json!(1))
    );
    let again = first.join(&event).await.expect(200);
    assert_eq!((&again["number"], &again["position"]), (&json!(1), &json!(1)));
    assert_eq!(first.position(&event).await.expect(200)["number"], 1);
}

#[tokio::test]
async fn who_leaves_is_gone_and_the_others_move_up() {
    let office = BoxOffice::open();
    let event = office.event(by_hand()).await;
    let (first, second) = (office.buyer().await, office.buyer().await);
    first.position(&event).await.expect_problem(404, "not_in_queue");
    first.leave(&event).await.expect(204);
    first.join(&event).await.expect(201);
    second.join(&event).await.expect(201);
    first.leave(&event).await.expect(204);
    first.leave(&event).await.expect(204);
    first.position(&event).await.expect_problem(404, "not_in_queue");
    assert_eq!(second.position(&event).await.expect(200)["position"], 1);
    let back = first.join(&event).await.expect(201);
    assert_eq!((&back["number"], &back["position"]), (&json!(3), &json!(2)), "at the end");
}

#[tokio::test]
async fn a_pass_that_is_given_up_is_worth_nothing() {
    let office = BoxOffice::open();
    let event = office.event(by_hand()).await;
    let buyer = office.buyer().await;
    let pass = buyer.pass(&event).await;
    buyer.leave(&event).await.expect(204);
    let choice = json!({ "section": "A", "quantity": 1 });
    let refused = buyer.reserve_with(&pass, &event, choice).await;
    assert_eq!(refused.status, 403, "{refused}");
    let status = office.get(&format!("/api/v1/queue/status/{event}")).await.expect(200);
    assert_eq!(status["active"], 0, "the place is free for the next");
}

#[tokio::test]
async fn the_organiser_lets_in_by_hand_within_max_active_and_the_seats_left() {
    let office = BoxOffice::open();
    let organiser = office.organiser();
    let queue = json!({ "enabled": true, "release_per_s": 0, "max_active": 2 });
    let event = office.event(json!({ "sale": { "queue": queue } })).await;
    let mut buyers = Vec::new();
    for _ in 0..4 {
        let buyer = office.buyer().await;
        buyer.join(&event).await.expect(201);
        buyers.push(buyer);
    }
    assert_eq!(organiser.let_in(&event, 1).await.expect(200), json!({ "admitted": 1 }));
    assert_eq!(organiser.let_in(&event, 1_000).await.expect(200), json!({ "admitted": 1 }));
    assert_eq!(organiser.let_in(&event, 1_000).await.expect(200), json!({ "admitted": 0 }));
    let status = office.get(&format!("/api/v1/queue/status/{event}")).await.expect(200);
    assert_eq!(
        status,
        json!({ "event_id": event, "status": "on_sale", "waiting": 2, "active": 2,
            "max_active": 2, "release_per_s": 0, "queue_enabled": true, "estimated_wait_s": 60,
            "estimated_wait_range_s": [2, null] })
    );
    let statuses = [0, 1, 2, 3].map(|index: usize| buyers[index].clone());
    for (index, buyer) in statuses.iter().enumerate() {
        let place = buyer.position(&event).await.expect(200);
        let expected = if index < 2 { "admitted" } else { "waiting" };
        assert_eq!(place["status"], expected, "in the order of the line: {place}");
    }
    assert_eq!(buyers[2].position(&event).await.expect(200)["position"], 1);
    for count in [json!(0), json!(-1), json!(1_001), json!("1"), json!(1.5), Value::Null] {
        let path = format!("/api/v1/queue/process/{event}");
        let request = organiser.request(Method::POST, &path);
        let answer = request.json(&json!({ "count": count })).send().await;
        answer.expect_problem(422, "validation_failed");
    }

    let small = json!([{ "name": "A", "kind": "standing", "capacity": 1, "price": 1 }]);
    let queue = json!({ "enabled": true, "release_per_s": 0 });
    let event = office.event(json!({ "sections": small, "sale": { "queue": queue } })).await;
    for buyer in &buyers {
        buyer.join(&event).await.expect(201);
    }
    assert_eq!(organiser.let_in(&event, 10).await.expect(200), json!({ "admitted": 1 }));
}

#[tokio::test]
async fn the_worker_lets_in_by_itself_and_the_pass_is_the_same_each_time() {
    let office = BoxOffice::open();
    let event = office.event(json!({ "sale": { "queue": { "enabled": true } } })).await;
    let buyer = office.buyer().await;
    buyer.join(&event).await.expect(201);
    let place = eventually("the worker lets the buyer in", async || {
        let place = buyer.position(&event).await.expect(200);
        (place["status"] == "admitted").then_some(place)
    })
    .await;
    assert!(place.get("position").is_none(), "{place}");
    let pass = place["queue_pass"].as_str().expect("a pass");
    let claims = claims_of(pass);
    assert_eq!((&claims["aud"], &claims["sub"]), (&json!(event), &json!(buyer.user_id)));
    let left_s = claims["exp"].as_i64().expect("seconds") - now_s();
    assert!((280..=301).contains(&left_s), "{left_s}");
    assert!(place["pass_expires_at"].as_str().is_some());
    for _ in 0..2 {
        assert_eq!(buyer.position(&event).await.expect(200)["queue_pass"], pass);
        assert_eq!(buyer.join(&event).await.expect(200)["queue_pass"], pass);
    }
}

#[tokio::test]
async fn nobody_else_joins_while_the_organiser_says_so() {
    let office = BoxOffice::open();
    let organiser = office.organiser();
    let event = office.event(by_hand()).await;
    let (first, late) = (office.buyer().await, office.buyer().await);
    first.join(&event).await.expect(201);
    let joining = |joining: bool| json!({ "sale": { "queue": { "joining": joining } } });
    let changed = organiser.change(&event, joining(false)).await.expect(200);
    assert_eq!(changed["sale"]["queue"]["joining"], false);
    let refused = late.join(&event).await;
    assert!(refused.header("retry-after").is_some(), "{refused}");
    assert_eq!(refused.expect_problem(409, "joining_stopped")["retryable"], true);
    late.position(&event).await.expect_problem(404, "not_in_queue");
    assert_eq!(first.join(&event).await.expect(200)["position"], 1, "who has a place keeps it");
    organiser.let_in(&event, 1).await.expect(200);
    assert_eq!(first.position(&event).await.expect(200)["status"], "admitted");
    organiser.change(&event, joining(true)).await.expect(200);
    assert_eq!(late.join(&event).await.expect(201)["number"], 2);

    let closed =
        json!({ "sale": { "queue": { "joining": false, "message": "Sold in the hall." } } });
    let event = office.event(tests::merged(by_hand(), &closed)).await;
    late.join(&event).await.expect_problem(409, "joining_stopped");
}

#[tokio::test]
async fn a_message_reaches_those_who_wait() {
    let office = BoxOffice::open();
    let organiser = office.organiser();
    let event = office.event(by_hand()).await;
    let buyer = office.buyer().await;
    assert!(buyer.join(&event).await.expect(201).get("message").is_none());
    let first = buyer.position(&event).await;
    let tag = first.header("etag").expect("a tag").to_owned();
    let mut stream = buyer.stream(&event).await;
    assert!(stream.expect("place").await.get("message").is_none());
    let say = |message: &str| json!({ "sale": { "queue": { "message": message } } });
    organiser.change(&event, say("Doors are late: 20:30 · sorry")).await.expect(200);
    assert_eq!(stream.expect("place").await["message"], "Doors are late: 20:30 · sorry");
    let path = format!("/api/v1/queue/position/{event}");
    let again = buyer.request(Method::GET, &path).header("if-none-match", &tag).send().await;
    assert_eq!(again.expect(200)["message"], "Doors are late: 20:30 · sorry", "another answer");
    organiser.change(&event, say("")).await.expect(200);
    assert!(stream.expect("place").await.get("message").is_none());
    for bad in ["x".repeat(281), "two\nlines".to_owned()] {
        organiser.change(&event, say(&bad)).await.expect_problem(422, "validation_failed");
    }
}

#[tokio::test]
async fn the_line_closes_when_everything_is_sold() {
    let office = BoxOffice::open();
    let organiser = office.organiser();
    let small = json!([{ "name": "A", "kind": "standing", "capacity": 1, "price": 1 }]);
    let queue = json!({ "enabled": true, "release_per_s": 0 });
    let event = office.event(json!({ "sections": small, "sale": { "queue": queue } })).await;
    let (buyer, late) = (office.buyer().await, office.buyer().await);
    let pass = buyer.pass(&event).await;
    late.join(&event).await.expect(201);
    let choice = json!({ "section": "A", "quantity": 1 });
    let held = buyer.reserve_with(&pass, &event, choice.clone()).await.expect(201);
    assert_eq!(organiser.let_in(&event, 1).await.expect(200)["admitted"], 0, "nothing is left");
    organiser.confirm(held["booking_id"].as_str().expect("an id")).await.expect(200);
    assert_eq!(late.position(&event).await.expect(200)["status"], "closed");
    assert_eq!(late.join(&event).await.expect(200)["status"], "closed");
    let newcomer = office.buyer().await.join(&event).await.expect(200);
    assert_eq!(newcomer["status"], "closed");
    let status = office.get(&format!("/api/v1/queue/status/{event}")).await.expect(200);
    assert_eq!(status["status"], "sold_out");
    let read = office.get(&format!("/api/v1/events/{event}")).await.expect(200);
    assert_eq!(read["status"], "sold_out");
}

/// Before the draw polling is quiet, and then everybody comes after the opening; who is told that
/// nothing has changed is not told another time than the one that counts now.
#[tokio::test]
async fn whoever_polls_before_the_opening_is_told_to_come_after_it() {
    /// Below the longest silence of a client that polls, and far more than the next few requests
    /// take: before each of them the opening is moved, so that no two share this time.
    const OPENS_IN_MS: i64 = 18_000;
    let office = BoxOffice::open();
    let queue = json!({ "enabled": true, "release_per_s": 0 });
    let change = json!({ "on_sale_at": "2037-05-01T00:00:00Z", "sale": { "queue": queue } });
    let event = office.event(change).await;
    let buyer = office.buyer().await;
    assert_eq!(buyer.join(&event).await.expect(201)["poll_after_ms"], 20_000);
    let far = tag_of(&buyer.position(&event).await);
    poll(&buyer, &event, &far, "").await.expect(304);

    let opens_in = async |ms: i64| {
        let opens_at = Timestamp::now() + SignedDuration::from_millis(ms);
        let moved = json!({ "on_sale_at": opens_at.to_string() });
        office.organiser().change(&event, moved).await.expect(200);
    };
    opens_in(OPENS_IN_MS).await;
    let soon = poll(&buyer, &event, &far, "").await;
    assert!((1_000..=OPENS_IN_MS + 1_000).contains(&told(&soon)), "{soon}");
    let again = poll(&buyer, &event, &tag_of(&soon), "").await;
    assert_eq!(again.status, 200, "the opening is nearer by now: {again}");
    assert!(told(&again) < told(&soon), "{again}");

    // A client that waits for news still waits, and does not come again at once.
    opens_in(OPENS_IN_MS).await;
    let fresh = poll(&buyer, &event, &far, "").await;
    let begun = Instant::now();
    let waited = poll(&buyer, &event, &tag_of(&fresh), "?wait_s=2").await;
    assert!(begun.elapsed() >= Duration::from_millis(1_500), "{:?}", begun.elapsed());
    assert_eq!(waited.status, 200, "{waited}");
    assert!(told(&waited) <= told(&fresh) - 1_500, "told as it is after the wait: {waited}");
}

/// A sale can be put off after the draw: places stay, and the wait and the polls are others.
#[tokio::test]
async fn a_sale_that_is_put_off_is_told_to_those_who_know_their_position() {
    let office = BoxOffice::open();
    let queue = json!({ "enabled": true, "release_per_s": 0 });
    let event = office.event(json!({ "sale": { "queue": queue } })).await;
    let buyer = office.buyer().await;
    assert_eq!(buyer.join(&event).await.expect(201)["position"], 1);
    let near = tag_of(&buyer.position(&event).await);
    poll(&buyer, &event, &near, "").await.expect(304);
    let moved = async |on_sale_at: &str| {
        let change = json!({ "on_sale_at": on_sale_at });
        office.organiser().change(&event, change).await.expect(200)
    };
    moved("2037-05-01T00:00:00Z").await;
    let far = poll(&buyer, &event, &near, "").await;
    let place = far.expect(200);
    assert_eq!((&place["position"], &place["poll_after_ms"]), (&json!(1), &json!(20_000)));
    assert!(place["estimated_wait_s"].as_i64() > Some(86_400), "{place}");
    poll(&buyer, &event, &tag_of(&far), "").await.expect(304);
    moved("2020-05-01T00:00:00Z").await;
    let near = poll(&buyer, &event, &tag_of(&far), "").await;
    assert!(told(&near) < 20_000, "{near}");
}

async fn poll(buyer: &Buyer, event: &str, tag: &str, query: &str) -> Answer {
    let request = buyer.request(Method::GET, &format!("/api/v1/queue/position/{event}{query}"));
    request.header("if-none-match", tag).send().await
}

fn tag_of(answer: &Answer) -> String {
    answer.header("etag").expect("a tag").to_owned()
}

fn told(answer: &Answer) -> i64 {
    answer.json()["poll_after_ms"].as_i64().expect("a time")
}
