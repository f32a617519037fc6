//! Seats, and whom they are refused.

use serde_json::{Value, json};
use tests::BoxOffice;

fn seats(booking: &Value) -> Vec<&str> {
    let seats = booking["seats"].as_array().expect("a list");
    seats.iter().map(|seat| seat.as_str().expect("a seat")).collect()
}

#[tokio::test]
async fn named_seats_become_a_booking_with_every_field() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let booking = buyer.hold(&event, json!({ "seats": ["A-2-3", "A-1-10"] })).await;
    assert!(booking["booking_id"].as_str().is_some_and(|id| id.starts_with("bk_")));
    assert_eq!(booking["event_id"], event);
    assert_eq!(booking["user_id"], buyer.user_id);
    assert_eq!(booking["status"], "reserved");
    assert_eq!(booking["section"], "A");
    assert_eq!(seats(&booking), ["A-1-10", "A-2-3"]);
    assert_eq!(booking["quantity"], 2);
    assert_eq!(booking["amount"], 10_000);
    assert_eq!(booking["currency"], "EUR");
    assert!(booking["created_at"].as_str() < booking["expires_at"].as_str());
    let id = booking["booking_id"].as_str().expect("an id");
    assert_eq!(buyer.booking(id).await.expect(200), booking);
    assert_eq!(office.counts(&event).await, [58, 2, 0]);
}

#[tokio::test]
async fn the_best_block_is_in_the_middle_of_the_first_row_that_has_one() {
    let office = BoxOffice::open();
    let event = office.event(json!({ "sale": { "max_per_buyer": 10 } })).await;
    let choice = json!({ "section": "A", "quantity": 4 });
    let blocks = [
        ["A-1-4", "A-1-5", "A-1-6", "A-1-7"],
        // Three are left on each side of row 1.
        ["A-2-4", "A-2-5", "A-2-6", "A-2-7"],
    ];
    for block in blocks {
        let buyer = office.buyer().await;
        assert_eq!(seats(&buyer.hold(&event, choice.clone()).await), block);
    }
    let buyer = office.buyer().await;
    let three = buyer.hold(&event, json!({ "section": "A", "quantity": 3 })).await;
    assert_eq!(seats(&three), ["A-1-1", "A-1-2", "A-1-3"], "of two alike the lower numbers");
}

#[tokio::test]
async fn without_a_section_the_first_seated_one_with_a_block_is_taken() {
    let office = BoxOffice::open();
    let sections = json!([
        { "name": "FLOOR", "kind": "standing", "capacity": 9, "price": 1 },
        { "name": "B", "kind": "seated", "rows": 1, "seats_per_row": 2, "price": 100 },
        { "name": "C", "kind": "seated", "rows": 2, "seats_per_row": 3, "price": 200 },
    ]);
    let event = office.event(json!({ "sections": sections })).await;
    let buyer = office.buyer().await;
    let three = buyer.hold(&event, json!({ "quantity": 3 })).await;
    assert_eq!((&three["section"], &three["amount"]), (&json!("C"), &json!(600)));
    assert_eq!(seats(&three), ["C-1-1", "C-1-2", "C-1-3"]);
    let other = office.buyer().await;
    assert_eq!(other.hold(&event, json!({ "quantity": 2 })).await["section"], "B");
    assert_eq!(other.hold(&event, json!({ "quantity": 1 })).await["section"], "C");
    let none = other.reserve(&event, json!({ "quantity": 4 })).await;
    none.expect_problem(409, "buyer_limit_exceeded");
    let none = office.buyer().await.reserve(&event, json!({ "quantity": 3 })).await;
    none.expect_problem(409, "not_enough_seats");
}

#[tokio::test]
async fn standing_places_have_no_seats() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let held = buyer.hold(&event, json!({ "section": "FLOOR", "quantity": 3 })).await;
    assert_eq!(held["seats"], json!([]));
    assert_eq!((&held["quantity"], &held["amount"]), (&json!(3), &json!(10_500)));
}

