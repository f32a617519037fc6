//! Money: a payment confirms its booking once, and nothing else does.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{BoxOffice, Payment, eventually, now_s, sign};

fn id(booking: &Value) -> &str {
    booking["booking_id"].as_str().expect("an id")
}

#[tokio::test]
async fn a_payment_that_is_taken_or_authorised_confirms_its_booking() {
    let office = BoxOffice::open();
    for kind in ["payment_intent.succeeded", "payment_intent.amount_capturable_updated"] {
        let event = office.event(json!({})).await;
        let buyer = office.buyer().await;
        let held = buyer.hold(&event, json!({ "seats": ["A-1-1", "A-1-2"] })).await;
        // Begun here: an authorisation of others is not ours to take.
        let payment_id = buyer.payment(id(&held)).await;
        let payment = Payment { kind, payment_id, ..Payment::of(&held) };
        office.deliver(&payment).await.expect(200);
        assert_eq!(buyer.status_of(id(&held)).await, "confirmed", "{kind}");
        assert_eq!(office.counts(&event).await, [58, 0, 2]);
        assert_eq!(office.inside().sold_tickets(&event).await, 2);
        assert_eq!(office.inside().provider_events(&payment.event_id).await, 1);
        // Another event of the same payment, as the provider sends on capture.
        office.deliver(&payment.told_again("payment_intent.succeeded")).await.expect(200);
        assert_eq!(office.counts(&event).await, [58, 0, 2]);
    }
}

#[tokio::test]
async fn a_payment_delivered_twenty_times_at_once_has_one_effect() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let held = buyer.hold(&event, json!({ "section": "FLOOR", "quantity": 3 })).await;
    let payment = Payment::of(&held);
    let answers = join_all((0..20).map(|_| office.deliver(&payment))).await;
    // A delivery that meets another one half-way may be asked to come again.
    assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 503)), "{answers:?}");
    assert!(answers.iter().any(|answer| answer.status == 200));
    office.deliver(&payment).await.expect(200);
    assert_eq!(buyer.status_of(id(&held)).await, "confirmed");
    assert_eq!(office.counts(&event).await, [57, 0, 3]);
    assert_eq!(office.inside().sold_tickets(&event).await, 3);
    assert_eq!(office.inside().provider_events(&payment.event_id).await, 1);
}

/// Whatever is wrong with the signature: 400, nothing is recorded, and the booking stays as it is.
#[tokio::test]
async fn a_webhook_that_is_not_signed_now_by_the_provider_changes_nothing() {
    let office = BoxOffice::open();
    let secret = office.system().secrets.stripe_webhook_secret.as_str();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let held = buyer.hold(&event, json!({ "seats": ["A-1-1"] })).await;
    let payment = Payment::of(&held);
    let body = payment.body();
    let now = now_s();
    let good = sign(secret, &body, now);
    let mac = good.split_once("v1=").expect("a signature").1.to_owned();
    let signatures = [
        ("none", None),
        ("empty", Some(String::new())),
        ("words", Some("let me in".to_owned())),
        ("another secret", Some(sign("whsec_another_secret_of_some_length", &body, now))),
        ("empty secret", Some(sign("", &body, now))),
        ("another body", Some(sign(secret, b"{}", now))),
        ("stale", Some(sign(secret, &body, now - 310))),
        ("future", Some(sign(secret, &body, now + 320))),
        ("no t", Some(format!("v1={mac}"))),
        ("t is no number", Some(format!("t=now,v1={mac}"))),
        ("t is empty", Some(format!("t=,v1={mac}"))),
        ("t is negative", Some(format!("t=-{now},v1={mac}"))),
        ("t with a sign", Some(format!("t=+{now},v1={mac}"))),
        ("t twice", Some(format!("t={now},t={now},v1={mac}"))),
        ("two different t", Some(format!("t={},{good}", now - 1))),
        ("no v1", Some(format!("t={now}"))),
        ("only v0", Some(format!("t={now},v0={mac}"))),
        ("v1 is empty", Some(format!("t={now},v1="))),
        ("v1 cut short", Some(format!("t={now},v1={}", &mac[..62]))),
        ("v1 altered", Some(format!("t={now},v1={}0", &mac[..63]).replace("00", "01"))),
        ("v1 in upper case", Some(format!("t={now},v1={}", mac.to_uppercase()))),
        ("t changed", Some(format!("t={},v1={mac}", now - 1))),
    ];
    for (name, signature) in &signatures {
        // One in 16 of the altered ones is the same as before.
        if signature.as_deref() == Some(good.as_str()) {
            continue;
        }
        let answer = office.webhook(body.clone(), signature.as_deref()).await;
        assert_eq!(answer.status, 400, "{name}: {answer}");
        answer.expect_problem(400, "invalid_signature");
    }
    let mut changed = body.clone();
    changed.push(b' ');
    let answer = office.webhook(changed, Some(&good)).await;
    answer.expect_problem(400, "invalid_signature");
    let twice = office
        .request(reqwest::Method::POST, "/webhooks/stripe")
        .header("stripe-signature", &good)
        .header("stripe-signature", &good)
        .body("application/json", body.clone());
    twice.send().await.expect_problem(400, "invalid_signature");

    assert_eq!(office.inside().provider_events(&payment.event_id).await, 0);
    assert_eq!(buyer.status_of(id(&held)).await, "reserved");
    assert_eq!(office.counts(&event).await, [59, 1, 0]);
    office.webhook(body, Some(&good)).await.expect(200);
    assert_eq!(buyer.status_of(id(&held)).await, "confirmed", "the same with its own signature");
}

