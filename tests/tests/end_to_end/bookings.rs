//! Bookings: read, given back, confirmed without a payment, and run out.

use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{BoxOffice, eventually};

fn id(booking: &Value) -> &str {
    booking["booking_id"].as_str().expect("an id")
}

fn one() -> Value {
    json!({ "seats": ["A-1-1"] })
}

#[tokio::test]
async fn a_booking_is_seen_by_its_owner_and_the_organiser_only() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let (buyer, other) = (office.buyer().await, office.buyer().await);
    let held = buyer.hold(&event, one()).await;
    assert_eq!(buyer.booking(id(&held)).await.expect(200), held);
    assert_eq!(office.organiser().booking(id(&held)).await.expect(200), held);
    other.booking(id(&held)).await.expect_problem(404, "booking_not_found");
    other.release(id(&held)).await.expect_problem(404, "booking_not_found");
    other.confirm(id(&held)).await.expect_problem(404, "booking_not_found");
    assert_eq!(other.get("/api/v1/bookings").await.expect(200)["bookings"], json!([]));
    assert_eq!(buyer.status_of(id(&held)).await, "reserved");
}

#[tokio::test]
async fn a_booking_that_is_not_there_is_404() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let held = buyer.hold(&event, one()).await;
    let flipped = |at: usize| {
        let mut bytes = id(&held).as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
        String::from_utf8(bytes).expect("ASCII")
    };
    let ids = [
        "bk_x".to_owned(),
        "x".to_owned(),
        "%7B%7D".to_owned(),
        "%00".to_owned(),
        "%0a".to_owned(),
        "bk_".to_owned() + &"0".repeat(52),
        "bk_".to_owned() + &"v".repeat(52),
        "bk_".to_owned() + &"0".repeat(10_000),
        id(&held).to_uppercase(),
        // Another booking of this event, and one of another event.
        flipped(45),
        flipped(10),
    ];
    for id in &ids {
        for caller in [buyer.token.as_str(), &office.system().secrets.organiser_key] {
            for (method, action) in
                [(Method::GET, ""), (Method::POST, "/release"), (Method::POST, "/confirm")]
            {
                let path = format!("/api/v1/bookings/{id}{action}");
                let answer = office.request(method, &path).bearer(caller).send().await;
                answer.expect_problem(404, "booking_not_found");
            }
        }
    }
}

#[tokio::test]
async fn own_bookings_are_listed_newest_first_page_by_page() {
    let office = BoxOffice::open();
    let events = [office.event(json!({})).await, office.event(json!({})).await];
    let buyer = office.buyer().await;
    let mut held = Vec::new();
    for event in [&events[0], &events[1], &events[0]] {
        let booking = buyer.hold(event, json!({ "section": "A", "quantity": 1 })).await;
        held.push(id(&booking).to_owned());
        // The times of bookings are whole milliseconds: the next one is made in another.
        let held_at: Timestamp =
            booking["created_at"].as_str().expect("a time").parse().expect("it");
        while Timestamp::now().as_millisecond() <= held_at.as_millisecond() {
            tokio::task::yield_now().await;
        }
    }
    buyer.release(&held[1]).await.expect(200);
    held.reverse();
    let list = buyer.get("/api/v1/bookings").await.expect(200);
    let ids: Vec<_> = list["bookings"].as_array().expect("a list").iter().map(id).collect();
    assert_eq!(ids, held);
    assert_eq!(list["bookings"][1]["status"], "released");
    assert_eq!(list["next_cursor"], Value::Null);
    let mut cursor = String::new();
    for (index, expected) in held.iter().enumerate() {
        let page = buyer.get(&format!("/api/v1/bookings?limit=1{cursor}")).await.expect(200);
        assert_eq!(id(&page["bookings"][0]), expected);
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => assert_eq!(index, 2, "the last page"),
        }
    }
}

#[tokio::test]
async fn a_released_hold_frees_its_seats_once() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let (buyer, other) = (office.buyer().await, office.buyer().await);
    let held = buyer.hold(&event, one()).await;
    assert_eq!(buyer.release(id(&held)).await.expect(200)["status"], "released");
    assert_eq!(office.counts(&event).await, [60, 0, 0]);
    let taken = other.hold(&event, one()).await;
    assert_eq!(buyer.release(id(&held)).await.expect(200)["status"], "released");
    assert_eq!(buyer.status_of(id(&held)).await, "released");
    assert_eq!(office.counts(&event).await, [59, 1, 0], "the other's seat is not touched");
    let late = office.organiser().confirm(id(&held)).await;
    late.expect_problem(409, "already_released");
    assert_eq!(office.organiser().release(id(&taken)).await.expect(200)["status"], "released");
    assert_eq!(office.counts(&event).await, [60, 0, 0]);
}

