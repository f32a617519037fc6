//! Events of the payment provider: kept once, brought back until finished.

use ledger::{
    PendingProviderEvent, ProviderEventState, RecordProviderEvent, finish_provider_event,
    pending_provider_events, record_provider_event,
};

use crate::support::{Connection, TestDatabase, fresh, new_event_id, seats};

const EVENT: RecordProviderEvent<'static> = RecordProviderEvent {
    id: "evt_1",
    kind: "payment_intent.succeeded",
    booking: None,
    amount: 5000,
    currency: "eur",
    livemode: true,
    payload: r#"{"note": "\u0000 and \ud83d"}"#,
};

/// Lets the time of rest pass.
async fn make_due(database: &Connection) {
    database.execute("UPDATE boxoffice.provider_events SET due_at = now()").await;
}

#[tokio::test]
async fn an_event_is_new_once_then_pending_then_done() {
    let database = fresh().await;
    let record = || record_provider_event(&database, &EVENT);
    assert_eq!(record().await.unwrap(), ProviderEventState::New);
    assert_eq!(record().await.unwrap(), ProviderEventState::Pending);
    assert!(finish_provider_event(&database, EVENT.id, "confirmed").await.unwrap());
    assert_eq!(record().await.unwrap(), ProviderEventState::Done);
    assert!(!finish_provider_event(&database, EVENT.id, "ignored").await.unwrap());
    assert!(!finish_provider_event(&database, "evt_unknown", "confirmed").await.unwrap());
    let outcome = "SELECT outcome FROM boxoffice.provider_events";
    assert_eq!(database.texts(outcome).await, ["confirmed"]);
}

#[tokio::test]
async fn an_unfinished_event_comes_back_after_a_rest() {
    let database = fresh().await;
    let booking = seats(new_event_id(), &["A-1-1"]).booking;
    let event = RecordProviderEvent { booking: Some(booking), ..EVENT };
    record_provider_event(&database, &event).await.unwrap();
    // The request that brought it is still at work.
    assert_eq!(pending_provider_events(&database).await.unwrap(), []);
    make_due(&database).await;
    let expected = PendingProviderEvent {
        id: "evt_1".to_owned(),
        kind: "payment_intent.succeeded".to_owned(),
        booking: Some(booking),
        amount: 5000,
        currency: "EUR".to_owned(),
        livemode: true,
        payload: EVENT.payload.to_owned(),
        attempts: 1,
    };
    assert_eq!(pending_provider_events(&database).await.unwrap(), [expected]);
    assert_eq!(pending_provider_events(&database).await.unwrap(), []);
    make_due(&database).await;
    finish_provider_event(&database, EVENT.id, "confirmed").await.unwrap();
    assert_eq!(pending_provider_events(&database).await.unwrap(), []);
}

#[tokio::test]
async fn each_rest_is_twice_as_long_up_to_ten_minutes() {
    let database = fresh().await;
    record_provider_event(&database, &EVENT).await.unwrap();
    let rest = "SELECT round(extract(epoch FROM due_at - now()))::bigint
                FROM boxoffice.provider_events";
    for expected_s in [10, 20, 40, 80, 160, 320, 600, 600] {
        make_due(&database).await;
        assert_eq!(pending_provider_events(&database).await.unwrap().len(), 1);
        let rest_s = database.number(rest).await;
        assert!((expected_s - 2..=expected_s).contains(&rest_s), "{rest_s} s, not {expected_s}");
    }
    database.execute("UPDATE boxoffice.provider_events SET attempts = 1000000000").await;
    make_due(&database).await;
    assert_eq!(pending_provider_events(&database).await.unwrap().len(), 1);
}

#[tokio::test]
async fn one_event_twenty_times_in_parallel_is_new_once() {
    let databases = TestDatabase::create().await;
    let tasks: Vec<_> = databases
        .connect_many(20)
        .await
        .into_iter()
        .map(|database| {
            tokio::spawn(async move { record_provider_event(&database, &EVENT).await.unwrap() })
        })
        .collect();
    let mut new = 0;
    for task in tasks {
        match task.await.unwrap() {
            ProviderEventState::New => new += 1,
            state => assert_eq!(state, ProviderEventState::Pending),
        }
    }
    assert_eq!(new, 1);
}

#[tokio::test]
async fn parallel_workers_share_the_pending_events() {
    let databases = TestDatabase::create().await;
    let first = databases.connect().await;
    for number in 0..50 {
        let id = format!("evt_{number}");
        record_provider_event(&first, &RecordProviderEvent { id: &id, ..EVENT }).await.unwrap();
    }
    make_due(&first).await;
    let tasks: Vec<_> = databases
        .connect_many(4)
        .await
        .into_iter()
        .map(|database| {
            tokio::spawn(async move { pending_provider_events(&database).await.unwrap() })
        })
        .collect();
    let mut ids = Vec::new();
    for task in tasks {
        ids.extend(task.await.unwrap().into_iter().map(|event| event.id));
    }
    let total = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!((total, ids.len()), (50, 50));
}
