//! Which events are to leave Redis, and that each leaves it once.

use std::collections::BTreeSet;

use domain::event::EventChange;
use domain::id::EventId;
use domain::time::Instant;
use ledger::{
    EVENTS_RETIRED_MAX, EventToRetire, UpdateEventOutcome, begin_rebuild, cancel_event,
    events_to_retire, note_retired, update_event,
};

use crate::support::{Connection, fresh, new_event};

/// Moves the end of an event, and its cancellation if there was one.
async fn over_since(database: &Connection, event: EventId, minutes: i64) {
    let over = format!("now() - {minutes} * interval '1 minute'");
    database
        .execute(&format!(
            "UPDATE boxoffice.events SET starts_at = now() - interval '1 day',
                 cancelled_at = CASE WHEN cancelled THEN {over} END,
                 ends_at = CASE WHEN cancelled THEN now() + interval '1 day' ELSE {over} END
             WHERE id = '{event}'"
        ))
        .await;
}

async fn due(database: &Connection) -> Vec<EventId> {
    events_to_retire(database).await.unwrap().into_iter().map(|it| it.event).collect()
}

#[tokio::test]
async fn an_event_is_due_an_hour_after_its_end_or_cancellation() {
    let database = fresh().await;
    let (ended, cancelled) = (new_event(&database).await, new_event(&database).await);
    let (just_ended, just_cancelled) = (new_event(&database).await, new_event(&database).await);
    let on_sale = new_event(&database).await;
    for event in [cancelled, just_cancelled] {
        cancel_event(&database, event).await.unwrap();
    }
    assert_eq!(due(&database).await, []);
    for (event, minutes) in [(ended, 61), (cancelled, 62), (just_ended, 59), (just_cancelled, 59)] {
        over_since(&database, event, minutes).await;
    }
    let all = async || due(&database).await.into_iter().collect::<BTreeSet<_>>();
    assert_eq!(all().await, BTreeSet::from([cancelled, ended]));
    over_since(&database, on_sale, 63).await;
    assert_eq!(all().await, BTreeSet::from([on_sale, cancelled, ended]));
}

/// One that always fails, because its shard is down, does not stand before the others.
#[tokio::test]
async fn due_events_come_in_another_order_each_time() {
    let database = fresh().await;
    for _ in 0..8 {
        let event = new_event(&database).await;
        over_since(&database, event, 61).await;
    }
    let mut first = BTreeSet::new();
    // By chance all are alike once in 8^49 times.
    for _ in 0..50 {
        first.insert(due(&database).await[0]);
    }
    assert!(first.len() > 1, "{first:?}");
}

#[tokio::test]
async fn a_retired_event_is_due_again_when_its_keys_live_on() {
    let database = fresh().await;
    let event = new_event(&database).await;
    over_since(&database, event, 61).await;
    let first = EventToRetire { event, generation: 1 };
    assert_eq!(events_to_retire(&database).await.unwrap(), [first]);
    assert!(note_retired(&database, first).await.unwrap());
    assert!(!note_retired(&database, first).await.unwrap());
    assert_eq!(due(&database).await, []);

    // Somebody looked at it, and Redis has it again. To retire the old keys says nothing of these.
    begin_rebuild(&database, event, 1, 2).await.unwrap().expect("begins");
    let second = EventToRetire { event, generation: 2 };
    assert!(!note_retired(&database, first).await.unwrap());
    assert_eq!(events_to_retire(&database).await.unwrap(), [second]);
    assert!(note_retired(&database, second).await.unwrap());

    // The organiser moves the end, which the keys' end follows. Other changes do not matter.
    let renamed = EventChange { name: Some("Encore".to_owned()), ..EventChange::default() };
    update_event(&database, event, &renamed, None).await.unwrap();
    assert_eq!(due(&database).await, []);
    let later = Instant::from_unix_ms(4_083_818_400_456);
    let moved = EventChange { ends_at: Some(later), ..EventChange::default() };
    let updated = update_event(&database, event, &moved, None).await.unwrap();
    assert!(matches!(updated, UpdateEventOutcome::Updated(_)));
    over_since(&database, event, 61).await;
    assert_eq!(due(&database).await, [event]);
}

#[tokio::test]
async fn a_list_has_a_limit() {
    let database = fresh().await;
    let event = new_event(&database).await;
    over_since(&database, event, 61).await;
    database
        .execute(&format!(
            "INSERT INTO boxoffice.events (id, name, description, venue, starts_at, ends_at,
                 on_sale_at, currency, sale, draw_seed)
             SELECT gen_random_uuid(), name, description, venue, starts_at, ends_at, on_sale_at,
                 currency, sale, draw_seed
             FROM boxoffice.events, generate_series(1, {EVENTS_RETIRED_MAX})"
        ))
        .await;
    assert_eq!(due(&database).await.len(), EVENTS_RETIRED_MAX as usize);
}
