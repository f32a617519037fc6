//! A part of what was bought is given up: the rest stays, the share goes back.

use fake_provider::{CallFault, FaultKind, Faults, LedgerIntent, Operation};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Answer, BoxOffice, Buyer, eventually};

async fn give_up(buyer: &Buyer, booking: &str, part: &Value) -> Answer {
    buyer.cancel_request(booking).json(part).send().await
}

async fn read(buyer: &Buyer, booking: &str) -> Value {
    let path = format!("/api/v1/bookings/{booking}");
    buyer.request(reqwest::Method::GET, &path).send().await.expect(200)
}

/// Waits until so much of a payment went back.
async fn refunded(office: &BoxOffice, payment: &str, amount: i64) -> LedgerIntent {
    let provider = office.provider();
    let what = format!("{amount} of {payment} are given back");
    let intent = eventually(&what, async || {
        let ledger = provider.ledger().await.expect("a ledger");
        let intent = ledger.intent(payment).expect("a payment").clone();
        (intent.refunded >= amount).then_some(intent)
    })
    .await;
    assert_eq!(intent.refunded, amount, "{intent:?}");
    intent
}

fn assert_names(answer: &Answer, field: &str) {
    let problem = answer.expect_problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["field"], field, "{answer}");
}

#[tokio::test]
async fn a_part_of_the_seats_is_given_up_and_the_rest_stays() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let seats = json!({ "seats": ["A-1-1", "A-1-2", "A-1-3"] });
    let (booking, payment) = buyer.buy(&event, seats.clone()).await;
    // All at once, with one key, with others, without.
    let part = json!({ "seats": ["A-1-2"] });
    let answers = join_all((0..6).map(|number| {
        let request = buyer.cancel_request(&booking).json(&part);
        let request =
            if number % 2 == 0 { request.key(&format!("k{}", number % 4)) } else { request };
        request.send()
    }))
    .await;
    for answer in &answers {
        // The same key at the same time may be asked to wait.
        assert!(matches!(answer.status, 200 | 409), "{answer}");
    }
    let left = give_up(&buyer, &booking, &part).await.expect(200);
    assert_eq!(left["seats"], json!(["A-1-1", "A-1-3"]));
    assert_eq!((&left["quantity"], &left["amount"]), (&json!(2), &json!(10_000)));
    assert_eq!(left["status"], "confirmed");
    assert_eq!(office.counts(&event).await, [58, 0, 2]);
    assert_eq!(office.inside().sold_tickets(&event).await, 2);
    let intent = refunded(&office, &payment, 5_000).await;
    assert_eq!((intent.captured, intent.refunds), (15_000, 1), "{intent:?}");
    // The seat is another's, and stays so.
    let other = office.buyer().await;
    other.buy(&event, json!({ "seats": ["A-1-2"] })).await;
    give_up(&buyer, &booking, &part).await.expect(200);
    assert_eq!(office.counts(&event).await, [57, 0, 3]);

    // All that there are, also with what was given up before: the whole booking.
    let cancelled = give_up(&buyer, &booking, &seats).await.expect(200);
    assert!(["cancelled", "refunded"].contains(&cancelled["status"].as_str().unwrap_or_default()));
    buyer.becomes(&booking, "refunded").await;
    refunded(&office, &payment, 15_000).await;
    assert_eq!(office.counts(&event).await, [59, 0, 1]);
    give_up(&buyer, &booking, &part).await.expect(200);
}

#[tokio::test]
async fn standing_places_are_given_up_by_each_request_and_by_each_key_once() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let standing = json!({ "section": "FLOOR", "quantity": 4 });
    let (booking, payment) = buyer.buy(&event, standing.clone()).await;
    let price = read(&buyer, &booking).await["amount"].as_i64().expect("a price") / 4;
    let one = json!({ "quantity": 1 });
    for _ in 0..2 {
        let request = buyer.cancel_request(&booking).json(&one).key("one");
        assert_eq!(request.send().await.expect(200)["quantity"], 3);
    }
    assert_eq!(give_up(&buyer, &booking, &one).await.expect(200)["quantity"], 2);
    refunded(&office, &payment, 2 * price).await;
    // As much may be bought again as the limit leaves.
    buyer.buy(&event, json!({ "section": "FLOOR", "quantity": 2 })).await;
    let refused = buyer.reserve(&event, json!({ "section": "FLOOR", "quantity": 1 })).await;
    refused.expect_problem(409, "buyer_limit_exceeded");
    assert_names(&give_up(&buyer, &booking, &json!({ "quantity": 3 })).await, "quantity");
    let all = give_up(&buyer, &booking, &json!({ "quantity": 2 })).await.expect(200);
    assert!(["cancelled", "refunded"].contains(&all["status"].as_str().unwrap_or_default()));
    refunded(&office, &payment, 4 * price).await;
}