/// While secrets are rolled the provider signs with both.
#[tokio::test]
async fn one_good_signature_among_several_is_enough() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let held = buyer.hold(&event, json!({ "seats": ["A-1-1"] })).await;
    let body = Payment::of(&held).body();
    let good = sign(&office.system().secrets.stripe_webhook_secret, &body, now_s());
    let (time, mac) = good.split_once(',').expect("t and v1");
    let signature = format!("{time},v1={},v0=abc,{mac}", "0".repeat(64));
    office.webhook(body, Some(&signature)).await.expect(200);
    assert_eq!(buyer.status_of(id(&held)).await, "confirmed");
}

/// A signed event of a wrong payment is taken, so that the provider does not send it for days, and
/// confirms nothing; the right one still does.
#[tokio::test]
async fn a_payment_of_another_amount_currency_or_mode_never_confirms() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let held = buyer.hold(&event, json!({ "seats": ["A-1-1"] })).await;
    let right = Payment::of(&held);
    let wrong = [
        Payment { amount: 4_999, ..Payment::of(&held) },
        Payment { amount: 5_001, ..Payment::of(&held) },
        Payment { amount: 0, ..Payment::of(&held) },
        Payment { amount: -5_000, ..Payment::of(&held) },
        Payment { currency: "usd".to_owned(), ..Payment::of(&held) },
        Payment { currency: String::new(), ..Payment::of(&held) },
        Payment { livemode: true, ..Payment::of(&held) },
    ];
    for payment in &wrong {
        office.deliver(payment).await.expect(200);
        assert_eq!(office.counts(&event).await, [59, 1, 0], "{payment:?}");
    }
    office.tick().await;
    assert_eq!(buyer.status_of(id(&held)).await, "reserved");
    assert_eq!(office.inside().sold_tickets(&event).await, 0);
    office.deliver(&right).await.expect(200);
    assert_eq!(buyer.status_of(id(&held)).await, "confirmed");
}

#[tokio::test]
async fn other_events_of_the_provider_are_taken_and_confirm_nothing() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let held = buyer.hold(&event, json!({ "seats": ["A-1-1"] })).await;
    for kind in [
        "payment_intent.created",
        "payment_intent.processing",
        "payment_intent.payment_failed",
        "payment_intent.canceled",
        "customer.created",
        "a type of the year 2040",
    ] {
        let payment = Payment { kind, ..Payment::of(&held) };
        office.deliver(&payment).await.expect(200);
    }
    assert_eq!(buyer.status_of(id(&held)).await, "reserved");
    for booking_id in [
        Value::Null,
        json!(""),
        json!("bk_x"),
        json!("}{"),
        json!(format!("bk_{}", "0".repeat(52))),
        json!("'; DROP TABLE boxoffice.tickets; --"),
    ] {
        let payment = Payment { booking_id, ..Payment::of(&held) };
        let answer = office.deliver(&payment).await;
        assert_eq!(answer.status, 200, "{payment:?}: {answer}");
    }
}

#[tokio::test]
async fn a_signed_body_that_is_no_event_is_refused() {
    let office = BoxOffice::open();
    let secret = &office.system().secrets.stripe_webhook_secret;
    for body in [&b""[..], b"{", b"[]", b"null", b"{}", br#"{"id":1,"type":2}"#, b"\xff\xfe"] {
        let signature = sign(secret, body, now_s());
        let answer = office.webhook(body.to_vec(), Some(&signature)).await;
        assert!((400..500).contains(&answer.status), "{answer}");
    }
}

