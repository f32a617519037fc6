//! A definitive no of the provider: the saga waits for an operator, who is told once.

use domain::booking::BookingStatus;
use domain::payment::{Decision, ProviderState};
use fake_provider::{CallFault, FaultKind, Faults, Operation};
use provider::CreateIntent;
use sale::{Job, Settled, TickReport};

use crate::till::Till;

const AUTHORISED: &str = "payment_intent.amount_capturable_updated";

async fn refuse(till: &Till, operation: Operation, times: u32) {
    let fault = CallFault::new(operation, FaultKind::Forbidden).times(times);
    let faults = Faults { calls: vec![fault], ..Faults::default() };
    till.controls.add_faults(&faults).await.unwrap();
}

fn alarms(report: &TickReport) -> Vec<&str> {
    let refused = report.failed.iter().filter(|failed| failed.job == Job::ProviderRefuses);
    refused.map(|failed| failed.subject.as_str()).collect()
}

async fn attempts(till: &Till) -> i64 {
    till.database().number("SELECT sum(attempts)::bigint FROM boxoffice.sagas").await
}

async fn counted(till: &Till, operation: &str) -> i64 {
    let sql = format!(
        "SELECT coalesce(sum(total), 0)::bigint FROM boxoffice.provider_refusals
         WHERE operation = '{operation}' AND cause LIKE '%status 403%'"
    );
    till.database().number(&sql).await
}

#[tokio::test(flavor = "current_thread")]
async fn what_is_refused_for_good_is_parked_and_told_once() {
    let till = Till::open().await;
    let mut payments = Vec::new();
    for number in 1..=3 {
        let payment = till.pay(till.stage.hold_seat(1, number).await).await;
        till.tell(AUTHORISED, &payment).await;
        payments.push(payment);
    }
    refuse(&till, Operation::Capture, 3).await;
    let report = till.work().await;
    assert_eq!(alarms(&report), ["capture"], "one alarm for three: {report:?}");
    assert!(!report.has_failed(Job::Saga), "{report:?}");
    assert_eq!((counted(&till, "capture").await, attempts(&till).await), (3, 3));
    for payment in &payments {
        assert_eq!(till.saga(payment).await, "capture dead");
        let state = (ProviderState::Authorised, Some(Decision::Keep));
        assert_eq!(till.state(payment).await, state, "the ticket stays the buyer's");
    }
    // Nobody tries again, however often the worker runs.
    till.finish().await;
    assert_eq!(attempts(&till).await, 3);
    // The operator has seen to it.
    for payment in &payments {
        ledger::retry_saga(till.database(), &format!("payment:{payment}")).await.unwrap();
    }
    till.finish().await;
    for payment in &payments {
        assert_eq!(till.saga(payment).await, "done done");
    }
    till.balance().await;
}

#[tokio::test(flavor = "current_thread")]
async fn every_call_of_a_saga_takes_a_no_for_a_no() {
    // Asking, cancelling and refunding; capturing is above.
    for (operation, word) in
        [(Operation::Find, "find"), (Operation::Cancel, "cancel"), (Operation::Refund, "refund")]
    {
        let till = Till::open().await;
        let booking = till.stage.hold_seat(1, 1).await;
        let payment = till.pay(booking).await;
        if operation == Operation::Refund {
            till.tell(AUTHORISED, &payment).await;
            till.finish().await;
            sale::cancel_booking(&till.stage.stores, booking, false).await.unwrap();
        } else {
            till.stage.release(booking).await;
        }
        refuse(&till, operation, 1).await;
        let report = till.work().await;
        assert_eq!(alarms(&report), [word], "{report:?}");
        assert!(till.saga(&payment).await.ends_with(" dead"), "{operation:?}");
        ledger::retry_saga(till.database(), &format!("payment:{payment}")).await.unwrap();
        till.finish().await;
        assert_eq!(till.saga(&payment).await, "done done", "{operation:?}");
        till.balance().await;
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_list_that_is_refused_is_told_once() {
    let till = Till::open().await;
    refuse(&till, Operation::Events, 4).await;
    let first = till.look().await;
    assert_eq!(alarms(&first).len(), 1, "two lists, one alarm: {first:?}");
    let second = till.look().await;
    assert_eq!(alarms(&second), [""; 0], "{second:?}");
    assert!(!second.has_failed(Job::ListEvents), "{second:?}");
    assert_eq!(counted(&till, "list_events").await, 4);
}

/// An authorisation that somebody else began at our provider and that names our booking.
#[tokio::test(flavor = "current_thread")]
async fn a_payment_that_was_not_begun_here_is_neither_captured_nor_cancelled() {
    let till = Till::open().await;
    let booking = till.stage.hold_seat(1, 1).await;
    let found = till.stage.booking(booking).await;
    let create =
        CreateIntent { booking, amount: found.amount, currency: &found.currency, attempt: 7 };
    // At the provider, and not recorded here.
    let foreign = till.provider.create_intent(&create).await.unwrap().id;
    till.controls.pay(&foreign).await.unwrap();
    assert_eq!(till.tell(AUTHORISED, &foreign).await, Settled::Unchanged);
    let report = till.look().await;
    let told = report.failed.iter().any(|failed| failed.job == Job::ForeignPayment);
    assert!(!told, "the first event has told it: {report:?}");
    till.finish().await;
    assert_eq!(till.stage.status(booking).await, BookingStatus::Reserved);
    let intent = till.intent(&foreign).await;
    assert_eq!((intent.authorised, intent.captures, intent.canceled), (found.amount, 0, false));
    let outcomes = "SELECT DISTINCT outcome FROM boxoffice.provider_events";
    assert_eq!(till.database().texts(outcomes).await, ["foreign_payment"]);
    // The payment that was begun here pays.
    let ours = till.pay(booking).await;
    assert_eq!(till.tell(AUTHORISED, &ours).await, Settled::Confirmed);
    till.finish().await;
    assert_eq!(till.intent(&ours).await.captures, 1);
    assert_eq!(till.intent(&foreign).await.captures, 0);
}
