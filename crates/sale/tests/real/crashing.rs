//! The process dies between any two steps, before or after a statement was applied. Whoever comes
//! next brings everything to the same end.

use std::cell::Cell;
use std::rc::Rc;

use domain::booking::BookingStatus;
use domain::payment::{Decision, ProviderState};
use domain::stripe::ProviderEvent;
use ledger::{Database, DatabaseError, EventEffect, RecordProviderEvent, Value};
use native::{NativeDatabase, NativeTransport};
use sale::{Stores, cancel_booking, run_sagas, settle_payment};
use serde_json::json;

use crate::stage::Stage;
use crate::till::Till;

const SECTIONS: &str = r#"[
    {"name": "A", "kind": "seated", "rows": 10, "seats_per_row": 20, "price": 5000},
    {"name": "F", "kind": "standing", "capacity": 10, "price": 3500}
]"#;
/// More statements than any of the runs below makes.
const STATEMENTS_MAX: i32 = 24;

/// A database whose process dies at a statement: it and all that follow get no answer.
struct Dying {
    inner: NativeDatabase,
    /// Statements that are answered.
    left: Cell<i32>,
    /// Whether the last statement was applied before the process died.
    applies_last: bool,
}

impl Database for Dying {
    async fn query(
        &self,
        statement: &str,
        parameters: Vec<Value>,
    ) -> Result<Vec<Vec<Value>>, DatabaseError> {
        let left = self.left.replace(self.left.get() - 1);
        if left > 0 || left == 0 && self.applies_last {
            let answer = self.inner.query(statement, parameters).await;
            if left > 0 {
                return answer;
            }
        }
        Err(DatabaseError::Unavailable("the process has died".to_owned()))
    }
}

/// An instance that dies after `answered` statements.
async fn dying(stage: &Stage, answered: i32, applies_last: bool) -> Stores<NativeTransport, Dying> {
    let instance = stage.another_instance().await.stores;
    let (left, inner) = (Cell::new(answered), instance.database);
    Stores {
        cluster: Rc::clone(&instance.cluster),
        database: Dying { inner, left, applies_last },
        redis_deadline: instance.redis_deadline,
    }
}

/// The webhook and then the worker, as far as they get.
async fn webhook_and_worker(till: &Till, stores: &Stores<NativeTransport, Dying>, payload: &str) {
    let event: ProviderEvent = serde_json::from_str(payload).unwrap();
    let news = provider::payment_news(&event);
    let request = RecordProviderEvent {
        id: &event.id,
        kind: &event.kind,
        livemode: false,
        expected_livemode: false,
        told_every_ms: 0,
        payload,
        news: news.as_ref(),
    };
    let recorded = ledger::record_provider_event(&stores.database, &request).await;
    if let Ok(EventEffect::Applied(payment)) = recorded.map(|recorded| recorded.outcome) {
        let _ = settle_payment(stores, &payment).await;
    }
    till.hurry().await;
    run_sagas(stores, &till.jobs(), &|| true).await;
}

/// Where the hold of each round is: rows of twenty.
fn seat(round: i32) -> (u32, u32) {
    let round = u32::try_from(round).unwrap();
    (round / 20 + 1, round % 20 + 1)
}

#[tokio::test(flavor = "current_thread")]
async fn a_payment_survives_a_crash_at_every_statement() {
    let till = Till::open_with(SECTIONS).await;
    let mut round = 0;
    for statements in 0..STATEMENTS_MAX {
        for applies_last in [false, true] {
            let (row, number) = seat(round);
            round += 1;
            let booking = till.stage.hold_seat(row, number).await;
            let payment = till.pay(booking).await;
            let event = till.event("payment_intent.amount_capturable_updated", &payment).await;
            let stores = dying(&till.stage, statements, applies_last).await;
            webhook_and_worker(&till, &stores, &event).await;
            till.finish().await;
            let state = till.state(&payment).await;
            assert_eq!(
                state,
                (ProviderState::Captured, Some(Decision::Keep)),
                "{statements} {applies_last}"
            );
            // Before anybody asks for the booking, which would mark it too.
            let reserved = till.stage.counts().await.1;
            assert_eq!(reserved, 0, "a settled sale is marked when it is looked at next");
            assert_eq!(till.stage.status(booking).await, BookingStatus::Confirmed);
        }
    }
    till.balance().await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_refund_survives_a_crash_at_every_statement() {
    let till = Till::open_with(SECTIONS).await;
    let mut round = 0;
    for statements in 0..STATEMENTS_MAX {
        for applies_last in [false, true] {
            let (row, number) = seat(round);
            round += 1;
            let booking = till.stage.hold_seat(row, number).await;
            let payment = till.begin(booking).await;
            till.controls.change(&payment, &json!({"manual_capture": false})).await.unwrap();
            till.controls.pay(&payment).await.unwrap();
            till.stage.release(booking).await;
            let event = till.event("payment_intent.succeeded", &payment).await;
            let stores = dying(&till.stage, statements, applies_last).await;
            webhook_and_worker(&till, &stores, &event).await;
            till.finish().await;
            let expected = (ProviderState::Refunded, Some(Decision::GiveBack));
            assert_eq!(till.state(&payment).await, expected, "{statements} {applies_last}");
        }
    }
    till.balance().await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_cancellation_survives_a_crash_at_every_statement() {
    let till = Till::open_with(SECTIONS).await;
    let mut round = 0;
    for statements in 0..STATEMENTS_MAX {
        for applies_last in [false, true] {
            let (row, number) = seat(round);
            round += 1;
            let booking = till.stage.hold_seat(row, number).await;
            let payment = till.pay(booking).await;
            till.finish().await;
            let stores = dying(&till.stage, statements, applies_last).await;
            let _ = cancel_booking(&stores, booking, true).await;
            till.hurry().await;
            run_sagas(&stores, &till.jobs(), &|| true).await;
            // Who got no answer asks again.
            cancel_booking(&till.stage.stores, booking, true).await.unwrap();
            till.finish().await;
            let expected = (ProviderState::Refunded, Some(Decision::GiveBack));
            assert_eq!(till.state(&payment).await, expected, "{statements} {applies_last}");
            assert_eq!(till.stage.status(booking).await, BookingStatus::Refunded);
        }
    }
    assert_eq!(till.stage.counts().await, (210, 0, 0));
    till.balance().await;
}