#[tokio::test]
async fn what_is_no_part_is_refused_and_changes_nothing() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let (buyer, stranger) = (office.buyer().await, office.buyer().await);
    let (seated, payment) = buyer.buy(&event, json!({ "seats": ["A-1-1", "A-1-2"] })).await;
    let (standing, _) = buyer.buy(&event, json!({ "section": "FLOOR", "quantity": 2 })).await;
    for (part, field) in [
        (json!({ "seats": ["A-1-3"] }), "seats"),
        (json!({ "seats": ["A-1-1", "A-1-3"] }), "seats"),
        (json!({ "seats": ["A-1-1", "A-1-1"] }), "seats[1]"),
        (json!({ "seats": ["x"] }), "seats[0]"),
        (json!({ "seats": [] }), "seats"),
        (json!({ "quantity": 1 }), "quantity"),
        (json!({ "quantity": 0 }), "quantity"),
        (json!({ "seats": ["A-1-1"], "quantity": 1 }), "quantity"),
    ] {
        assert_names(&give_up(&buyer, &seated, &part).await, field);
    }
    assert_names(&give_up(&buyer, &standing, &json!({ "seats": ["A-1-1"] })).await, "seats");
    // A null where a part was meant is not the whole booking.
    for part in [json!({ "seats": null }), json!({ "quantity": null }), json!({ "seats": "A-1-1" })]
    {
        give_up(&buyer, &seated, &part).await.expect_problem(422, "validation_failed");
    }
    let text = buyer.cancel_request(&seated).body("text/plain", "seats=A-1-1").send().await;
    text.expect_problem(415, "unsupported_media_type");
    let part = json!({ "seats": ["A-1-1"] });
    give_up(&stranger, &seated, &part).await.expect_problem(404, "booking_not_found");
    let ledger = office.provider().ledger().await.expect("a ledger");
    assert_eq!(ledger.intent(&payment).expect("a payment").refunded, 0);
    assert_eq!(read(&buyer, &seated).await["quantity"], 2);

    // A hold is given back as a whole.
    let other = office.event(json!({})).await;
    let held = buyer.hold(&other, json!({ "seats": ["A-1-1", "A-1-2"] })).await;
    let held = held["booking_id"].as_str().expect("an id").to_owned();
    give_up(&buyer, &held, &part).await.expect_problem(409, "booking_not_confirmed");
    assert_eq!(buyer.status_of(&held).await, "reserved");
    let all = json!({ "seats": ["A-1-1", "A-1-2"] });
    assert_eq!(give_up(&buyer, &held, &all).await.expect(200)["status"], "released");
    give_up(&buyer, &held, &part).await.expect_problem(409, "already_released");

    // Once the event has begun, the organiser alone may.
    let change = json!({ "starts_at": "2026-01-01T19:00:00Z" });
    office.organiser().change(&event, change).await.expect(200);
    give_up(&buyer, &seated, &part).await.expect_problem(403, "forbidden");
    let path = format!("/api/v1/bookings/{seated}/cancel");
    let request = office.organiser().request(reqwest::Method::POST, &path);
    assert_eq!(request.json(&part).send().await.expect(200)["quantity"], 1);
    refunded(&office, &payment, 5_000).await;
    // Without a body, and with nothing in it, the whole booking.
    let request = office.organiser().request(reqwest::Method::POST, &path);
    request.json(&json!({})).send().await.expect(200);
    refunded(&office, &payment, 10_000).await;
}

#[tokio::test]
async fn a_provider_in_trouble_delays_a_share_and_nothing_goes_back_twice() {
    let office = BoxOffice::open();
    let kinds = [
        FaultKind::TimeoutAfter,
        FaultKind::CutAfter,
        FaultKind::RateLimited,
        FaultKind::ErrorSaved,
        FaultKind::ErrorApplied,
    ];
    join_all(kinds.map(|kind| {
        let office = office.clone();
        async move {
            let event = office.event(json!({})).await;
            let buyer = office.buyer().await;
            let (booking, payment) =
                buyer.buy(&event, json!({ "seats": ["A-1-1", "A-1-2"] })).await;
            let calls = vec![
                CallFault::new(Operation::Refund, kind).about(&payment).times(1),
                CallFault::new(Operation::Refunds, kind).about(&payment).times(1),
            ];
            let faults = Faults { calls, ..Faults::default() };
            office.provider().add_faults(&faults).await.expect("are set");
            give_up(&buyer, &booking, &json!({ "seats": ["A-1-1"] })).await.expect(200);
            let intent = refunded(&office, &payment, 5_000).await;
            assert_eq!(intent.parts.len(), 1, "{kind:?}: {intent:?}");
            assert_eq!(office.counts(&event).await, [59, 0, 1]);
            // Staff give the rest back by hand: the booking is refunded as a whole.
            office.provider().refund(&payment, None).await.expect("is given back");
            buyer.becomes(&booking, "refunded").await;
            refunded(&office, &payment, 10_000).await;
        }
    }))
    .await;
}

/// The provider counts ISK in hundredths and wants whole ones: a share is one of these too.
#[tokio::test]
async fn a_share_is_what_the_provider_can_refund() {
    let office = BoxOffice::open();
    let sections =
        json!([{ "name": "A", "kind": "seated", "rows": 3, "seats_per_row": 20, "price": 4_999 }]);
    for (currency, units) in [("ISK", 100), ("JPY", 1), ("KWD", 0)] {
        let mut sections = sections.clone();
        if units == 0 {
            sections[0]["price"] = json!(4_990);
        }
        let event = office.event(json!({ "currency": currency, "sections": sections })).await;
        let buyer = office.buyer().await;
        let (booking, payment) = buyer.buy(&event, json!({ "seats": ["A-1-1", "A-1-2"] })).await;
        give_up(&buyer, &booking, &json!({ "seats": ["A-1-1"] })).await.expect(200);
        let share = if units == 0 { 4_990 } else { 4_999 * units };
        refunded(&office, &payment, share).await;
    }
}
