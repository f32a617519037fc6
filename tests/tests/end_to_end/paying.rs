//! Payments through the provider: what it takes, what it gives back, and everything that can go
//! wrong on the way. Faults are set about single bookings, so these tests do not meet each other.

use fake_provider::{CallFault, FaultKind, Faults, LedgerIntent, Operation, WebhookFaults};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{BoxOffice, Buyer, eventually};

fn id(booking: &Value) -> &str {
    booking["booking_id"].as_str().expect("an id")
}

async fn held(office: &BoxOffice) -> (Buyer, String, String) {
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let held = buyer.hold(&event, json!({ "seats": ["A-1-1"] })).await;
    (buyer, event, id(&held).to_owned())
}

/// The payment once the provider's ledger is as expected.
async fn when_settled(
    office: &BoxOffice,
    payment: &str,
    what: &str,
    is_so: impl Fn(&LedgerIntent) -> bool,
) -> LedgerIntent {
    let provider = office.provider();
    eventually(&format!("{payment} is {what}"), async || {
        let ledger = provider.ledger().await.expect("a ledger");
        let intent = ledger.intent(payment).expect("a payment").clone();
        is_so(&intent).then_some(intent)
    })
    .await
}

async fn when_captured(office: &BoxOffice, payment: &str) -> LedgerIntent {
    let intent = when_settled(office, payment, "captured", |it| it.captured == it.amount).await;
    assert_eq!((intent.captures, intent.refunds), (1, 0), "{intent:?}");
    intent
}

async fn when_canceled(office: &BoxOffice, payment: &str) {
    let intent = when_settled(office, payment, "canceled", |it| it.canceled).await;
    assert_eq!((intent.captured, intent.refunded), (0, 0), "{intent:?}");
}

async fn when_refunded(office: &BoxOffice, payment: &str) {
    let is_refunded = |it: &LedgerIntent| it.captured > 0 && it.refunded == it.captured;
    let intent = when_settled(office, payment, "refunded", is_refunded).await;
    assert_eq!((intent.captures, intent.refunds), (1, 1), "{intent:?}");
}

async fn add_call_faults(office: &BoxOffice, calls: Vec<CallFault>) {
    let faults = Faults { calls, ..Faults::default() };
    office.provider().add_faults(&faults).await.expect("are set");
}

async fn add_webhook_faults(office: &BoxOffice, about: &str, faults: WebhookFaults) {
    let faults =
        Faults { webhooks_about: [(about.to_owned(), faults)].into(), ..Faults::default() };
    office.provider().add_faults(&faults).await.expect("are set");
}

#[tokio::test]
async fn a_payment_confirms_its_booking_and_is_then_taken() {
    let office = BoxOffice::open();
    let (buyer, event, booking) = held(&office).await;
    let begun = buyer.begin_payment(&booking).await.expect(201);
    assert_eq!((&begun["amount"], &begun["currency"]), (&json!(5_000), &json!("EUR")));
    let payment = begun["payment_id"].as_str().expect("an id").to_owned();
    assert!(begun["client_secret"].as_str().is_some_and(|secret| secret.len() > 10));
    // Any number of times, with a key of ours or without: the same payment.
    let keyed = buyer.begin_payment_request(&booking).key("pay").send().await;
    assert_eq!(keyed.expect(201), begun);
    let replayed = buyer.begin_payment_request(&booking).key("pay").send().await;
    assert_eq!((replayed.expect(201), replayed.is_replayed()), (begun.clone(), true));
    assert_eq!(buyer.begin_payment(&booking).await.expect(201), begun);
    assert_eq!(buyer.status_of(&booking).await, "reserved");

    office.provider().pay(&payment).await.expect("pays");
    buyer.becomes(&booking, "confirmed").await;
    let intent = when_captured(&office, &payment).await;
    assert_eq!(intent.booking_id.as_deref(), Some(booking.as_str()));
    assert_eq!(office.counts(&event).await, [59, 0, 1]);
    assert_eq!(office.inside().sold_tickets(&event).await, 1);
    let ledger = office.provider().ledger().await.expect("a ledger");
    assert_eq!(ledger.of_booking(&booking).count(), 1);
    assert_eq!(ledger.posts_without_key, 0);
    buyer.begin_payment(&booking).await.expect_problem(409, "already_confirmed");
}