#[tokio::test]
async fn a_confirmed_booking_is_sold_for_good() {
    let office = BoxOffice::open();
    let organiser = office.organiser();
    let event = office.event(json!({})).await;
    let (buyer, other) = (office.buyer().await, office.buyer().await);
    let held = buyer.hold(&event, one()).await;
    buyer.confirm(id(&held)).await.expect_problem(402, "payment_required");
    assert_eq!(organiser.confirm(id(&held)).await.expect(200)["status"], "confirmed");
    assert_eq!(organiser.confirm(id(&held)).await.expect(200)["status"], "confirmed");
    assert_eq!(buyer.status_of(id(&held)).await, "confirmed");
    buyer.release(id(&held)).await.expect_problem(409, "already_confirmed");
    organiser.release(id(&held)).await.expect_problem(409, "already_confirmed");
    assert_eq!(office.counts(&event).await, [59, 0, 1]);
    assert!(office.map(&event).await.starts_with("s."));
    assert_eq!(office.inside().sold_tickets(&event).await, 1);
    let refused = other.reserve(&event, one()).await.expect_problem(409, "seat_unavailable");
    assert_eq!(refused["seats"], json!(["A-1-1"]));
}

#[tokio::test]
async fn an_owner_confirms_what_costs_nothing() {
    let office = BoxOffice::open();
    let free =
        json!([{ "name": "A", "kind": "seated", "rows": 1, "seats_per_row": 2, "price": 0 }]);
    let event = office.event(json!({ "sections": free })).await;
    let buyer = office.buyer().await;
    let held = buyer.hold(&event, one()).await;
    assert_eq!(held["amount"], 0);
    for _ in 0..2 {
        assert_eq!(buyer.confirm(id(&held)).await.expect(200)["status"], "confirmed");
    }
    assert_eq!(office.counts(&event).await, [1, 0, 1]);
}

/// Nobody asks for it: the worker frees the seats, and the buyer's limit with them.
#[tokio::test]
async fn a_hold_expires_by_itself() {
    let office = BoxOffice::open();
    let event = office.event(json!({ "sale": { "hold_ttl_s": 1, "max_per_buyer": 2 } })).await;
    let (buyer, other) = (office.buyer().await, office.buyer().await);
    let held = buyer.hold(&event, json!({ "seats": ["A-1-1", "A-1-2"] })).await;
    eventually("the seats are free again", async || {
        (office.counts(&event).await == [60, 0, 0]).then_some(())
    })
    .await;
    assert_eq!(buyer.status_of(id(&held)).await, "expired");
    buyer.release(id(&held)).await.expect_problem(409, "booking_expired");
    other.hold(&event, json!({ "seats": ["A-1-1"] })).await;
    buyer.hold(&event, json!({ "seats": ["A-1-2", "A-1-3"] })).await;
    let late = office.organiser().confirm(id(&held)).await;
    late.expect_problem(409, "booking_expired");
    assert_eq!(buyer.status_of(id(&held)).await, "expired");
}

#[tokio::test]
async fn an_expired_hold_is_confirmed_while_its_seats_are_free() {
    let office = BoxOffice::open();
    let event = office.event(json!({ "sale": { "hold_ttl_s": 1 } })).await;
    let buyer = office.buyer().await;
    let held = buyer.hold(&event, one()).await;
    eventually("the hold expires", async || {
        (buyer.status_of(id(&held)).await == "expired").then_some(())
    })
    .await;
    assert_eq!(office.organiser().confirm(id(&held)).await.expect(200)["status"], "confirmed");
    assert_eq!(office.counts(&event).await, [59, 0, 1]);
    assert_eq!(office.inside().sold_tickets(&event).await, 1);
}

/// A hold lives as long as it says: the worker runs several times meanwhile.
#[tokio::test]
async fn a_hold_is_not_freed_before_its_time() {
    let office = BoxOffice::open();
    let event = office.event(json!({ "sale": { "hold_ttl_s": 60 } })).await;
    let buyer = office.buyer().await;
    let held = buyer.hold(&event, one()).await;
    for _ in 0..3 {
        office.tick().await;
    }
    assert_eq!(buyer.status_of(id(&held)).await, "reserved");
    assert_eq!(office.counts(&event).await, [59, 1, 0]);
}
