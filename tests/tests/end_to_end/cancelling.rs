//! What was bought is given up: by its owner, by the organiser, or with the whole event.

use fake_provider::{CallFault, FaultKind, Faults, Operation};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{BoxOffice, eventually};

fn id(booking: &Value) -> &str {
    booking["booking_id"].as_str().expect("an id")
}

/// The payment is taken, and given back in full, once.
async fn assert_refunded(office: &BoxOffice, payment: &str) {
    let provider = office.provider();
    let intent = eventually(&format!("{payment} is given back"), async || {
        let ledger = provider.ledger().await.expect("a ledger");
        let intent = ledger.intent(payment).expect("a payment").clone();
        (intent.canceled || intent.refunded > 0).then_some(intent)
    })
    .await;
    assert_eq!(intent.refunded, intent.captured, "{intent:?}");
    // Never taken when it was cancelled before the capture.
    assert_eq!((intent.refunds, intent.captures), (intent.captures, intent.refunds), "{intent:?}");
    assert!(intent.captures <= 1, "{intent:?}");
}

#[tokio::test]
async fn a_cancelled_booking_frees_its_seats_and_is_refunded_once() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let (booking, payment) = buyer.buy(&event, json!({ "seats": ["A-1-1", "A-1-2"] })).await;
    let provider = office.provider();
    eventually("the money is taken", async || {
        let ledger = provider.ledger().await.expect("a ledger");
        (ledger.intent(&payment).expect("a payment").captured == 10_000).then_some(())
    })
    .await;

    // All at once, with one key, with others, without.
    let answers = join_all((0..6).map(|number| {
        let request = buyer.cancel_request(&booking);
        let request =
            if number % 2 == 0 { request.key(&format!("k{}", number % 4)) } else { request };
        request.send()
    }))
    .await;
    for answer in &answers {
        // The same key at the same time may be asked to wait.
        assert!(matches!(answer.status, 200 | 409), "{answer}");
    }
    let cancelled = buyer.cancel(&booking).await.expect(200);
    assert!(["cancelled", "refunded"].contains(&cancelled["status"].as_str().unwrap_or_default()));
    assert_eq!(office.counts(&event).await, [60, 0, 0]);
    assert_eq!(office.inside().sold_tickets(&event).await, 0);
    buyer.becomes(&booking, "refunded").await;
    assert_refunded(&office, &payment).await;
    let ledger = provider.ledger().await.expect("a ledger");
    assert_eq!(ledger.intent(&payment).expect("a payment").refunded, 10_000);
    buyer.cancel(&booking).await.expect(200);

    // The seats and the places of the buyer are free again.
    buyer.buy(&event, json!({ "seats": ["A-1-1", "A-1-2", "A-1-3", "A-1-4"] })).await;
}

#[tokio::test]
async fn a_provider_in_trouble_delays_the_refund_and_nothing_goes_back_twice() {
    let office = BoxOffice::open();
    let kinds = [
        FaultKind::TimeoutAfter,
        FaultKind::CutAfter,
        FaultKind::Conflict,
        FaultKind::RateLimited,
        FaultKind::ErrorSaved,
        FaultKind::ErrorApplied,
    ];
    join_all(kinds.map(|kind| {
        let office = office.clone();
        async move {
            let event = office.event(json!({})).await;
            let buyer = office.buyer().await;
            let (booking, payment) = buyer.buy(&event, json!({ "seats": ["A-1-1"] })).await;
            let calls = vec![
                CallFault::new(Operation::Refund, kind).about(&payment).times(1),
                CallFault::new(Operation::Cancel, kind).about(&payment).times(1),
            ];
            let faults = Faults { calls, ..Faults::default() };
            office.provider().add_faults(&faults).await.expect("are set");
            buyer.cancel(&booking).await.expect(200);
            assert_refunded(&office, &payment).await;
            assert_eq!(office.counts(&event).await, [60, 0, 0]);
        }
    }))
    .await;
}