#[tokio::test]
async fn a_card_that_is_refused_can_be_followed_by_another() {
    let office = BoxOffice::open();
    let (buyer, _, booking) = held(&office).await;
    let payment = buyer.payment(&booking).await;
    let provider = office.provider();
    provider.fail(&payment).await.expect("fails");
    provider.process(&payment).await.expect("is processed");
    provider.fail(&payment).await.expect("fails");
    office.tick().await;
    assert_eq!(buyer.status_of(&booking).await, "reserved");
    assert_eq!(buyer.payment(&booking).await, payment);
    provider.pay(&payment).await.expect("pays");
    buyer.becomes(&booking, "confirmed").await;
    when_captured(&office, &payment).await;
}

/// The second payment is one that the first tab could not know of, and both are paid at once.
#[tokio::test]
async fn of_two_payments_of_a_booking_only_the_one_that_was_begun_here_is_taken() {
    let office = BoxOffice::open();
    let (buyer, event, booking) = held(&office).await;
    let first = buyer.payment(&booking).await;
    let second = other_payment(&office, &booking, "5000", "eur", "manual").await;
    let provider = office.provider();
    let (one, two) = tokio::join!(provider.pay(&first), provider.pay(&second));
    one.and(two).expect("both are authorised");
    buyer.becomes(&booking, "confirmed").await;
    let kept = when_captured(&office, &first).await;
    assert_eq!((kept.captures, kept.refunds), (1, 0));
    let ledger = provider.ledger().await.expect("a ledger");
    let foreign = ledger.intent(&second).expect("a payment");
    assert_eq!((foreign.authorised, foreign.captures, foreign.canceled), (5_000, 0, false));
    assert_eq!(office.counts(&event).await, [59, 0, 1]);
}