#[tokio::test]
async fn a_late_payment_takes_the_seats_again_if_they_are_free() {
    let office = BoxOffice::open();
    let event = office.event(json!({ "sale": { "hold_ttl_s": 1 } })).await;
    let [late, too_late, other] =
        [office.buyer().await, office.buyer().await, office.buyer().await];
    let free = late.hold(&event, json!({ "seats": ["A-1-1"] })).await;
    let taken = too_late.hold(&event, json!({ "seats": ["A-1-2"] })).await;
    eventually("both holds expire", async || {
        (office.counts(&event).await == [60, 0, 0]).then_some(())
    })
    .await;
    let bought = other.hold(&event, json!({ "seats": ["A-1-2"] })).await;
    office.organiser().confirm(id(&bought)).await.expect(200);
    office.deliver(&Payment::of(&free)).await.expect(200);
    office.deliver(&Payment::of(&taken)).await.expect(200);
    assert_eq!(late.status_of(id(&free)).await, "confirmed");
    assert_eq!(too_late.status_of(id(&taken)).await, "expired");
    assert_eq!(other.status_of(id(&bought)).await, "confirmed");
    assert_eq!(office.counts(&event).await, [58, 0, 2]);
    assert_eq!(office.inside().sold_tickets(&event).await, 2);
}

#[tokio::test]
async fn a_payment_of_a_released_booking_sells_nothing() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let held = buyer.hold(&event, json!({ "seats": ["A-1-1"] })).await;
    buyer.release(id(&held)).await.expect(200);
    office.deliver(&Payment::of(&held)).await.expect(200);
    assert_eq!(buyer.status_of(id(&held)).await, "released");
    assert_eq!(office.counts(&event).await, [60, 0, 0]);
    assert_eq!(office.inside().sold_tickets(&event).await, 0);
}

/// Payment, release and the organiser's confirmation at the same moment: whoever wins, the booking
/// ends in one state and the counts agree with it.
#[tokio::test]
async fn a_payment_and_a_release_at_once_end_in_one_state() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    for _ in 0..8 {
        let buyer = office.buyer().await;
        let held = buyer.hold(&event, json!({ "section": "FLOOR", "quantity": 1 })).await;
        let [_, _, sold_before] = office.counts(&event).await;
        let payment = Payment::of(&held);
        let (paid, released) = tokio::join!(office.deliver(&payment), buyer.release(id(&held)));
        assert!(matches!(paid.status, 200 | 503), "{paid}");
        assert!(matches!(released.status, 200 | 409 | 503), "{released}");
        let status = eventually("the booking is resolved", async || {
            office.deliver(&payment).await;
            let status = buyer.status_of(id(&held)).await;
            (status != "reserved").then_some(status)
        })
        .await;
        let sold = i64::from(status == "confirmed");
        assert_eq!(released.status == 200, status == "released", "{released}");
        let [_, held_now, sold_after] = office.counts(&event).await;
        assert_eq!((held_now, sold_after - sold_before), (0, sold), "{status}");
    }
}

/// The provider signs for every intent of its account, whoever began it.
#[tokio::test]
async fn an_authorisation_that_was_not_begun_here_confirms_nothing_and_is_not_captured() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let held = buyer.hold(&event, json!({ "seats": ["A-1-1"] })).await;
    let kind = "payment_intent.amount_capturable_updated";
    for begun_before in [false, true] {
        if begun_before {
            buyer.payment(id(&held)).await;
        }
        let foreign = Payment { kind, ..Payment::of(&held) };
        office.deliver(&foreign).await.expect(200);
        office.deliver(&foreign).await.expect(200);
        assert_eq!(buyer.status_of(id(&held)).await, "reserved");
        let saga = format!("payment:{}", foreign.payment_id);
        for status in ["running", "dead", "done"] {
            assert_eq!(office.organiser().saga(&saga, status).await, None, "{status}");
        }
    }
    let log = std::fs::read_to_string(office.log()).expect("a log");
    assert!(log.lines().any(|line| line.contains("foreign_payment")), "the operator is told");
    let metrics = office.get("/metrics").await;
    let metrics = String::from_utf8_lossy(&metrics.body).into_owned();
    assert!(metrics.contains("an authorisation that was not begun here"), "{metrics}");
}
