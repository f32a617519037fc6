//! Holds at their end and past it: revived, kept for a payment, extended, ended with their event.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tests::{BoxOffice, Buyer, eventually};

fn id(booking: &Value) -> &str {
    booking["booking_id"].as_str().expect("an id")
}

fn moment(booking: &Value) -> Timestamp {
    booking["expires_at"].as_str().expect("a time").parse().expect("RFC 3339")
}

/// An event that costs nothing, whose holds end after a second.
async fn free_event(office: &BoxOffice) -> String {
    let free = json!([{ "name": "F", "kind": "standing", "capacity": 20, "price": 0 }]);
    let sale = json!({ "max_per_buyer": 2, "hold_ttl_s": 1, "queue": { "enabled": false } });
    office.event(json!({ "sections": free, "sale": sale })).await
}

async fn expired(buyer: &Buyer, event: &str) -> Value {
    let held = buyer.hold(event, json!({ "section": "F", "quantity": 2 })).await;
    eventually("the hold expires", async || {
        (buyer.status_of(id(&held)).await == "expired").then_some(())
    })
    .await;
    held
}

/// Reserve, let expire, three times; then confirm each.
#[tokio::test]
async fn expired_holds_do_not_add_up_beyond_the_limit_of_their_buyer() {
    let office = BoxOffice::open();
    let event = free_event(&office).await;
    let buyer = office.buyer().await;
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(
            eventually("what is over counts no more", async || {
                let choice = json!({ "section": "F", "quantity": 2 });
                let answer = buyer.reserve(&event, choice).await;
                (answer.status == 201).then(|| answer.expect(201))
            })
            .await,
        );
        eventually("the hold expires", async || {
            (buyer.status_of(id(held.last().expect("one"))).await == "expired").then_some(())
        })
        .await;
    }
    assert_eq!(buyer.confirm(id(&held[0])).await.expect(200)["status"], "confirmed");
    for refused in &held[1..] {
        buyer.confirm(id(refused)).await.expect_problem(409, "buyer_limit_exceeded");
        assert_eq!(buyer.status_of(id(refused)).await, "expired");
    }
    assert_eq!(office.inside().sold_tickets(&event).await, 2);
    // The cash desk may.
    assert_eq!(office.organiser().confirm(id(&held[1])).await.expect(200)["status"], "confirmed");
}

#[tokio::test]
async fn a_revived_hold_asks_what_reserving_asks() {
    let office = BoxOffice::open();
    let organiser = office.organiser();
    let event = free_event(&office).await;
    let buyer = office.buyer().await;
    let held = expired(&buyer, &event).await;
    organiser.change(&event, json!({ "paused": true })).await.expect(200);
    buyer.confirm(id(&held)).await.expect_problem(409, "event_not_on_sale");
    let later = json!({ "paused": false, "on_sale_at": "2036-01-01T00:00:00Z" });
    organiser.change(&event, later).await.expect(200);
    buyer.confirm(id(&held)).await.expect_problem(409, "event_not_on_sale");
    organiser.confirm(id(&held)).await.expect_problem(409, "event_not_on_sale");
    organiser.change(&event, json!({ "on_sale_at": "2026-01-01T00:00:00Z" })).await.expect(200);
    organiser.change(&event, json!({ "paused": true })).await.expect(200);
    assert_eq!(organiser.confirm(id(&held)).await.expect(200)["status"], "confirmed");
}

/// The provider takes its time: for several sweeps the booking is what it was, for its owner, in
/// their list and for the organiser, and can be paid and given back.
#[tokio::test]
async fn a_hold_that_is_being_paid_reads_the_same_all_the_time() {
    let office = BoxOffice::open();
    let event = office.event(json!({ "sale": { "hold_ttl_s": 2 } })).await;
    let buyer = office.buyer().await;
    let held = buyer.hold(&event, json!({ "seats": ["A-1-1"] })).await;
    let payment = buyer.begin_payment(id(&held)).await.expect(201);
    let payment = payment["payment_id"].as_str().expect("a payment").to_owned();
    office.provider().process(&payment).await.expect("is processed");
    let until = moment(&held) + SignedDuration::from_secs(8);
    while Timestamp::now() < until {
        let list = buyer.get("/api/v1/bookings").await.expect(200);
        let read = buyer.booking(id(&held)).await.expect(200);
        for told in [&read, &list["bookings"][0]] {
            assert_eq!(
                (&told["status"], &told["expires_at"]),
                (&json!("reserved"), &held["expires_at"])
            );
        }
    }
    let again = buyer.begin_payment(id(&held)).await.expect(201);
    assert_eq!(again["payment_id"], payment.as_str());
    assert_eq!(buyer.release(id(&held)).await.expect(200)["status"], "released");
    assert_eq!(office.counts(&event).await, [60, 0, 0]);
}

#[tokio::test]
async fn an_owner_gets_more_time_once() {
    let office = BoxOffice::open();
    let organiser = office.organiser();
    let event = office.event(json!({ "sale": { "hold_ttl_s": 300 } })).await;
    let (buyer, other) = (office.buyer().await, office.buyer().await);
    let held = buyer.hold(&event, json!({ "seats": ["A-1-1"] })).await;
    other.extend(id(&held)).await.expect_problem(404, "booking_not_found");
    let keyed = || buyer.extend_request(id(&held)).header("idempotency-key", "more-time");
    let extended = keyed().send().await.expect(200);
    assert_eq!(moment(&extended), moment(&held) + SignedDuration::from_secs(300));
    assert_eq!(extended["status"], "reserved");
    let replayed = keyed().send().await;
    assert!(replayed.is_replayed());
    assert_eq!(replayed.expect(200), extended);
    buyer.extend(id(&held)).await.expect_problem(409, "already_extended");
    assert_eq!(buyer.booking(id(&held)).await.expect(200), extended);
    assert_eq!(buyer.get("/api/v1/bookings").await.expect(200)["bookings"][0], extended);
    organiser.confirm(id(&held)).await.expect(200);
    buyer.extend(id(&held)).await.expect_problem(409, "already_confirmed");

    let released = buyer.hold(&event, json!({ "seats": ["A-1-2"] })).await;
    buyer.release(id(&released)).await.expect(200);
    buyer.extend(id(&released)).await.expect_problem(409, "already_released");
    organiser.change(&event, json!({ "sale": { "hold_ttl_s": 1 } })).await.expect(200);
    let over = buyer.hold(&event, json!({ "seats": ["A-1-3"] })).await;
    eventually("the hold expires", async || {
        (buyer.status_of(id(&over)).await == "expired").then_some(())
    })
    .await;
    buyer.extend(id(&over)).await.expect_problem(409, "booking_expired");
}

#[tokio::test]
async fn a_hold_of_a_cancelled_event_is_released() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let held = buyer.hold(&event, json!({ "seats": ["A-1-1"] })).await;
    office.organiser().cancel_event(&event).await.expect(200);
    let status = eventually("the hold ends", async || {
        let status = buyer.status_of(id(&held)).await;
        (status != "reserved").then_some(status)
    })
    .await;
    assert_eq!(status, "released");
    eventually("its seat is free", async || {
        (office.counts(&event).await == [60, 0, 0]).then_some(())
    })
    .await;
    assert_eq!(buyer.status_of(id(&held)).await, "released");
}
