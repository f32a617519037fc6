//! Lists of the provider's events: each is read by one worker at a time.

use domain::payment::ProviderState;
use ledger::{
    DueEventList, Error, EventList, UNRECORDED_MAX, claim_event_lists, note_event_list,
    unrecorded_events,
};

use crate::provider_events::{news, tell};
use crate::support::{TestDatabase, fresh, new_event, seats};

const EVERY_MS: i64 = 60_000;

#[tokio::test]
async fn workers_that_come_together_share_the_lists() {
    let databases = TestDatabase::create().await;
    let workers: Vec<_> = databases
        .connect_many(6)
        .await
        .into_iter()
        .map(|database| {
            tokio::spawn(async move { claim_event_lists(&database, EVERY_MS).await.unwrap() })
        })
        .collect();
    let mut taken = Vec::new();
    for worker in workers {
        taken.extend(worker.await.unwrap());
    }
    taken.sort_by_key(|due| due.list.as_str());
    let never_read = |list| DueEventList { list, after: None };
    assert_eq!(taken, [never_read(EventList::Refunds), never_read(EventList::Undelivered)]);

    let database = databases.connect().await;
    assert_eq!(note_event_list(&database, EventList::Refunds, Some("evt_1")).await, Ok(true));
    assert_eq!(claim_event_lists(&database, EVERY_MS).await, Ok(vec![]));
    // A minute later.
    let sql = "UPDATE boxoffice.event_lists SET due_at = due_at - interval '1 minute'";
    database.execute(sql).await;
    let mut due = claim_event_lists(&database, EVERY_MS).await.unwrap();
    due.sort_by_key(|due| due.list.as_str());
    let after = due.into_iter().map(|due| due.after).collect::<Vec<_>>();
    assert_eq!(after, [Some("evt_1".to_owned()), None]);
    assert_eq!(note_event_list(&database, EventList::Refunds, None).await, Ok(true));
}

#[tokio::test]
async fn only_what_is_not_recorded_is_new() {
    let database = fresh().await;
    let facts = seats(new_event(&database).await, &["A-1-1"]);
    tell(&database, &news(&facts, ProviderState::Captured)).await;
    let known = database.texts("SELECT id FROM boxoffice.provider_events").await.remove(0);
    let asked = vec!["evt_a".to_owned(), known, "evt_b'".to_owned()];
    let mut new = unrecorded_events(&database, asked).await.unwrap();
    new.sort_unstable();
    assert_eq!(new, ["evt_a", "evt_b'"]);
    assert_eq!(unrecorded_events(&database, vec![]).await, Ok(vec![]));
    let many = vec![String::new(); UNRECORDED_MAX + 1];
    let refused = unrecorded_events(&database, many).await;
    assert!(matches!(refused, Err(Error::TooMany { .. })), "{refused:?}");
}
