//! The life of a payment.

use provider::{CreateIntent, IntentStatus, ProviderError, RefundStatus};
use serde_json::json;

use crate::stage::{Stage, booking, client, creation};

#[tokio::test]
async fn a_payment_is_authorised_taken_and_given_back() {
    let stage = Stage::new();
    let booking = booking();
    let intent = stage.client.create_intent(&creation(booking)).await.unwrap();
    assert_eq!(intent.status, IntentStatus::RequiresPaymentMethod);
    assert_eq!((intent.amount, intent.currency.as_str(), intent.livemode), (5_000, "EUR", false));
    assert_eq!(intent.booking_id, Some(booking.to_string()));
    assert!(intent.client_secret.as_ref().is_some_and(|secret| secret.starts_with("pi_")));

    stage.controls.fail(&intent.id).await.unwrap();
    stage.controls.process(&intent.id).await.unwrap();
    let found = stage.client.find_intent(&intent.id).await.unwrap();
    assert_eq!(found.status, IntentStatus::Processing);
    stage.controls.pay(&intent.id).await.unwrap();
    let found = stage.client.find_intent(&intent.id).await.unwrap();
    assert_eq!((found.status, found.amount_received), (IntentStatus::RequiresCapture, 0));

    for _ in 0..3 {
        let taken = stage.client.capture_intent(&intent.id).await.unwrap();
        assert_eq!((taken.status, taken.amount_received), (IntentStatus::Succeeded, 5_000));
    }
    for _ in 0..3 {
        let refund = stage.client.refund_payment(&intent.id).await.unwrap();
        assert_eq!((refund.amount, refund.status), (5_000, RefundStatus::Succeeded));
    }
    let found = stage.client.find_intent(&intent.id).await.unwrap();
    assert_eq!((found.status, found.amount_refunded), (IntentStatus::Succeeded, 5_000));

    let ledger = stage.ledger().await;
    let payment = ledger.intent(&intent.id).unwrap();
    assert_eq!((payment.captured, payment.refunded), (5_000, 5_000));
    assert_eq!((payment.captures, payment.refunds), (1, 1));
    assert_eq!((ledger.totals["EUR"].captured, ledger.totals["EUR"].refunded), (5_000, 5_000));
    assert_eq!(ledger.posts_without_key, 0);
}

#[tokio::test]
async fn a_payment_moves_only_along_its_states() {
    let stage = Stage::new();
    let unexpected = Err(ProviderError::UnexpectedState);

    let unpaid = stage.create().await.id;
    assert_eq!(stage.client.capture_intent(&unpaid).await, unexpected);
    assert_eq!(stage.client.refund_payment(&unpaid).await, Err(ProviderError::UnexpectedState));

    let canceled = stage.authorised().await.id;
    assert_eq!(stage.client.refund_payment(&canceled).await, Err(ProviderError::UnexpectedState));
    let intent = stage.client.cancel_intent(&canceled).await.unwrap();
    assert_eq!(intent.status, IntentStatus::Canceled);
    assert_eq!(stage.client.capture_intent(&canceled).await, unexpected);
    assert!(stage.controls.pay(&canceled).await.is_err());

    let captured = stage.authorised().await.id;
    stage.client.capture_intent(&captured).await.unwrap();
    // Under another key it is another request, and the money is taken once all the same.
    let again = format!("/v1/payment_intents/{captured}/capture");
    let (status, _, refused) = stage.post(&again, "", "once more").await;
    assert_eq!(
        (status, &refused["error"]["code"]),
        (400, &json!("payment_intent_unexpected_state"))
    );
    assert_eq!(stage.client.cancel_intent(&captured).await, unexpected);
    let (status, _, answer) =
        stage.post("/v1/refunds", &format!("payment_intent={captured}"), "by somebody else").await;
    assert_eq!((status, answer["amount"].as_i64()), (200, Some(5_000)));
    assert_eq!(stage.client.refund_payment(&captured).await, Err(ProviderError::AlreadyRefunded));

    let ledger = stage.ledger().await;
    assert!(ledger.intents.iter().all(|intent| intent.captures <= 1 && intent.refunds <= 1));
    let kinds: Vec<_> = ledger.events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "charge.refunded").count(), 1);
    assert_eq!(kinds.iter().filter(|kind| **kind == "payment_intent.canceled").count(), 1);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let stage = Stage::new();
    for payment in ["pi_unknown", "", "../refunds", "pi_1?x=1", "pi_1/capture", "pi 1", "é"] {
        let missing = Err(ProviderError::NotFound);
        assert_eq!(stage.client.find_intent(payment).await, missing, "{payment}");
        assert_eq!(stage.client.capture_intent(payment).await, missing, "{payment}");
        assert_eq!(stage.client.cancel_intent(payment).await, missing, "{payment}");
        let refund = stage.client.refund_payment(payment).await;
        assert_eq!(refund, Err(ProviderError::NotFound), "{payment}");
    }
}