/// Made at the provider without us, as by an operator in its dashboard.
async fn other_payment(
    office: &BoxOffice,
    booking: &str,
    amount: &str,
    currency: &str,
    capture_method: &str,
) -> String {
    let form = format!(
        "amount={amount}&currency={currency}&capture_method={capture_method}\
         &metadata%5Bbooking_id%5D={booking}"
    );
    let request = reqwest::Client::new()
        .post(format!("{}/v1/payment_intents", office.provider_url()))
        .bearer_auth(&office.system().secrets.provider_key)
        .header("idempotency-key", format!("by hand {booking}"))
        .body(form);
    let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    answer["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// Whoever pays around the end of the hold has a ticket and has paid, or neither.
#[tokio::test]
async fn a_hold_that_ends_while_it_is_paid_ends_one_way_or_the_other() {
    let office = BoxOffice::open();
    let event = office.event(json!({ "sale": { "hold_ttl_s": 5, "max_per_buyer": 9 } })).await;
    // Both clocks run while it is paid: this is the race itself, so its time is not moved.
    let pay_after_ms = [4_200, 4_800, 4_950, 5_000, 5_050, 5_300, 7_000];
    join_all(pay_after_ms.map(|after_ms| {
        let (office, event) = (office.clone(), event.clone());
        async move {
            let buyer = office.buyer().await;
            let held = buyer.hold(&event, json!({ "section": "FLOOR", "quantity": 1 })).await;
            let payment = buyer.payment(id(&held)).await;
            tokio::time::sleep(std::time::Duration::from_millis(after_ms)).await;
            // Refused when the payment was given up first.
            let was_paid = office.provider().pay(&payment).await.is_ok();
            let is_settled = |it: &LedgerIntent| it.canceled || it.captured == it.amount;
            let intent = when_settled(&office, &payment, "settled", is_settled).await;
            let status = eventually("the booking is resolved", async || {
                let status = buyer.status_of(id(&held)).await;
                (status != "reserved").then_some(status)
            })
            .await;
            let has_paid = intent.captured == 3_500;
            assert_eq!(status == "confirmed", has_paid, "{after_ms}: {status} {intent:?}");
            assert!(was_paid || !has_paid, "{after_ms}: {intent:?}");
            assert_eq!(intent.refunds, 0, "{after_ms}: {intent:?}");
        }
    }))
    .await;
    let sold = office.inside().sold_tickets(&event).await;
    // The seats go free after the payment was given up, not before.
    eventually("nothing is held any more", async || {
        (office.counts(&event).await == [60 - sold, 0, sold]).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_payment_that_nobody_makes_is_given_up_before_its_seats_are_free() {
    let office = BoxOffice::open();
    // Long enough that the payment is begun in time on a busy machine.
    let event = office.event(json!({ "sale": { "hold_ttl_s": 4 } })).await;
    let buyer = office.buyer().await;
    let held = buyer.hold(&event, json!({ "seats": ["A-1-1"] })).await;
    let payment = buyer.payment(id(&held)).await;
    eventually("the payment is given up", async || {
        let counts = office.counts(&event).await;
        let ledger = office.provider().ledger().await.expect("a ledger");
        let is_given_up = ledger.intent(&payment).expect("a payment").canceled;
        assert!(is_given_up || counts == [59, 1, 0], "the seats are free before: {counts:?}");
        is_given_up.then_some(())
    })
    .await;
    // They are kept for a payment for some seconds at a time.
    eventually("the seats are free", async || {
        (office.counts(&event).await == [60, 0, 0]).then_some(())
    })
    .await;
    assert!(office.provider().pay(&payment).await.is_err());
    buyer.begin_payment(id(&held)).await.expect_problem(409, "booking_expired");
}

/// Each thing that can go wrong when a payment is begun: an answer in time, and the next try gets
/// through, to one payment.
#[tokio::test]
async fn a_provider_in_trouble_delays_the_beginning_of_a_payment() {
    let office = BoxOffice::open();
    let kinds = [
        FaultKind::TimeoutBefore,
        FaultKind::TimeoutAfter,
        FaultKind::CutBefore,
        FaultKind::CutAfter,
        FaultKind::Slow,
        FaultKind::Conflict,
        FaultKind::RateLimited,
        FaultKind::Unavailable,
        FaultKind::ErrorSaved,
        FaultKind::ErrorApplied,
        FaultKind::WrongAmount,
        FaultKind::OtherCurrency,
        FaultKind::OtherMode,
    ];
    join_all(kinds.map(|kind| {
        let office = office.clone();
        async move {
            let (buyer, _, booking) = held(&office).await;
            let fault = CallFault::new(Operation::Create, kind).about(&booking).times(1);
            add_call_faults(&office, vec![fault]).await;
            let begun = std::time::Instant::now();
            let first = buyer.begin_payment_request(&booking).key("k").send().await;
            assert!(begun.elapsed().as_secs() < 7, "{kind:?}: {:?}", begun.elapsed());
            if kind == FaultKind::OtherMode {
                // Our key is of the other mode: that does not pass.
                first.expect_problem(409, "payment_refused");
                return;
            }
            if first.status != 201 {
                first.expect_problem(503, "unavailable");
            }
            if matches!(kind, FaultKind::WrongAmount | FaultKind::OtherCurrency) {
                // The buyer is not told how to pay for it, and nobody can.
                assert_eq!(first.status, 503, "{kind:?}: {first}");
                return;
            }
            // A failed attempt does not burn the key.
            let payment = eventually("a payment is begun", async || {
                let answer = buyer.begin_payment_request(&booking).key("k").send().await;
                (answer.status == 201).then(|| answer.json()["payment_id"].clone())
            })
            .await;
            let payment = payment.as_str().expect("an id");
            office.provider().pay(payment).await.expect("pays");
            buyer.becomes(&booking, "confirmed").await;
            when_captured(&office, payment).await;
            let ledger = office.provider().ledger().await.expect("a ledger");
            // Made twice only where the provider failed after it had made the first.
            let made = if kind == FaultKind::ErrorApplied { 2 } else { 1 };
            assert_eq!(ledger.of_booking(&booking).count(), made, "{kind:?}");
        }
    }))
    .await;
}

/// The same for taking the money: the ticket does not wait for it, and it is taken once.
#[tokio::test]
async fn a_provider_in_trouble_delays_the_capture_and_nothing_is_taken_twice() {
    let office = BoxOffice::open();
    let kinds = [
        FaultKind::TimeoutBefore,
        FaultKind::TimeoutAfter,
        FaultKind::CutAfter,
        FaultKind::Slow,
        FaultKind::Conflict,
        FaultKind::RateLimited,
        FaultKind::ErrorSaved,
        FaultKind::ErrorApplied,
    ];
    join_all(kinds.map(|kind| {
        let office = office.clone();
        async move {
            let (buyer, _, booking) = held(&office).await;
            let payment = buyer.payment(&booking).await;
            let fault = CallFault::new(Operation::Capture, kind).about(&booking).times(1);
            add_call_faults(&office, vec![fault]).await;
            office.provider().pay(&payment).await.expect("pays");
            buyer.becomes(&booking, "confirmed").await;
            when_captured(&office, &payment).await;
        }
    }))
    .await;
}

#[tokio::test]
async fn a_message_that_was_lost_is_made_up_for_by_asking() {
    let office = BoxOffice::open();
    let (buyer, event, booking) = held(&office).await;
    let lost = WebhookFaults { lost: 1.0, ..WebhookFaults::default() };
    add_webhook_faults(&office, &booking, lost).await;
    let payment = buyer.payment(&booking).await;
    office.provider().pay(&payment).await.expect("pays");
    buyer.becomes(&booking, "confirmed").await;
    when_captured(&office, &payment).await;
    assert_eq!(office.counts(&event).await, [59, 0, 1]);
    let ledger = office.provider().ledger().await.expect("a ledger");
    let of_payment = ledger.events.iter().filter(|event| event.payment_id == payment);
    assert!(of_payment.clone().count() >= 3 && of_payment.clone().all(|event| event.lost));
}

/// Staff give the money back in the provider's own pages, long after everything was done.
#[tokio::test]
async fn a_refund_of_which_no_message_arrives_is_found() {
    let office = BoxOffice::open();
    let (buyer, event, booking) = held(&office).await;
    let payment = buyer.payment(&booking).await;
    office.provider().pay(&payment).await.expect("pays");
    when_captured(&office, &payment).await;
    let is_done = async || office.inside().is_done(&payment).await.then_some(());
    eventually("nobody looks at the payment again", is_done).await;
    let lost = WebhookFaults { lost: 1.0, ..WebhookFaults::default() };
    add_webhook_faults(&office, &booking, lost).await;
    refund_by_hand(&office, &payment).await;
    eventually("the booking is refunded", async || {
        office.inside().hurry_missed_events().await;
        (buyer.status_of(&booking).await == "refunded").then_some(())
    })
    .await;
    eventually("the seat is free", async || {
        (office.counts(&event).await == [60, 0, 0]).then_some(())
    })
    .await;
    assert_eq!(office.inside().sold_tickets(&event).await, 0);
    when_refunded(&office, &payment).await;
}

async fn refund_by_hand(office: &BoxOffice, payment: &str) {
    let request = reqwest::Client::new()
        .post(format!("{}/v1/refunds", office.provider_url()))
        .bearer_auth(&office.system().secrets.provider_key)
        .header("idempotency-key", format!("by hand {payment}"))
        .body(format!("payment_intent={payment}"));
    let answer = request.send().await.expect("an answer");
    assert!(answer.status().is_success(), "{answer:?}");
}

#[tokio::test]
async fn messages_many_times_in_any_order_have_one_effect() {
    let office = BoxOffice::open();
    join_all((0..4).map(|_| async {
        let (buyer, event, booking) = held(&office).await;
        let wild =
            WebhookFaults { doubled: 1.0, copies: 8, delay_ms: 600, ..WebhookFaults::default() };
        add_webhook_faults(&office, &booking, wild).await;
        let payment = buyer.payment(&booking).await;
        office.provider().fail(&payment).await.expect("fails");
        office.provider().pay(&payment).await.expect("pays");
        buyer.becomes(&booking, "confirmed").await;
        when_captured(&office, &payment).await;
        office.provider().deliver_all(&payment, 10).await.expect("are delivered");
        eventually("everything is accepted", async || {
            let ledger = office.provider().ledger().await.expect("a ledger");
            let mut events = ledger.events.iter().filter(|event| event.payment_id == payment);
            events.all(|event| event.accepted >= 18).then_some(())
        })
        .await;
        when_captured(&office, &payment).await;
        assert_eq!(buyer.status_of(&booking).await, "confirmed");
        assert_eq!(office.counts(&event).await, [59, 0, 1]);
        assert_eq!(office.inside().sold_tickets(&event).await, 1);
    }))
    .await;
}

/// Before the call that causes it is answered, the message is there.
#[tokio::test]
async fn a_message_may_come_before_the_answer() {
    let office = BoxOffice::open();
    let (buyer, _, booking) = held(&office).await;
    let early = WebhookFaults { before_answer: 1.0, ..WebhookFaults::default() };
    add_webhook_faults(&office, &booking, early).await;
    let payment = buyer.payment(&booking).await;
    office.provider().pay(&payment).await.expect("pays");
    buyer.becomes(&booking, "confirmed").await;
    when_captured(&office, &payment).await;
}

/// Changed at the provider after it was begun: what is paid is not what is owed.
#[tokio::test]
async fn a_payment_that_was_changed_confirms_nothing_and_goes_back() {
    let office = BoxOffice::open();
    let (other_buyer, _, other_booking) = held(&office).await;
    for change in [
        json!({ "amount": 4_999 }),
        json!({ "amount": 5_001 }),
        json!({ "currency": "usd" }),
        json!({ "booking_id": other_booking }),
        json!({ "amount": 1, "manual_capture": false }),
    ] {
        let (buyer, event, booking) = held(&office).await;
        let payment = buyer.payment(&booking).await;
        office.provider().change(&payment, &change).await.expect("is changed");
        office.provider().pay(&payment).await.expect("pays");
        if change["manual_capture"] == false {
            when_refunded(&office, &payment).await;
        } else {
            when_canceled(&office, &payment).await;
        }
        assert_eq!(buyer.status_of(&booking).await, "reserved", "{change}");
        assert_eq!(office.counts(&event).await, [59, 1, 0], "{change}");
        // The next payment is another one, and it confirms.
        let right = buyer.payment(&booking).await;
        office.provider().pay(&right).await.expect("pays");
        buyer.becomes(&booking, "confirmed").await;
    }
    assert_eq!(other_buyer.status_of(&other_booking).await, "reserved");
    let payment = other_buyer.payment(&other_booking).await;
    office.provider().pay(&payment).await.expect("pays");
    other_buyer.becomes(&other_booking, "confirmed").await;
}

/// Late is allowed, but not later than the event itself.
#[tokio::test]
async fn a_payment_that_outlives_its_event_takes_no_money() {
    let office = BoxOffice::open();
    let (buyer, event, booking) = held(&office).await;
    let other = buyer.hold(&event, json!({ "seats": ["A-1-2"] })).await;
    let payment = buyer.payment(&booking).await;
    let past = json!({ "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2020-01-01T01:00:00Z",
        "on_sale_at": "2019-01-01T00:00:00Z" });
    office.organiser().change(&event, past).await.expect(200);
    office.provider().pay(&payment).await.expect("pays");
    when_canceled(&office, &payment).await;
    buyer.becomes(&booking, "expired").await;
    buyer.begin_payment(id(&other)).await.expect_problem(409, "event_not_on_sale");
    assert_eq!(office.counts(&event).await, [59, 1, 0]);
}

/// The seats are sold to somebody else meanwhile, so a payment that was taken at once goes back.
#[tokio::test]
async fn money_that_was_taken_for_seats_that_are_gone_is_given_back() {
    let office = BoxOffice::open();
    let event = office.event(json!({ "sale": { "hold_ttl_s": 4 } })).await;
    let (late, other) = (office.buyer().await, office.buyer().await);
    let held = late.hold(&event, json!({ "seats": ["A-1-1"] })).await;
    eventually("the hold ends", async || (office.counts(&event).await == [60, 0, 0]).then_some(()))
        .await;
    other.buy(&event, json!({ "seats": ["A-1-1"] })).await;
    let payment = other_payment(&office, id(&held), "5000", "eur", "automatic").await;
    office.provider().pay(&payment).await.expect("pays");
    when_refunded(&office, &payment).await;
    assert_eq!(late.status_of(id(&held)).await, "expired");
    assert_eq!(office.counts(&event).await, [59, 0, 1]);
}

#[tokio::test]
async fn an_authorisation_that_lapses_takes_its_ticket_with_it() {
    let office = BoxOffice::open();
    let (buyer, event, booking) = held(&office).await;
    let lapse = CallFault::new(Operation::Capture, FaultKind::CanceledFirst);
    add_call_faults(&office, vec![lapse.about(&booking)]).await;
    let payment = buyer.payment(&booking).await;
    office.provider().pay(&payment).await.expect("pays");
    when_canceled(&office, &payment).await;
    buyer.becomes(&booking, "cancelled").await;
    eventually("the seat is free", async || {
        (office.counts(&event).await == [60, 0, 0]).then_some(())
    })
    .await;
    assert_eq!(office.inside().sold_tickets(&event).await, 0);
}

#[tokio::test]
async fn only_the_owner_of_a_hold_that_costs_something_can_begin_to_pay() {
    let office = BoxOffice::open();
    let (buyer, _, booking) = held(&office).await;
    let path = format!("/api/v1/bookings/{booking}/payment");
    let post = reqwest::Method::POST;
    let nobody = office.request(post.clone(), &path).send().await;
    nobody.expect_problem(401, "unauthenticated");
    let organiser = office.organiser().request(post.clone(), &path).send().await;
    organiser.expect_problem(403, "forbidden");
    let stranger = office.buyer().await;
    stranger.begin_payment(&booking).await.expect_problem(404, "booking_not_found");
    for unknown in ["bk_x", &format!("bk_{}", "0".repeat(52)), "%7B%7D"] {
        let answer = buyer.begin_payment(unknown).await;
        assert_eq!(answer.status, 404, "{answer}");
    }
    let before = office.provider().ledger().await.expect("a ledger");
    assert_eq!(before.of_booking(&booking).count(), 0, "nobody has asked the provider");

    buyer.release(&booking).await.expect(200);
    buyer.begin_payment(&booking).await.expect_problem(409, "already_released");
    let sections =
        json!([{ "name": "A", "kind": "seated", "rows": 1, "seats_per_row": 2, "price": 0 }]);
    let free = office.event(json!({ "sections": sections })).await;
    let held = buyer.hold(&free, json!({ "seats": ["A-1-1"] })).await;
    buyer.begin_payment(id(&held)).await.expect_problem(422, "validation_failed");
}
