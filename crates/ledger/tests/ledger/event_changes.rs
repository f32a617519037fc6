//! Changing events: texts, times, sections, the end.

use domain::event::{EventChange, QueueSettings, SaleChange, SaleSettings};
use domain::id::EventId;
use ledger::{
    AddSectionsOutcome, StoredEvent, UpdateEventOutcome, add_sections, cancel_event, find_event,
    mark_sold_out, update_event,
};

use crate::support::{Connection, NOW, TestDatabase, fresh, new_event, new_event_id, sections};

async fn stored(database: &Connection, event: EventId) -> StoredEvent {
    find_event(database, event).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_change_leaves_alone_what_it_does_not_name() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let before = stored(&database, event).await;
    let nothing = update_event(&database, event, &EventChange::default()).await.unwrap();
    assert_eq!(nothing, UpdateEventOutcome::Updated(Box::new(before.clone())));

    let change = EventChange {
        venue: Some("Harbour".to_owned()),
        ends_at: Some(before.ends_at.plus_ms(1)),
        paused: Some(true),
        ..EventChange::default()
    };
    let UpdateEventOutcome::Updated(after) = update_event(&database, event, &change).await.unwrap()
    else {
        panic!("not updated")
    };
    let expected = StoredEvent {
        venue: "Harbour".to_owned(),
        ends_at: before.ends_at.plus_ms(1),
        paused: true,
        settings_version: before.settings_version + 1,
        ..before
    };
    assert_eq!(*after, expected);
    assert_eq!(stored(&database, event).await, expected);
}

#[tokio::test]
async fn a_change_can_name_everything() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let sale = SaleSettings {
        max_per_buyer: 1,
        hold_ttl_s: 2,
        queue: QueueSettings {
            enabled: false,
            max_active: 3,
            release_per_s: 4,
            pass_ttl_s: 5,
            abandon_after_s: 60,
            joining: false,
            message: "Soon.".to_owned(),
        },
    };
    let change = EventChange {
        name: Some("n".to_owned()),
        description: Some(String::new()),
        venue: Some("v".to_owned()),
        starts_at: Some(NOW),
        ends_at: Some(NOW.plus_ms(2)),
        on_sale_at: Some(NOW.plus_ms(1)),
        sale: Some(
            serde_json::from_value::<SaleChange>(serde_json::to_value(&sale).unwrap()).unwrap(),
        ),
        paused: Some(true),
    };
    update_event(&database, event, &change).await.unwrap();
    let after = stored(&database, event).await;
    assert_eq!((after.name.as_str(), after.description.as_str()), ("n", ""));
    assert_eq!((after.starts_at, after.ends_at), (NOW, NOW.plus_ms(2)));
    assert_eq!((after.on_sale_at, after.sale, after.paused), (NOW.plus_ms(1), sale, true));
}

#[tokio::test]
async fn an_impossible_change_is_refused_in_words() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let before = stored(&database, event).await;
    let too_late = EventChange { starts_at: Some(before.ends_at), ..EventChange::default() };
    assert_eq!(
        update_event(&database, event, &too_late).await.unwrap(),
        UpdateEventOutcome::InvalidTimes
    );
    // The opening and the end, whichever is sent and whichever was stored meanwhile.
    let opening = |on_sale_at| EventChange { on_sale_at: Some(on_sale_at), ..Default::default() };
    assert_eq!(
        update_event(&database, event, &opening(before.ends_at)).await.unwrap(),
        UpdateEventOutcome::InvalidTimes
    );
    let last_moment = opening(before.ends_at.plus_ms(-1));
    let updated = update_event(&database, event, &last_moment).await.unwrap();
    assert!(matches!(updated, UpdateEventOutcome::Updated(_)), "{updated:?}");
    let earlier_end = before.ends_at.plus_ms(-1);
    assert!(earlier_end > before.starts_at);
    let shorter = EventChange { ends_at: Some(earlier_end), ..EventChange::default() };
    assert_eq!(
        update_event(&database, event, &shorter).await.unwrap(),
        UpdateEventOutcome::InvalidTimes
    );
    assert_eq!(
        update_event(&database, new_event_id(), &too_late).await.unwrap(),
        UpdateEventOutcome::EventMissing
    );
    cancel_event(&database, event).await.unwrap();
    assert_eq!(
        update_event(&database, event, &EventChange::default()).await.unwrap(),
        UpdateEventOutcome::EventCancelled
    );
}