#[tokio::test]
async fn a_wrong_key_is_refused_and_a_missing_one_is_not_even_tried() {
    let stage = Stage::new();
    let intent = stage.create().await.id;
    let stranger = client(&stage.base_url(), "sk_test_of_somebody_else");
    let refused = stranger.find_intent(&intent).await.unwrap_err();
    assert!(matches!(refused, ProviderError::Refused(_)), "{refused}");
    assert!(!refused.to_string().contains("sk_test"), "{refused}");
    let malformed = client(&stage.base_url(), "sk\ntest").find_intent(&intent).await.unwrap_err();
    assert!(matches!(malformed, ProviderError::Unavailable(_)), "{malformed}");

    let before = stage.ledger().await.calls("find");
    for (base_url, key) in [(stage.base_url(), ""), (String::new(), "sk_test_0123456789")] {
        let client = client(&base_url, key);
        assert!(!client.is_configured());
        let error = client.find_intent(&intent).await.unwrap_err();
        assert!(matches!(error, ProviderError::Unavailable(_)), "{error}");
    }
    assert_eq!(stage.ledger().await.calls("find"), before);
}

#[tokio::test]
async fn every_change_is_told_and_can_be_listed() {
    let stage = Stage::new();
    let intent = stage.authorised().await.id;
    stage.client.capture_intent(&intent).await.unwrap();
    let listed = stage.get("/v1/events?delivery_success=false&limit=2").await;
    let kinds: Vec<_> =
        listed["data"].as_array().unwrap().iter().map(|event| event["type"].clone()).collect();
    assert_eq!(kinds, ["payment_intent.succeeded", "payment_intent.amount_capturable_updated"]);
    assert_eq!(listed["has_more"], true);
    let last = listed["data"][1]["id"].as_str().unwrap();
    let rest = stage.get(&format!("/v1/events?starting_after={last}")).await;
    assert_eq!(rest["data"][0]["type"], "payment_intent.created");
    assert_eq!(rest["has_more"], false);
}

/// Prices in minor units of ISO 4217, and what must be asked for them at the provider.
const PRICES: [(&str, i64, i64); 9] = [
    ("EUR", 5_000, 5_000),
    ("JPY", 5_000, 5_000),
    ("ISK", 5_000, 500_000),
    ("UGX", 20_000, 2_000_000),
    ("MGA", 500_000, 5_000),
    ("KWD", 5_120, 5_120),
    ("HUF", 17_545, 17_545),
    ("TWD", 80_045, 80_045),
    ("IDR", 150_000_000, 150_000_000),
];

#[tokio::test]
async fn minor_units_are_translated_on_the_way_out_and_back() {
    let stage = Stage::new();
    for (currency, amount, asked) in PRICES {
        let create = CreateIntent { amount, currency, ..creation(booking()) };
        let intent = stage.client.create_intent(&create).await.unwrap();
        assert_eq!((intent.amount, intent.currency.as_str()), (amount, currency));
        assert!(!intent.is_rounded);
        stage.controls.pay(&intent.id).await.unwrap();
        let taken = stage.client.capture_intent(&intent.id).await.unwrap();
        assert_eq!(taken.amount_received, amount, "{currency}");
        let at_the_provider = stage.ledger().await.intent(&intent.id).unwrap().clone();
        assert_eq!(
            (at_the_provider.amount, at_the_provider.captured),
            (asked, asked),
            "{currency}"
        );
        let refund = stage.client.refund_payment(&intent.id).await.unwrap();
        assert_eq!(refund.amount, amount, "{currency}");
        let found = stage.client.find_intent(&intent.id).await.unwrap();
        assert_eq!(found.amount_refunded, amount, "{currency}");
    }
}

#[tokio::test]
async fn what_the_provider_would_refuse_is_not_sent() {
    let stage = Stage::new();
    for (currency, amount) in [
        ("KWD", 5_123),
        ("BHD", 5_001),
        ("MGA", 5_050),
        ("ISK", 1_000_000),
        ("EUR", 100_000_000),
        ("IDR", 1_000_000_000_000),
        ("EUR", 0),
        ("ZZZ", 5_000),
        ("HRK", 5_000),
    ] {
        let create = CreateIntent { amount, currency, ..creation(booking()) };
        let refused = stage.client.create_intent(&create).await;
        let is_refused = matches!(refused, Err(ProviderError::NotChargeable(_)));
        assert!(is_refused, "{currency} {amount}: {refused:?}");
    }
    assert_eq!(stage.ledger().await.calls.get("create"), None);
}

/// The provider's rules as it enforces them, told without our client.
#[tokio::test]
async fn the_fake_provider_has_the_rules_of_the_original() {
    let stage = Stage::new();
    for (number, (currency, amount, status)) in [
        ("kwd", "5123", 400),
        ("kwd", "5120", 200),
        ("tnd", "99999991", 400),
        ("isk", "5050", 400),
        ("isk", "5100", 200),
        ("ugx", "250", 400),
        ("ugx", "300", 200),
        ("eur", "99999999", 200),
        ("eur", "100000000", 400),
        ("mga", "100000000", 400),
        ("idr", "999999999999", 200),
        ("idr", "1000000000000", 400),
        ("eur", "49", 400),
        ("gbp", "30", 200),
        ("zzz", "5000", 400),
        ("xau", "5000", 400),
        ("EUR", "5000", 400),
    ]
    .into_iter()
    .enumerate()
    {
        let form = format!("amount={amount}&currency={currency}");
        let (answered, ..) = stage.post("/v1/payment_intents", &form, &number.to_string()).await;
        assert_eq!(answered, status, "{amount} {currency}");
    }
}