/// The provider refunds by itself, as when staff do it in its dashboard.
#[tokio::test]
async fn a_refund_made_elsewhere_frees_the_seats() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let (booking, payment) = buyer.buy(&event, json!({ "seats": ["A-1-1"] })).await;
    let provider = office.provider();
    eventually("the money is taken", async || {
        let ledger = provider.ledger().await.expect("a ledger");
        (ledger.intent(&payment).expect("a payment").captured == 5_000).then_some(())
    })
    .await;
    let request = reqwest::Client::new()
        .post(format!("{}/v1/refunds", office.provider_url()))
        .bearer_auth(&office.system().secrets.provider_key)
        .header("idempotency-key", format!("by hand {payment}"))
        .body(format!("payment_intent={payment}"));
    assert!(request.send().await.expect("an answer").status().is_success());
    buyer.becomes(&booking, "refunded").await;
    eventually("the seat is free", async || {
        (office.counts(&event).await == [60, 0, 0]).then_some(())
    })
    .await;
}

#[tokio::test]
async fn who_may_cancel_what() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let (buyer, stranger) = (office.buyer().await, office.buyer().await);
    let (booking, payment) = buyer.buy(&event, json!({ "seats": ["A-1-1"] })).await;
    let path = format!("/api/v1/bookings/{booking}/cancel");
    let nobody = office.request(reqwest::Method::POST, &path).send().await;
    nobody.expect_problem(401, "unauthenticated");
    stranger.cancel(&booking).await.expect_problem(404, "booking_not_found");
    stranger.cancel("bk_x").await.expect_problem(404, "booking_not_found");
    assert_eq!(buyer.status_of(&booking).await, "confirmed");
    office.organiser().cancel(&booking).await.expect(200);
    assert_refunded(&office, &payment).await;

    // What is only held is released; what is over stays as it is.
    let held = buyer.hold(&event, json!({ "seats": ["A-1-2"] })).await;
    let released = buyer.cancel(id(&held)).await.expect(200);
    assert_eq!(released["status"], "released");
    assert_eq!(office.counts(&event).await, [60, 0, 0]);
    buyer.cancel(id(&held)).await.expect_problem(409, "already_released");
}

#[tokio::test]
async fn once_the_event_has_started_only_the_organiser_may_cancel() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let (booking, payment) = buyer.buy(&event, json!({ "seats": ["A-1-1"] })).await;
    // The event is brought forward: it has begun, and lasts until 2037.
    let change = json!({ "starts_at": "2026-01-01T19:00:00Z" });
    office.organiser().change(&event, change).await.expect(200);
    buyer.cancel(&booking).await.expect_problem(403, "forbidden");
    assert_eq!(buyer.status_of(&booking).await, "confirmed");
    office.organiser().cancel(&booking).await.expect(200);
    assert_refunded(&office, &payment).await;
}

#[tokio::test]
async fn a_cancelled_event_refunds_everyone_and_sells_nothing_more() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let bought = join_all((1..=4).map(|number| {
        let (office, event) = (office.clone(), event.clone());
        async move {
            let buyer = office.buyer().await;
            let seat = format!("A-1-{number}");
            let (booking, payment) = buyer.buy(&event, json!({ "seats": [seat] })).await;
            (buyer, booking, payment)
        }
    }))
    .await;
    let (holder, payer) = (office.buyer().await, office.buyer().await);
    let held = holder.hold(&event, json!({ "section": "FLOOR", "quantity": 2 })).await;
    let being_paid = payer.hold(&event, json!({ "seats": ["A-2-1"] })).await;
    let open = payer.payment(id(&being_paid)).await;

    let path = format!("/api/v1/events/{event}");
    let request = office.request(reqwest::Method::DELETE, &path);
    request.send().await.expect_problem(401, "unauthenticated");
    let request = holder.request(reqwest::Method::DELETE, &path);
    request.send().await.expect_problem(403, "forbidden");
    for _ in 0..2 {
        let cancelled = office.organiser().cancel_event(&event).await.expect(200);
        assert_eq!(cancelled["status"], "cancelled");
    }
    let refused = holder.reserve(&event, json!({ "seats": ["A-3-1"] })).await;
    refused.expect_problem(409, "event_not_on_sale");
    for (buyer, booking, payment) in &bought {
        buyer.becomes(booking, "refunded").await;
        assert_refunded(&office, payment).await;
    }
    holder.becomes(id(&held), "released").await;
    // Whoever pays now gets the money back.
    let _ = office.provider().pay(&open).await;
    assert_refunded(&office, &open).await;
    assert_eq!(office.inside().sold_tickets(&event).await, 0);
    let unknown = "0192f0c1-2a3b-7c4d-8e5f-60718293a4b5";
    office.organiser().cancel_event(unknown).await.expect_problem(404, "event_not_found");
}
