//! Parts of a payment that go back: each once, by its own name.

use fake_provider::{CallFault, FaultKind, Operation};
use provider::{CreateIntent, ProviderError, RefundPart};

use crate::stage::{Stage, booking, creation};

async fn captured(stage: &Stage) -> String {
    let intent = stage.authorised().await.id;
    stage.client.capture_intent(&intent).await.unwrap();
    intent
}

fn part<'a>(payment: &'a str, name: &'a str, amount: i64) -> RefundPart<'a> {
    RefundPart { payment, name, amount, currency: "EUR" }
}

#[tokio::test]
async fn each_part_goes_back_once_beside_others_of_the_same_amount() {
    let stage = Stage::new();
    let payment = captured(&stage).await;
    stage.controls.refund(&payment, Some(1_000)).await.unwrap();
    for _ in 0..2 {
        for name in ["bk_1-1", "bk_1-2"] {
            let refund = stage.client.refund_part(&part(&payment, name, 1_000)).await.unwrap();
            assert_eq!(refund.amount, 1_000);
        }
    }
    let found = stage.client.find_intent(&payment).await.unwrap();
    assert_eq!(found.amount_refunded, 3_000);
    // What is left goes back with the whole.
    let rest = stage.client.refund_payment(&payment).await.unwrap();
    assert_eq!(rest.amount, 2_000);
    let late = stage.client.refund_part(&part(&payment, "bk_1-3", 1_000)).await;
    assert_eq!(late, Err(ProviderError::AlreadyRefunded));
    // Also when the provider has forgotten the key of a part, it is known by its name.
    let again = stage.client.refund_part(&part(&payment, "bk_1-1", 1_000)).await.unwrap();
    assert_eq!(again.amount, 1_000);
    let intent = stage.ledger().await.intent(&payment).unwrap().clone();
    assert_eq!((intent.captured, intent.refunded, intent.refunds), (5_000, 5_000, 4));
    let parts = [("bk_1-1".to_owned(), 1_000), ("bk_1-2".to_owned(), 1_000)];
    assert_eq!(intent.parts, parts);
}

#[tokio::test]
async fn no_more_goes_back_than_was_taken() {
    let stage = Stage::new();
    let payment = captured(&stage).await;
    stage.client.refund_part(&part(&payment, "bk_1-1", 4_000)).await.unwrap();
    let refused = stage.client.refund_part(&part(&payment, "bk_1-2", 1_001)).await;
    assert!(matches!(refused, Err(ProviderError::Refused(_))), "{refused:?}");
    assert_eq!(stage.ledger().await.intent(&payment).unwrap().refunded, 4_000);
    let unpaid = stage.authorised().await.id;
    let early = stage.client.refund_part(&part(&unpaid, "bk_2-1", 1_000)).await;
    assert_eq!(early, Err(ProviderError::UnexpectedState));
    for payment in ["pi_unknown", "", "pi_1?x=1"] {
        let missing = stage.client.refund_part(&part(payment, "bk_3-1", 1_000)).await;
        assert_eq!(missing, Err(ProviderError::NotFound), "{payment}");
    }
}

/// Whatever was saved under a key, and whether it was done: the part is looked for by its name.
#[tokio::test]
async fn a_saved_failure_of_a_part_is_looked_at_and_gone_around() {
    for fault in [FaultKind::ErrorSaved, FaultKind::ErrorApplied] {
        let stage = Stage::new();
        let payment = captured(&stage).await;
        stage.faults(vec![CallFault::new(Operation::Refund, fault).times(2)]).await;
        for _ in 0..4 {
            let _ = stage.client.refund_part(&part(&payment, "bk_1-1", 1_000)).await;
        }
        let intent = stage.ledger().await.intent(&payment).unwrap().clone();
        assert_eq!((intent.refunded, intent.refunds), (1_000, 1), "{fault:?}");
    }
}

#[tokio::test]
async fn a_part_is_translated_and_one_that_cannot_go_back_is_not_sent() {
    let stage = Stage::new();
    let create = CreateIntent { amount: 5_000, currency: "ISK", ..creation(booking()) };
    let payment = stage.client.create_intent(&create).await.unwrap().id;
    stage.controls.pay(&payment).await.unwrap();
    stage.client.capture_intent(&payment).await.unwrap();
    let one = RefundPart { currency: "ISK", ..part(&payment, "bk_1-1", 1_250) };
    assert_eq!(stage.client.refund_part(&one).await.unwrap().amount, 1_250);
    assert_eq!(stage.ledger().await.intent(&payment).unwrap().refunded, 125_000);
    let odd = RefundPart { currency: "KWD", ..part(&payment, "bk_1-2", 1_251) };
    let refused = stage.client.refund_part(&odd).await;
    assert!(matches!(refused, Err(ProviderError::NotChargeable(_))), "{refused:?}");
}

/// A part that is back says nothing about the rest.
#[tokio::test]
async fn a_saved_failure_of_the_whole_is_gone_around_after_a_part() {
    for fault in [FaultKind::ErrorSaved, FaultKind::ErrorApplied] {
        let stage = Stage::new();
        let payment = captured(&stage).await;
        stage.client.refund_part(&part(&payment, "bk_1-1", 1_000)).await.unwrap();
        stage.faults(vec![CallFault::new(Operation::Refund, fault).times(1)]).await;
        match stage.client.refund_payment(&payment).await {
            Ok(refund) => assert_eq!(refund.amount, 4_000),
            Err(error) => assert_eq!(error, ProviderError::AlreadyRefunded),
        }
        let intent = stage.ledger().await.intent(&payment).unwrap().clone();
        assert_eq!((intent.refunded, intent.refunds), (5_000, 2), "{fault:?}");
    }
}
