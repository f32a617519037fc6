//! Sagas: each is continued by one worker at a time.

use domain::payment::{PaymentNews, ProviderState};
use ledger::claim_due_sagas;

use crate::provider_events::{news, tell};
use crate::support::{Connection, TestDatabase, new_event, seats};

/// Payments that were made and are due.
async fn due_sagas(database: &Connection, count: u32) {
    let facts = seats(new_event(database).await, &["A-1-1"]);
    for number in 1..=count {
        let payment = format!("pi_{number}");
        let captured = PaymentNews { payment, ..news(&facts, ProviderState::Captured) };
        tell(database, &captured).await;
    }
    database.execute("UPDATE boxoffice.sagas SET due_at = now() - interval '1 s'").await;
}

#[tokio::test]
async fn workers_that_come_together_share_the_sagas() {
    let databases = TestDatabase::create().await;
    let first = databases.connect().await;
    due_sagas(&first, 20).await;
    // Taking them takes its time, so that the workers surely overlap.
    first
        .execute(
            "CREATE FUNCTION boxoffice.wait() RETURNS trigger LANGUAGE plpgsql
                 AS 'BEGIN PERFORM pg_sleep(0.01); RETURN NEW; END';
             CREATE TRIGGER wait BEFORE UPDATE ON boxoffice.sagas
                 FOR EACH ROW EXECUTE FUNCTION boxoffice.wait()",
        )
        .await;
    let workers: Vec<_> = databases
        .connect_many(6)
        .await
        .into_iter()
        .map(|database| tokio::spawn(async move { claim_due_sagas(&database, 20).await.unwrap() }))
        .collect();
    let mut taken = Vec::new();
    for worker in workers {
        taken.extend(worker.await.unwrap().into_iter().map(|saga| saga.id));
    }
    taken.sort();
    let all = taken.len();
    taken.dedup();
    assert_eq!((all, taken.len()), (20, 20), "each saga is taken once");
}
