//! Creating, finding, listing and changing events.

use domain::event::{EventChange, QueueSettings, SaleSettings};
use domain::id::EventId;
use domain::time::Instant;
use ledger::{
    CreateEvent, CreateEventOutcome, Error, EventPage, Idempotency, ListEvents, StoredEvent,
    cancel_event, create_event, find_event, list_events, update_event,
};
use uuid::Uuid;

use crate::support::{
    Connection, NOW, SECTIONS, SEED, TestDatabase, fresh, new_event, new_event_id, wanted,
};

async fn stored(database: &Connection, event: EventId) -> StoredEvent {
    find_event(database, event).await.unwrap().unwrap()
}

#[tokio::test]
async fn an_event_is_stored_as_it_was_asked_for() {
    let database = fresh().await;
    let event = new_event_id();
    let mut wanted = wanted(SECTIONS);
    wanted.sale = SaleSettings {
        buyers: domain::event::Buyers::Anyone,
        max_per_buyer: 7,
        hold_ttl_s: 30,
        queue: QueueSettings {
            enabled: false,
            max_active: 0,
            release_per_s: 9,
            pass_ttl_s: 60,
            abandon_after_s: 600,
            joining: false,
            message: "Doors at 7 · bring a 🎫".to_owned(),
        },
    };
    let request = CreateEvent { event, wanted: &wanted, draw_seed: &SEED, idempotency: None };
    let CreateEventOutcome::Created(created) = create_event(&database, &request).await.unwrap()
    else {
        panic!("not created")
    };
    assert_eq!(created.id, event);
    assert_eq!(created.name, wanted.name);
    assert_eq!(created.description, wanted.description);
    assert_eq!(created.venue, wanted.venue);
    assert_eq!(created.starts_at, wanted.starts_at);
    assert_eq!(created.ends_at, wanted.ends_at);
    assert_eq!(created.on_sale_at, NOW);
    assert_eq!(created.currency, "EUR");
    assert_eq!(created.sale, wanted.sale);
    assert_eq!(created.sections, wanted.sections);
    assert_eq!(created.capacity, 20 * 30 + 100);
    assert_eq!(created.generation, 1);
    assert!(!created.paused && !created.cancelled && !created.sold_out);
    assert_eq!(stored(&database, event).await, *created);
}

#[tokio::test]
async fn instants_of_far_years_keep_their_milliseconds() {
    let database = fresh().await;
    let event = new_event_id();
    let mut wanted = wanted(SECTIONS);
    wanted.starts_at = Instant::from_unix_ms(1);
    wanted.ends_at = Instant::from_unix_ms(253_402_207_199_999);
    let request = CreateEvent { event, wanted: &wanted, draw_seed: &SEED, idempotency: None };
    create_event(&database, &request).await.unwrap();
    let stored = stored(&database, event).await;
    assert_eq!((stored.starts_at, stored.ends_at), (wanted.starts_at, wanted.ends_at));
    assert_eq!(stored.ends_at.to_string(), "9999-12-30T21:59:59.999Z");
}

#[tokio::test]
async fn without_a_time_the_sale_opens_now() {
    let database = fresh().await;
    let event = new_event_id();
    let mut wanted = wanted(SECTIONS);
    wanted.on_sale_at = None;
    let request = CreateEvent { event, wanted: &wanted, draw_seed: &SEED, idempotency: None };
    create_event(&database, &request).await.unwrap();
    let stored = stored(&database, event).await;
    assert_eq!(stored.on_sale_at, stored.created_at);
    let age =
        database.number("SELECT boxoffice.unix_ms(now())").await - stored.created_at.unix_ms();
    assert!((0..60_000).contains(&age), "{age} ms");
}

#[tokio::test]
async fn an_unknown_event_is_not_found() {
    let database = fresh().await;
    assert_eq!(find_event(&database, new_event_id()).await.unwrap(), None);
}

#[tokio::test]
async fn a_repeated_creation_gives_the_first_answer_again() {
    let database = fresh().await;
    let wanted = wanted(SECTIONS);
    let idempotency = Some(Idempotency { key: "organiser:k1", fingerprint: "f1" });
    let first =
        CreateEvent { event: new_event_id(), wanted: &wanted, draw_seed: &SEED, idempotency };
    let CreateEventOutcome::Created(created) = create_event(&database, &first).await.unwrap()
    else {
        panic!("not created")
    };
    // Changed meanwhile: the answer is still the first one.
    let change = EventChange { name: Some("Renamed".to_owned()), ..EventChange::default() };
    update_event(&database, created.id, &change, None).await.unwrap();
    let again = CreateEvent { event: new_event_id(), ..first.clone() };
    let replayed = create_event(&database, &again).await.unwrap();
    assert_eq!(replayed, CreateEventOutcome::Replayed(created.clone()));

    let other_body = Some(Idempotency { key: "organiser:k1", fingerprint: "f2" });
    let reused = CreateEvent {
        event: new_event_id(),
        wanted: &wanted,
        draw_seed: &SEED,
        idempotency: other_body,
    };
    assert_eq!(
        create_event(&database, &reused).await.unwrap(),
        CreateEventOutcome::IdempotencyKeyReused
    );

    // The guest repeats its own call when the answer was lost: same id, no key.
    let same_id =
        CreateEvent { event: created.id, wanted: &wanted, draw_seed: &SEED, idempotency: None };
    let replayed = create_event(&database, &same_id).await.unwrap();
    assert!(matches!(replayed, CreateEventOutcome::Replayed(event) if event.id == created.id));
    assert_eq!(database.number("SELECT count(*) FROM boxoffice.events").await, 1);
}