#[tokio::test]
async fn seats_that_cannot_be_reserved_are_refused_and_nothing_is_held() {
    let office = BoxOffice::open();
    let event = office.event(json!({ "sale": { "max_per_buyer": 10 } })).await;
    let buyer = office.buyer().await;
    let eleven: Vec<_> = (1..=11).map(|number| format!("A-1-{number}")).collect();
    for choice in [
        json!({}),
        json!({ "seats": [] }),
        json!({ "seats": eleven }),
        json!({ "seats": ["A-1-1", "A-1-1"] }),
        json!({ "seats": ["A-5-1"] }),
        json!({ "seats": ["A-1-11"] }),
        json!({ "seats": ["A-0-1"] }),
        json!({ "seats": ["A-1-0"] }),
        json!({ "seats": ["A-01-1"] }),
        json!({ "seats": ["A-1--1"] }),
        json!({ "seats": ["A-4294967297-1"] }),
        json!({ "seats": ["A-1-1", "A-9-9"] }),
        json!({ "seats": ["Z-1-1"] }),
        json!({ "seats": ["a-1-1"] }),
        json!({ "seats": ["FLOOR-1-1"] }),
        json!({ "seats": ["A-1-1", "FLOOR-1-1"] }),
        json!({ "seats": ["A-1-1 "] }),
        json!({ "seats": ["A-1-1\n"] }),
        json!({ "seats": ["A-1-1,A-1-2"] }),
        json!({ "seats": [""] }),
        json!({ "seats": ["}{"] }),
        json!({ "seats": ["'; DROP TABLE tickets; --"] }),
        json!({ "seats": ["A-１-1"] }),
        json!({ "seats": ["A-1-1"], "quantity": 1 }),
        json!({ "seats": ["A-1-1"], "section": "FLOOR" }),
        json!({ "section": "A" }),
        json!({ "section": "A", "quantity": 0 }),
        json!({ "section": "A", "quantity": -1 }),
        json!({ "section": "A", "quantity": 11 }),
        json!({ "section": "A", "quantity": 9_223_372_036_854_775_807_i64 }),
        json!({ "section": "Z", "quantity": 1 }),
        json!({ "section": "", "quantity": 1 }),
        json!({ "section": "A B", "quantity": 1 }),
        json!({ "section": "{A}", "quantity": 1 }),
        json!({ "quantity": 0 }),
    ] {
        let answer = buyer.reserve(&event, choice.clone()).await;
        assert_eq!(answer.json()["code"], "invalid_seats", "{choice}: {answer}");
        assert_eq!(answer.status, 422, "{choice}: {answer}");
    }
    for choice in [
        json!({ "seats": "A-1-1" }),
        json!({ "seats": [1] }),
        json!({ "section": "A", "quantity": 1.5 }),
        json!({ "section": "A", "quantity": "1" }),
        json!({ "section": 1, "quantity": 1 }),
        json!({ "event_id": null, "quantity": 1 }),
        json!({ "event_id": 1, "quantity": 1 }),
    ] {
        let answer = buyer.reserve(&event, choice.clone()).await;
        assert_eq!(answer.status, 422, "{choice}: {answer}");
    }
    assert_eq!(office.counts(&event).await, [60, 0, 0]);
    buyer.hold(&event, json!({ "section": "A", "quantity": 10 })).await;
}

/// All that are taken are named, held and sold alike; those that are free stay free.
#[tokio::test]
async fn taken_seats_are_all_named() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let (buyer, other) = (office.buyer().await, office.buyer().await);
    let held = buyer.hold(&event, json!({ "seats": ["A-1-1", "A-1-3"] })).await;
    office.organiser().confirm(held["booking_id"].as_str().expect("an id")).await.expect(200);
    buyer.hold(&event, json!({ "seats": ["A-3-10"] })).await;
    let choice = json!({ "seats": ["A-3-10", "A-1-2", "A-1-3", "A-1-1"] });
    let refused = other.reserve(&event, choice).await.expect_problem(409, "seat_unavailable");
    let mut taken = seats(&refused);
    taken.sort_unstable();
    assert_eq!(taken, ["A-1-1", "A-1-3", "A-3-10"]);
    assert_eq!(office.map(&event).await, format!("s.s.................{}........h..........", "."));
    other.hold(&event, json!({ "seats": ["A-1-2"] })).await;
}

