//! Redis forgets an event: places in the queue come back by receipt, and the audit sees what is
//! wrong.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{BoxOffice, Buyer};

fn receipt(place: &Value) -> String {
    place["receipt"].as_str().expect("a receipt").to_owned()
}

async fn position_with(buyer: &Buyer, event: &str, receipt: &str) -> tests::Answer {
    let request = buyer.request(Method::GET, &format!("/api/v1/queue/position/{event}"));
    request.header("x-queue-receipt", receipt).send().await
}

#[tokio::test]
async fn the_line_comes_back_in_its_order_and_nobody_else_does() {
    let office = BoxOffice::open();
    let queue = json!({ "enabled": true, "release_per_s": 0 });
    let event = office.event(json!({ "sale": { "queue": queue } })).await;
    let mut fans = Vec::new();
    for number in 1..=4 {
        let fan = office.buyer().await;
        let place = fan.join(&event).await.expect(201);
        assert_eq!(place["number"], number);
        fans.push((fan, receipt(&place)));
    }
    let again = fans[0].0.position(&event).await.expect(200);
    assert_eq!(receipt(&again), fans[0].1, "the same receipt every time");
    assert_eq!(fans[1].0.leave(&event).await.status, 204);
    office.inside().forget(&event);

    // Nobody knows them without a receipt, and a receipt of somebody else is none.
    fans[3].0.position(&event).await.expect_problem(404, "not_in_queue");
    let stolen = position_with(&fans[3].0, &event, &fans[0].1).await;
    stolen.expect_problem(404, "not_in_queue");
    let forged = format!("{}x", fans[3].1);
    position_with(&fans[3].0, &event, &forged).await.expect_problem(404, "not_in_queue");
    // Who left stays out.
    let left = position_with(&fans[1].0, &event, &fans[1].1).await;
    left.expect_problem(404, "not_in_queue");

    let newcomer = office.buyer().await.join(&event).await.expect(201);
    assert!(newcomer["number"].as_i64().expect("a number") > 4, "{newcomer}");
    let last = position_with(&fans[3].0, &event, &fans[3].1).await.expect(200);
    assert_eq!((&last["number"], &last["position"]), (&json!(4), &json!(1)));
    let body = json!({ "event_id": event, "receipt": fans[2].1 });
    let joined = fans[2].0.request(Method::POST, "/api/v1/queue/join").json(&body).send().await;
    let joined = joined.expect(200);
    assert_eq!((&joined["number"], &joined["position"]), (&json!(3), &json!(1)));
    let first = position_with(&fans[0].0, &event, &fans[0].1).await.expect(200);
    assert_eq!((&first["number"], &first["position"]), (&json!(1), &json!(1)));
    assert_eq!(receipt(&first), fans[0].1);
    // Those who are still on their way must not find the seats gone.
    let let_in = office.organiser().let_in(&event, 10).await.expect(200);
    assert_eq!(let_in["admitted"], 0);
}

#[tokio::test]
async fn letting_in_by_hand_happens_once_for_its_key() {
    let office = BoxOffice::open();
    let queue = json!({ "enabled": true, "release_per_s": 0 });
    let event = office.event(json!({ "sale": { "queue": queue } })).await;
    for _ in 0..3 {
        office.buyer().await.join(&event).await.expect(201);
    }
    let organiser = office.organiser();
    for replayed in [false, true] {
        let request = organiser.let_in_request(&event, 1).header("idempotency-key", "one");
        let answer = request.send().await;
        assert_eq!(answer.header("idempotent-replayed").is_some(), replayed);
        assert_eq!(answer.expect(200)["admitted"], 1);
    }
    let other = organiser.let_in_request(&event, 2).header("idempotency-key", "one");
    other.send().await.expect_problem(422, "idempotency_key_reused");
    let status = office.get(&format!("/api/v1/queue/status/{event}")).await.expect(200);
    assert_eq!((&status["waiting"], &status["active"]), (&json!(2), &json!(1)));
}

#[tokio::test]
async fn an_audit_tells_whether_the_stores_agree() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let sold = buyer.hold(&event, json!({ "seats": ["A-1-1"] })).await;
    let booking = sold["booking_id"].as_str().expect("an id");
    office.organiser().confirm(booking).await.expect(200);
    buyer.hold(&event, json!({ "section": "FLOOR", "quantity": 2 })).await;

    let path = format!("/api/v1/events/{event}/audit");
    office.get(&path).await.expect_problem(401, "unauthenticated");
    buyer.get(&path).await.expect_problem(403, "forbidden");
    let audit = async || office.organiser().request(Method::GET, &path).send().await.expect(200);
    let healthy = audit().await;
    assert_eq!(healthy["redis"], json!({ "available": 57, "held": 2, "sold": 1 }));
    assert_eq!(
        (&healthy["postgres"]["sold"], &healthy["capacity"], &healthy["generation"]),
        (&json!(1), &json!(60), &json!(1))
    );
    assert_eq!((&healthy["consistent"], &healthy["differences"]), (&json!(true), &json!([])));
    assert_eq!(healthy["double_holds"], 0);

    office.inside().forget(&event);
    office.counts(&event).await;
    let rebuilt = audit().await;
    assert_eq!((&rebuilt["generation"], &rebuilt["consistent"]), (&json!(2), &json!(true)));
    assert_eq!(
        (&rebuilt["repaired"]["rebuilds"], &rebuilt["redis"]["sold"]),
        (&json!(1), &json!(1))
    );
    let unknown = format!("/api/v1/events/{}/audit", uuid::Uuid::now_v7());
    let answer = office.organiser().request(Method::GET, &unknown).send().await;
    answer.expect_problem(404, "event_not_found");
}
