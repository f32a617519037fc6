//! Answers that are late, lost or refused for the moment.

use std::time::{Duration, Instant};

use fake_provider::{CallFault, FaultKind, Operation};
use provider::{IntentStatus, OPERATION_DEADLINE, ProviderError};

use crate::stage::{Stage, client};

#[tokio::test]
async fn a_lost_connection_is_tried_once_more_under_the_same_key() {
    for fault in [FaultKind::CutBefore, FaultKind::CutAfter, FaultKind::Conflict] {
        let stage = Stage::new();
        let id = stage.authorised().await.id;
        stage.faults(vec![CallFault::new(Operation::Capture, fault).times(1)]).await;
        let taken = stage.client.capture_intent(&id).await.unwrap();
        assert_eq!(taken.status, IntentStatus::Succeeded, "{fault:?}");
        let ledger = stage.ledger().await;
        assert_eq!(ledger.intent(&id).unwrap().captures, 1, "{fault:?}");
        assert_eq!(ledger.intent(&id).unwrap().attempts["capture"], 1, "{fault:?}");
        assert_eq!(ledger.calls("capture"), 2, "{fault:?}");
    }
}

#[tokio::test]
async fn a_limit_is_respected_and_a_failure_repeated_once_at_most() {
    for (fault, calls) in [
        (FaultKind::RateLimited, 1),
        (FaultKind::Unavailable, 2),
        (FaultKind::Conflict, 2),
        (FaultKind::CutBefore, 2),
    ] {
        let stage = Stage::new();
        let id = stage.authorised().await.id;
        stage.faults(vec![CallFault::new(Operation::Capture, fault)]).await;
        let error = stage.client.capture_intent(&id).await.unwrap_err();
        assert!(matches!(error, ProviderError::Unavailable(_)), "{fault:?}: {error}");
        assert_eq!(stage.ledger().await.calls("capture"), calls, "{fault:?}");
    }
}

#[tokio::test]
async fn silence_ends_at_the_deadline_and_the_next_try_finds_what_happened() {
    for (fault, attempts) in [(FaultKind::TimeoutBefore, 1), (FaultKind::TimeoutAfter, 1)] {
        let stage = Stage::new();
        let id = stage.authorised().await.id;
        stage.controls.pay(&stage.create().await.id).await.unwrap();
        stage.faults(vec![CallFault::new(Operation::Capture, fault).times(1)]).await;
        let begun = Instant::now();
        let error = stage.client.capture_intent(&id).await.unwrap_err();
        assert!(matches!(error, ProviderError::Unavailable(_)), "{fault:?}: {error}");
        assert!(begun.elapsed() < OPERATION_DEADLINE + Duration::from_secs(2), "{fault:?}");
        let taken = stage.client.capture_intent(&id).await.unwrap();
        assert_eq!(taken.status, IntentStatus::Succeeded, "{fault:?}");
        let ledger = stage.ledger().await;
        let payment = ledger.intent(&id).unwrap();
        assert_eq!((payment.captures, payment.attempts["capture"]), (1, attempts), "{fault:?}");
    }
}

#[tokio::test]
async fn a_call_that_was_given_up_still_happens_once() {
    // Slower than anyone waits: the client goes away, the provider does its work all the same.
    let stage = Stage::new();
    let id = stage.authorised().await.id;
    let slow = CallFault {
        delay_ms: Some(3_000),
        ..CallFault::new(Operation::Capture, FaultKind::Slow).times(1)
    };
    stage.faults(vec![slow]).await;
    let error = stage.client.capture_intent(&id).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unavailable(_)), "{error}");
    let patience = Instant::now();
    while let Err(error) = stage.client.capture_intent(&id).await {
        // In use until the slow one is through.
        assert!(matches!(error, ProviderError::Unavailable(_)), "{error}");
        assert!(patience.elapsed() < Duration::from_secs(20), "never ends");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(stage.ledger().await.intent(&id).unwrap().captures, 1);
}

#[tokio::test]
async fn nobody_there_is_unavailable() {
    let nobody = client("http://127.0.0.1:1", "sk_test_0123456789");
    let error = nobody.find_intent("pi_1").await.unwrap_err();
    assert!(matches!(error, ProviderError::Unavailable(_)), "{error}");
    let malformed = client("not an address", "sk_test_0123456789");
    let error = malformed.find_intent("pi_1").await.unwrap_err();
    assert!(matches!(error, ProviderError::Unavailable(_)), "{error}");
}