#[tokio::test]
async fn too_few_places_and_none_at_all_are_told_apart() {
    let office = BoxOffice::open();
    let sections = json!([
        { "name": "A", "kind": "seated", "rows": 1, "seats_per_row": 3, "price": 1 },
        { "name": "FLOOR", "kind": "standing", "capacity": 2, "price": 1 },
    ]);
    let event = office.event(json!({ "sections": sections })).await;
    let [first, second, third] = [office.buyer().await, office.buyer().await, office.buyer().await];
    let too_many = first.reserve(&event, json!({ "section": "FLOOR", "quantity": 3 })).await;
    too_many.expect_problem(409, "not_enough_seats");
    let too_wide = first.reserve(&event, json!({ "section": "A", "quantity": 4 })).await;
    too_wide.expect_problem(409, "not_enough_seats");
    // Two are left, but not side by side.
    first.hold(&event, json!({ "seats": ["A-1-2"] })).await;
    let scattered = second.reserve(&event, json!({ "section": "A", "quantity": 2 })).await;
    scattered.expect_problem(409, "not_enough_seats");
    second.hold(&event, json!({ "seats": ["A-1-1", "A-1-3"] })).await;
    let full = third.reserve(&event, json!({ "section": "A", "quantity": 1 })).await;
    full.expect_problem(409, "not_enough_seats");
    first.hold(&event, json!({ "section": "FLOOR", "quantity": 2 })).await;
    for choice in [json!({ "section": "A", "quantity": 1 }), json!({ "quantity": 1 })] {
        third.reserve(&event, choice).await.expect_problem(409, "sold_out");
    }
    let named = third.reserve(&event, json!({ "seats": ["A-1-1"] })).await;
    named.expect_problem(409, "seat_unavailable");
}

#[tokio::test]
async fn the_limit_counts_what_a_buyer_holds_and_has_bought() {
    let office = BoxOffice::open();
    let event = office.event(json!({ "sale": { "max_per_buyer": 3 } })).await;
    let buyer = office.buyer().await;
    let choice = |quantity: i64| json!({ "section": "FLOOR", "quantity": quantity });
    buyer.reserve(&event, choice(4)).await.expect_problem(409, "buyer_limit_exceeded");
    let bought = buyer.hold(&event, choice(2)).await;
    office.organiser().confirm(bought["booking_id"].as_str().expect("an id")).await.expect(200);
    buyer.reserve(&event, choice(2)).await.expect_problem(409, "buyer_limit_exceeded");
    let held = buyer.hold(&event, choice(1)).await;
    buyer.reserve(&event, choice(1)).await.expect_problem(409, "buyer_limit_exceeded");
    buyer.release(held["booking_id"].as_str().expect("an id")).await.expect(200);
    buyer.hold(&event, choice(1)).await;
    // Another event has a limit of its own.
    let other = office.event(json!({ "sale": { "max_per_buyer": 3 } })).await;
    buyer.hold(&other, choice(3)).await;
}

#[tokio::test]
async fn nothing_is_sold_before_the_sale_opens_or_after_it_has_ended() {
    let office = BoxOffice::open();
    let buyer = office.buyer().await;
    for change in [
        json!({ "on_sale_at": "2037-05-01T00:00:00Z" }),
        json!({ "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2020-01-01T01:00:00Z",
            "on_sale_at": "2019-01-01T00:00:00Z" }),
    ] {
        let event = office.event(change).await;
        let refused = buyer.reserve(&event, json!({ "section": "A", "quantity": 1 })).await;
        refused.expect_problem(409, "event_not_on_sale");
    }
}
