//! Idempotency keys: saved answers, conflicts, and the way past a saved failure.

use fake_provider::{CallFault, FaultKind, Operation};
use provider::{CreateIntent, IntentStatus, ProviderError};

use crate::stage::{Stage, booking, creation};

#[tokio::test]
async fn the_same_attempt_is_the_same_payment_and_the_next_one_another() {
    let stage = Stage::new();
    let first = creation(booking());
    let created = stage.client.create_intent(&first).await.unwrap();
    assert_eq!(stage.client.create_intent(&first).await.unwrap(), created);
    let second = CreateIntent { attempt: 1, ..first };
    assert_ne!(stage.client.create_intent(&second).await.unwrap().id, created.id);
    // Another amount under the same key is a defect of ours, and must not look like a hiccup.
    let other = CreateIntent { amount: 4_999, ..first };
    let refused = stage.client.create_intent(&other).await.unwrap_err();
    assert!(matches!(refused, ProviderError::Refused(_)), "{refused}");
    assert_eq!(stage.ledger().await.intents.len(), 2);
}

#[tokio::test]
async fn the_fake_saves_answers_as_the_original_does() {
    let stage = Stage::new();
    let create = "amount=5000&currency=eur&capture_method=manual";
    // A request that is refused before it is begun is not saved.
    let (status, _, _) = stage.post("/v1/payment_intents", "currency=eur", "k1").await;
    assert_eq!(status, 400);
    let (status, replayed, first) = stage.post("/v1/payment_intents", create, "k1").await;
    assert_eq!((status, replayed), (200, false));
    let (status, replayed, again) = stage.post("/v1/payment_intents", create, "k1").await;
    assert_eq!((status, replayed, &again), (200, true, &first));
    let other = "amount=4999&currency=eur&capture_method=manual";
    let (status, _, refused) = stage.post("/v1/payment_intents", other, "k1").await;
    assert_eq!((status, refused["error"]["type"].as_str()), (400, Some("idempotency_error")));

    // A request that the state refuses was begun, so its answer is saved, also when the state
    // changes.
    let id = first["id"].as_str().unwrap();
    let capture = format!("/v1/payment_intents/{id}/capture");
    for (pays, is_replayed) in [(true, false), (false, true)] {
        let (status, replayed, refused) = stage.post(&capture, "", "k2").await;
        assert_eq!((status, replayed), (400, is_replayed));
        assert_eq!(refused["error"]["code"], "payment_intent_unexpected_state");
        if pays {
            stage.controls.pay(id).await.unwrap();
        }
    }
    let (status, _, _) = stage.post(&capture, "", "k3").await;
    assert_eq!(status, 200);

    // So is a failure; a conflict and a limit are not.
    stage
        .faults(vec![
            CallFault::new(Operation::Refund, FaultKind::Conflict).times(1),
            CallFault::new(Operation::Refund, FaultKind::RateLimited).times(1),
            CallFault::new(Operation::Refund, FaultKind::ErrorSaved).times(1),
        ])
        .await;
    let refund = format!("payment_intent={id}");
    for expected in [(409, false), (429, false), (500, false), (500, true)] {
        let (status, replayed, _) = stage.post("/v1/refunds", &refund, "k4").await;
        assert_eq!((status, replayed), expected);
    }
    assert_eq!(stage.ledger().await.intent(id).unwrap().refunded, 0);
}

#[tokio::test]
async fn one_key_at_a_time() {
    let stage = Stage::new();
    let id = stage.authorised().await.id;
    let slow = CallFault {
        delay_ms: Some(400),
        ..CallFault::new(Operation::Capture, FaultKind::Slow).times(1)
    };
    stage.faults(vec![slow]).await;
    let path = format!("/v1/payment_intents/{id}/capture");
    let early = stage.post(&path, "", "k");
    let late = async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        stage.post(&path, "", "k").await
    };
    let ((first, _, _), (second, _, refused)) = tokio::join!(early, late);
    assert_eq!((first, second), (200, 409));
    assert_eq!(refused["error"]["code"], "idempotency_key_in_use");
}

#[tokio::test]
async fn a_saved_failure_is_looked_at_and_gone_around() {
    for fault in [FaultKind::ErrorSaved, FaultKind::ErrorApplied] {
        let stage = Stage::new();
        let all = [Operation::Create, Operation::Capture, Operation::Refund, Operation::Cancel];
        let faults = all.map(|operation| CallFault::new(operation, fault).times(1));
        stage.faults(faults.to_vec()).await;

        let intent = stage.create().await;
        stage.controls.pay(&intent.id).await.unwrap();
        for _ in 0..2 {
            let taken = stage.client.capture_intent(&intent.id).await.unwrap();
            assert_eq!(taken.status, IntentStatus::Succeeded);
        }
        for _ in 0..2 {
            match stage.client.refund_payment(&intent.id).await {
                Ok(refund) => assert_eq!(refund.amount, 5_000),
                Err(error) => assert_eq!(error, ProviderError::AlreadyRefunded),
            }
        }
        let other = stage.authorised().await;
        let canceled = stage.client.cancel_intent(&other.id).await.unwrap();
        assert_eq!(canceled.status, IntentStatus::Canceled);

        let ledger = stage.ledger().await;
        let payment = ledger.intent(&intent.id).unwrap();
        assert_eq!((payment.captured, payment.refunded), (5_000, 5_000), "{fault:?}");
        assert_eq!((payment.captures, payment.refunds), (1, 1), "{fault:?}");
        // Under `error_applied` the first payment was made and lost; it cannot be paid.
        let orphans = ledger.intents.iter().filter(|intent| intent.authorised > 0).count();
        assert_eq!(orphans, 0);
    }
}

#[tokio::test]
async fn a_cancellation_that_came_too_early_is_tried_again() {
    // The buyer's bank is at it, so the cancellation is refused, and the refusal is saved. When
    // the bank has refused too, the same operation must get through.
    let stage = Stage::new();
    let id = stage.create().await.id;
    stage.controls.process(&id).await.unwrap();
    assert_eq!(stage.client.cancel_intent(&id).await, Err(ProviderError::UnexpectedState));
    assert_eq!(stage.client.cancel_intent(&id).await, Err(ProviderError::UnexpectedState));
    stage.controls.fail(&id).await.unwrap();
    let canceled = stage.client.cancel_intent(&id).await.unwrap();
    assert_eq!(canceled.status, IntentStatus::Canceled);
}

#[tokio::test]
async fn keys_that_all_hold_failures_are_given_up() {
    let stage = Stage::new();
    let id = stage.authorised().await.id;
    stage.faults(vec![CallFault::new(Operation::Capture, FaultKind::ErrorSaved)]).await;
    let error = stage.client.capture_intent(&id).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unavailable(_)), "{error}");
    assert_eq!(stage.ledger().await.intent(&id).unwrap().captures, 0);
}