#[tokio::test]
async fn sections_are_added_behind_the_others() {
    let database = fresh().await;
    let event = new_event(&database).await;
    mark_sold_out(&database, event, true).await.unwrap();
    let more = sections(
        r#"[{"name": "Z", "kind": "standing", "capacity": 5, "price": 0},
            {"name": "B", "kind": "seated", "rows": 2, "seats_per_row": 3, "price": 1}]"#,
    );
    let AddSectionsOutcome::Added(after) = add_sections(&database, event, &more).await.unwrap()
    else {
        panic!("not added")
    };
    let names: Vec<_> = after.sections.iter().map(|section| section.name.as_str()).collect();
    assert_eq!(names, ["A", "FLOOR", "Z", "B"]);
    assert_eq!(after.sections[2..], more);
    assert_eq!(after.capacity, 700 + 5 + 6);
    assert!(!after.sold_out, "new places are for sale");
    // The same call again, its answer was lost.
    let again = add_sections(&database, event, &more).await.unwrap();
    assert_eq!(again, AddSectionsOutcome::AlreadyAdded(after));
}

#[tokio::test]
async fn sections_that_cannot_be_added_change_nothing() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let before = stored(&database, event).await;
    // A exists with another size; NEW is not added either.
    let clash = sections(
        r#"[{"name": "NEW", "kind": "standing", "capacity": 5, "price": 0},
            {"name": "A", "kind": "seated", "rows": 1, "seats_per_row": 1, "price": 5000}]"#,
    );
    assert_eq!(
        add_sections(&database, event, &clash).await.unwrap(),
        AddSectionsOutcome::SectionExists(vec!["A".parse().unwrap()])
    );
    let many: Vec<String> = (0..63)
        .map(|n| format!(r#"{{"name": "S{n}", "kind": "standing", "capacity": 1, "price": 0}}"#))
        .collect();
    let many = sections(&format!("[{}]", many.join(",")));
    assert_eq!(
        add_sections(&database, event, &many).await.unwrap(),
        AddSectionsOutcome::TooManySections
    );
    assert_eq!(stored(&database, event).await, before);
    assert_eq!(
        add_sections(&database, new_event_id(), &many).await.unwrap(),
        AddSectionsOutcome::EventMissing
    );
    cancel_event(&database, event).await.unwrap();
    assert_eq!(
        add_sections(&database, event, &many[..1]).await.unwrap(),
        AddSectionsOutcome::EventCancelled
    );
    // One less is exactly the limit of 64.
    let event = new_event(&database).await;
    let outcome = add_sections(&database, event, &many[..62]).await.unwrap();
    assert!(matches!(outcome, AddSectionsOutcome::Added(event) if event.sections.len() == 64));
}

#[tokio::test]
async fn two_organisers_who_add_the_same_section_make_one() {
    let databases = TestDatabase::create().await;
    let event = new_event(&databases.connect().await).await;
    let tasks: Vec<_> = databases
        .connect_many(10)
        .await
        .into_iter()
        .enumerate()
        .map(|(price, database)| {
            tokio::spawn(async move {
                let json = format!(
                    r#"[{{"name": "B", "kind": "standing", "capacity": 5, "price": {price}}}]"#
                );
                add_sections(&database, event, &sections(&json)).await.unwrap()
            })
        })
        .collect();
    let mut added = 0;
    for task in tasks {
        match task.await.unwrap() {
            AddSectionsOutcome::Added(_) => added += 1,
            outcome => assert!(matches!(outcome, AddSectionsOutcome::SectionExists(_))),
        }
    }
    assert_eq!(added, 1);
}

#[tokio::test]
async fn cancelling_twice_is_cancelling_once() {
    let database = fresh().await;
    assert_eq!(cancel_event(&database, new_event_id()).await.unwrap(), None);
    let event = new_event(&database).await;
    for _ in 0..2 {
        assert!(cancel_event(&database, event).await.unwrap().unwrap().cancelled);
    }
}

#[tokio::test]
async fn sold_out_is_noted_once_and_taken_back() {
    let database = fresh().await;
    let event = new_event(&database).await;
    for (sold_out, changed) in [(false, false), (true, true), (true, false), (false, true)] {
        assert_eq!(mark_sold_out(&database, event, sold_out).await.unwrap(), changed);
        assert_eq!(stored(&database, event).await.sold_out, sold_out);
    }
    assert!(!mark_sold_out(&database, new_event_id(), true).await.unwrap());
}
