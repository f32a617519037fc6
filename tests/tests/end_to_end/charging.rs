//! Amounts: what is asked for at the provider is the price, and what it cannot charge is refused
//! before anybody holds it.

use fake_provider::{CallFault, FaultKind, Faults, Operation};
use serde_json::{Value, json};
use tests::BoxOffice;

fn id(booking: &Value) -> &str {
    booking["booking_id"].as_str().expect("an id")
}

fn floor(price: i64) -> Value {
    json!([{ "name": "F", "kind": "standing", "capacity": 20, "price": price }])
}

/// A price in minor units of ISO 4217, and what the provider must be asked for two tickets.
#[tokio::test]
async fn minor_units_of_every_kind_are_charged_as_the_provider_counts_them() {
    let office = BoxOffice::open();
    for (currency, price, asked) in [
        ("EUR", 5_000, 10_000),
        ("JPY", 5_000, 10_000),
        ("ISK", 5_000, 1_000_000),
        ("UGX", 20_000, 4_000_000),
        ("MGA", 500_000, 10_000),
        ("KWD", 5_120, 10_240),
        ("IDR", 150_000_000, 300_000_000),
    ] {
        let event = office.event(json!({ "currency": currency, "sections": floor(price) })).await;
        let buyer = office.buyer().await;
        let (booking, payment) = buyer.buy(&event, json!({ "section": "F", "quantity": 2 })).await;
        let booking = buyer.booking(&booking).await.expect(200);
        assert_eq!(
            (&booking["amount"], &booking["currency"]),
            (&json!(2 * price), &json!(currency))
        );
        let captured = tests::eventually("the money is taken", async || {
            let ledger = office.provider().ledger().await.expect("a ledger");
            let captured = ledger.intent(&payment).expect("a payment").captured;
            (captured > 0).then_some(captured)
        })
        .await;
        assert_eq!(captured, asked, "{currency}");
        // And back, all of it.
        buyer.cancel(id(&booking)).await.expect(200);
        let refunded = tests::eventually("the money is back", async || {
            let ledger = office.provider().ledger().await.expect("a ledger");
            let refunded = ledger.intent(&payment).expect("a payment").refunded;
            (refunded > 0).then_some(refunded)
        })
        .await;
        assert_eq!(refunded, asked, "{currency}");
        buyer.becomes(id(&booking), "refunded").await;
    }
}

#[tokio::test]
async fn what_the_provider_cannot_charge_is_refused_when_it_is_made() {
    let office = BoxOffice::open();
    for (currency, price, field) in [
        ("KWD", 5_123, "sections[0].price"),
        ("OMR", 1, "sections[0].price"),
        ("MGA", 5_050, "sections[0].price"),
        ("ISK", 1_000_000, "sections[0].price"),
        ("EUR", 100_000_000, "sections[0].price"),
        ("IDR", 1_000_000_000_000, "sections[0].price"),
        ("ZZZ", 5_000, "currency"),
        (concat!("XX", "X"), 5_000, "currency"),
        ("XTS", 5_000, "currency"),
        ("XAU", 5_000, "currency"),
        ("HRK", 5_000, "currency"),
        ("DEM", 5_000, "currency"),
        ("IQD", 5_000, "currency"),
    ] {
        let change = json!({ "currency": currency, "sections": floor(price) });
        let answer = office.organiser().create_event(change).await;
        let problem = answer.expect_problem(422, "validation_failed");
        let named = problem["errors"][0]["field"].as_str();
        assert_eq!(named, Some(field), "{currency} {price}: {problem}");
    }
    // Sections are added in the currency of their event.
    let event = office.event(json!({ "currency": "KWD", "sections": floor(5_120) })).await;
    let more = json!([{ "name": "G", "kind": "standing", "capacity": 1, "price": 5_123 }]);
    let answer = office.organiser().add_sections(&event, more).await;
    let problem = answer.expect_problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["field"], "sections[0].price");
    let free = json!([{ "name": "G", "kind": "standing", "capacity": 1, "price": 0 }]);
    office.organiser().add_sections(&event, free).await.expect(201);
}

#[tokio::test]
async fn a_reservation_whose_total_cannot_be_charged_holds_nothing() {
    let office = BoxOffice::open();
    let sections = json!([
        { "name": "A", "kind": "seated", "rows": 1, "seats_per_row": 5, "price": 99_999_999 },
        { "name": "F", "kind": "standing", "capacity": 5, "price": 40_000_000 },
    ]);
    let event = office.event(json!({ "sections": sections })).await;
    let buyer = office.buyer().await;
    for choice in [
        json!({ "section": "A", "quantity": 2 }),
        json!({ "seats": ["A-1-1", "A-1-2"] }),
        json!({ "section": "F", "quantity": 3 }),
        json!({ "quantity": 2 }),
    ] {
        let answer = buyer.reserve(&event, choice.clone()).await;
        let problem = answer.expect_problem(422, "amount_too_high");
        assert_eq!(
            (&problem["amount_max"], &problem["retryable"]),
            (&json!(99_999_999), &json!(false))
        );
        assert_eq!(office.counts(&event).await, [10, 0, 0], "{choice}");
    }
    let dearest = buyer.hold(&event, json!({ "section": "A", "quantity": 1 })).await;
    buyer.payment(id(&dearest)).await;
    let whole = buyer.hold(&event, json!({ "section": "F", "quantity": 2 })).await;
    buyer.payment(id(&whole)).await;
    // In another currency the cap is another one.
    let event = office.event(json!({ "currency": "IDR", "sections": floor(150_000_000) })).await;
    let held = buyer.hold(&event, json!({ "section": "F", "quantity": 4 })).await;
    assert_eq!(held["amount"], 600_000_000);
    buyer.payment(id(&held)).await;
}

#[tokio::test]
async fn a_definitive_no_of_the_provider_is_not_to_be_tried_again() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let held = buyer.hold(&event, json!({ "seats": ["A-1-1"] })).await;
    let refuse = CallFault::new(Operation::Create, FaultKind::Forbidden).about(id(&held)).times(3);
    let faults = Faults { calls: vec![refuse], ..Faults::default() };
    office.provider().add_faults(&faults).await.expect("are set");
    for _ in 0..3 {
        let answer = buyer.begin_payment_request(id(&held)).key("k").send().await;
        let problem = answer.expect_problem(409, "payment_refused");
        assert_eq!(problem["retryable"], false);
        assert_eq!(answer.header("retry-after"), None);
    }
    let metrics = tests::eventually("the metric tells", async || {
        let metrics = office.get("/metrics").await;
        let text = String::from_utf8_lossy(&metrics.body).into_owned();
        text.contains("boxoffice_provider_refusals_total{operation=\"create\"").then_some(text)
    })
    .await;
    assert!(metrics.contains("status 403"), "{metrics}");
    // Told, and not each time. Other tests may have met the same cause before.
    let log = std::fs::read_to_string(office.log()).expect("a log");
    let told = log.lines().filter(|line| {
        line.contains("provider_refuses") && line.contains("create") && line.contains("403")
    });
    assert_eq!(told.count(), 1);
    // The hold is still there, and once the provider agrees it can be paid.
    let payment = buyer.payment(id(&held)).await;
    office.provider().pay(&payment).await.expect("pays");
    buyer.becomes(id(&held), "confirmed").await;
}