#[tokio::test]
async fn an_idempotency_key_lives_for_a_day() {
    let database = fresh().await;
    let wanted = wanted(SECTIONS);
    let idempotency = Some(Idempotency { key: "k", fingerprint: "f1" });
    let first =
        CreateEvent { event: new_event_id(), wanted: &wanted, draw_seed: &SEED, idempotency };
    create_event(&database, &first).await.unwrap();
    let age = "UPDATE boxoffice.event_requests SET created_at = now() - interval";
    database.execute(&format!("{age} '23 hours 59 minutes'")).await;
    let again = CreateEvent { event: new_event_id(), ..first };
    let outcome = create_event(&database, &again).await.unwrap();
    assert!(matches!(outcome, CreateEventOutcome::Replayed(_)));
    database.execute(&format!("{age} '24 hours 1 minute'")).await;
    let outcome = create_event(&database, &again).await.unwrap();
    assert!(matches!(outcome, CreateEventOutcome::Created(_)));
}

#[tokio::test]
async fn a_failed_creation_does_not_burn_its_key() {
    let database = fresh().await;
    let mut refused = wanted(SECTIONS);
    refused.currency = "eur".to_owned();
    let idempotency = Some(Idempotency { key: "k", fingerprint: "f" });
    let event = new_event_id();
    let request = CreateEvent { event, wanted: &refused, draw_seed: &SEED, idempotency };
    let error = create_event(&database, &request).await.unwrap_err();
    assert!(!error.is_transient(), "{error}");
    let wanted = wanted(SECTIONS);
    let request = CreateEvent { event, wanted: &wanted, draw_seed: &SEED, idempotency };
    let outcome = create_event(&database, &request).await.unwrap();
    assert!(matches!(outcome, CreateEventOutcome::Created(_)));
}

#[tokio::test]
async fn twenty_requests_with_one_key_make_one_event() {
    let databases = TestDatabase::create().await;
    let tasks: Vec<_> = databases
        .connect_many(20)
        .await
        .into_iter()
        .map(|database| {
            tokio::spawn(async move {
                let wanted = wanted(SECTIONS);
                let idempotency = Some(Idempotency { key: "k", fingerprint: "f" });
                let request = CreateEvent {
                    event: new_event_id(),
                    wanted: &wanted,
                    draw_seed: &SEED,
                    idempotency,
                };
                create_event(&database, &request).await.unwrap()
            })
        })
        .collect();
    let mut created = 0;
    for task in tasks {
        match task.await.unwrap() {
            CreateEventOutcome::Created(_) => created += 1,
            CreateEventOutcome::Replayed(event) => assert_eq!(event.capacity, 700),
            CreateEventOutcome::IdempotencyKeyReused => panic!("same body"),
        }
    }
    assert_eq!(created, 1);
    let database = databases.connect().await;
    assert_eq!(database.number("SELECT count(*) FROM boxoffice.events").await, 1);
}

async fn page(database: &Connection, cursor: Option<&str>, active_only: bool) -> EventPage {
    let request = ListEvents { limit: 2, cursor, active_only };
    list_events(database, &request).await.unwrap()
}

#[tokio::test]
async fn events_are_listed_newest_first_page_by_page() {
    let database = fresh().await;
    // One time in all of them, so the order comes from the whole id.
    let mut created = Vec::new();
    for number in 1..=5_u128 {
        let uuid = Uuid::from_u128((0x0192_f0c1_2a3b_7000_8000 << 48) + number);
        let request = CreateEvent {
            event: EventId::from_uuid(uuid),
            wanted: &wanted(SECTIONS),
            draw_seed: &SEED,
            idempotency: None,
        };
        create_event(&database, &request).await.unwrap();
        created.insert(0, request.event);
    }
    let mut listed = Vec::new();
    let mut cursor = None;
    loop {
        let page = page(&database, cursor.as_deref(), false).await;
        assert!(page.events.len() <= 2);
        listed.extend(page.events.iter().map(|event| event.id));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(listed, created);
}

#[tokio::test]
async fn a_full_last_page_has_no_cursor_and_an_empty_one_neither() {
    let database = fresh().await;
    let empty = EventPage { events: vec![], next_cursor: None };
    assert_eq!(page(&database, None, false).await, empty);
    new_event(&database).await;
    new_event(&database).await;
    let full = page(&database, None, false).await;
    assert_eq!((full.events.len(), full.next_cursor), (2, None));
}

#[tokio::test]
async fn active_events_are_neither_cancelled_nor_over() {
    let database = fresh().await;
    let (cancelled, over, active) =
        (new_event(&database).await, new_event(&database).await, new_event(&database).await);
    cancel_event(&database, cancelled).await.unwrap();
    database
        .execute(&format!(
            "UPDATE boxoffice.events SET starts_at = now() - interval '2 s',
             ends_at = now() - interval '1 s' WHERE id = '{over}'"
        ))
        .await;
    let page = page(&database, None, true).await;
    assert_eq!(page.events.iter().map(|event| event.id).collect::<Vec<_>>(), [active]);
}

#[tokio::test]
async fn a_foreign_cursor_is_refused_and_any_limit_is_served() {
    let database = fresh().await;
    new_event(&database).await;
    for cursor in ["", "1", "' OR 1=1", "0192F0C1-2A3B-7C4D-8E5F-60718293A4B5"] {
        let request = ListEvents { limit: 10, cursor: Some(cursor), active_only: false };
        assert_eq!(list_events(&database, &request).await, Err(Error::InvalidCursor), "{cursor}");
    }
    for limit in [0, u32::MAX] {
        let request = ListEvents { limit, cursor: None, active_only: false };
        assert_eq!(list_events(&database, &request).await.unwrap().events.len(), 1);
    }
}
