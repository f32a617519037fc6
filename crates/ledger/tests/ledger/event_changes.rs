//! Changing events: texts, times, sections, the end.

use domain::event::{EventChange, QueueSettings, SaleChange, SaleSettings};
use domain::id::EventId;
use domain::section::{Section, SectionKind};
use ledger::{
    AddSectionsOutcome, ChangedSections, StoredEvent, UpdateEventOutcome, add_sections,
    cancel_booking, cancel_event, find_event, mark_sold_out, update_event,
};

use crate::support::{
    Connection, NOW, TestDatabase, confirm, fresh, new_event, new_event_id, seats, sections,
    standing,
};

async fn stored(database: &Connection, event: EventId) -> StoredEvent {
    find_event(database, event).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_change_leaves_alone_what_it_does_not_name() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let before = stored(&database, event).await;
    let nothing = update_event(&database, event, &EventChange::default(), None).await.unwrap();
    assert_eq!(nothing, UpdateEventOutcome::Updated(Box::new(before.clone())));

    let change = EventChange {
        venue: Some("Harbour".to_owned()),
        time_zone: Some("Europe/Berlin".to_owned()),
        ends_at: Some(before.ends_at.plus_ms(1)),
        paused: Some(true),
        ..EventChange::default()
    };
    let UpdateEventOutcome::Updated(after) =
        update_event(&database, event, &change, None).await.unwrap()
    else {
        panic!("not updated")
    };
    let expected = StoredEvent {
        venue: "Harbour".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
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
        buyers: domain::event::Buyers::Anyone,
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
        time_zone: Some("Asia/Tokyo".to_owned()),
        starts_at: Some(NOW),
        ends_at: Some(NOW.plus_ms(2)),
        on_sale_at: Some(NOW.plus_ms(1)),
        sale: Some(
            serde_json::from_value::<SaleChange>(serde_json::to_value(&sale).unwrap()).unwrap(),
        ),
        paused: Some(true),
        sections: None,
    };
    update_event(&database, event, &change, None).await.unwrap();
    let after = stored(&database, event).await;
    assert_eq!((after.name.as_str(), after.description.as_str()), ("n", ""));
    assert_eq!(after.time_zone, "Asia/Tokyo");
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
        update_event(&database, event, &too_late, None).await.unwrap(),
        UpdateEventOutcome::InvalidTimes
    );
    // The opening and the end, whichever is sent and whichever was stored meanwhile.
    let opening = |on_sale_at| EventChange { on_sale_at: Some(on_sale_at), ..Default::default() };
    assert_eq!(
        update_event(&database, event, &opening(before.ends_at), None).await.unwrap(),
        UpdateEventOutcome::InvalidTimes
    );
    let last_moment = opening(before.ends_at.plus_ms(-1));
    let updated = update_event(&database, event, &last_moment, None).await.unwrap();
    assert!(matches!(updated, UpdateEventOutcome::Updated(_)), "{updated:?}");
    let earlier_end = before.ends_at.plus_ms(-1);
    assert!(earlier_end > before.starts_at);
    let shorter = EventChange { ends_at: Some(earlier_end), ..EventChange::default() };
    assert_eq!(
        update_event(&database, event, &shorter, None).await.unwrap(),
        UpdateEventOutcome::InvalidTimes
    );
    assert_eq!(
        update_event(&database, new_event_id(), &too_late, None).await.unwrap(),
        UpdateEventOutcome::EventMissing
    );
    cancel_event(&database, event).await.unwrap();
    assert_eq!(
        update_event(&database, event, &EventChange::default(), None).await.unwrap(),
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
async fn sold_out_is_what_the_tickets_say_whatever_the_caller_has_seen() {
    let database = fresh().await;
    let event = new_event(&database).await;
    shrink(&database, event).await;
    for seen in [true, false] {
        assert!(!mark_sold_out(&database, event, seen).await.unwrap());
        assert!(!stored(&database, event).await.sold_out);
    }
    let booking = seats(event, &["A-1-1"]);
    confirm(&database, &booking).await;
    for (seen, changed) in [(false, false), (true, true), (true, false), (false, false)] {
        assert_eq!(mark_sold_out(&database, event, seen).await.unwrap(), changed, "{seen}");
    }
    assert!(stored(&database, event).await.sold_out);
    cancel_booking(&database, booking.booking_id, false).await.unwrap();
    for (seen, changed) in [(true, false), (false, true), (false, false)] {
        assert_eq!(mark_sold_out(&database, event, seen).await.unwrap(), changed, "{seen}");
    }
    assert!(!stored(&database, event).await.sold_out);
    assert!(!mark_sold_out(&database, new_event_id(), true).await.unwrap());
}

/// Leaves one seat of the event, A-1-1.
async fn shrink(database: &Connection, event: EventId) {
    let sql = format!(
        "DELETE FROM boxoffice.sections WHERE event_id = '{event}' AND name <> 'A';
         UPDATE boxoffice.sections SET row_count = 1, seats_per_row = 1, capacity = 1
         WHERE event_id = '{event}'"
    );
    database.execute(&sql).await;
}

/// The note is taken by one call while another one adds places: the last word has who sees both.
#[tokio::test]
async fn sold_out_waits_for_whoever_changes_the_places() {
    let owner = TestDatabase::create().await;
    let (database, other) = (owner.connect().await, owner.connect().await);
    let event = new_event(&database).await;
    shrink(&database, event).await;
    confirm(&database, &seats(event, &["A-1-1"])).await;
    let more = sections(r#"[{"name": "B", "kind": "standing", "capacity": 5, "price": 1}]"#);
    database.execute("BEGIN").await;
    add_sections(&database, event, &more).await.unwrap();
    let note = async { mark_sold_out(&other, event, true).await.unwrap() };
    let commit = async {
        other_waits(&owner).await;
        database.execute("COMMIT").await;
    };
    let (changed, ()) = tokio::join!(note, commit);
    assert!(!changed);
    assert!(!stored(&database, event).await.sold_out);
}

async fn other_waits(owner: &TestDatabase) {
    let look = owner.connect().await;
    let waiting = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while look.number(waiting).await == 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn sections_change_by_name_and_with_them_their_version() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let before = stored(&database, event).await;
    let mut wanted = before.sections.clone();
    for section in &mut wanted {
        section.price += 100;
        match &mut section.kind {
            SectionKind::Seated { rows, .. } => *rows += 1,
            SectionKind::Standing { capacity } => *capacity -= 1,
        }
    }
    let change = EventChange { paused: Some(true), ..EventChange::default() };
    let update = async |version, sections: &[Section]| {
        let sections = Some(ChangedSections { version, sections });
        update_event(&database, event, &change, sections).await.unwrap()
    };
    assert_eq!(update(0, &wanted).await, UpdateEventOutcome::SectionsChanged);
    assert_eq!(stored(&database, event).await, before, "all of it, or nothing");
    let version = before.sections_version;
    let UpdateEventOutcome::Updated(after) = update(version, &wanted[1..]).await else { panic!() };
    assert_eq!((after.sections_version, after.paused), (version + 1, true));
    assert_eq!((&after.sections[0], &after.sections[1..]), (&before.sections[0], &wanted[1..]));
    let UpdateEventOutcome::Updated(after) = update(version + 1, &wanted).await else { panic!() };
    assert_eq!((after.sections_version, &after.sections), (version + 2, &wanted));
    let again = update(version + 2, &wanted).await;
    assert_eq!(again, UpdateEventOutcome::Updated(after), "nothing is new");
}

#[tokio::test]
async fn a_section_does_not_get_smaller_than_what_is_sold_of_it() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let standing = standing(event, 3);
    confirm(&database, &standing).await;
    let before = stored(&database, event).await;
    let resize = async |wanted| {
        let mut section =
            before.sections.iter().find(|it| it.name == standing.section).unwrap().clone();
        section.kind = SectionKind::Standing { capacity: wanted };
        let sections = &[section];
        let version = stored(&database, event).await.sections_version;
        let sections = Some(ChangedSections { version, sections });
        update_event(&database, event, &EventChange::default(), sections).await.unwrap()
    };
    assert_eq!(resize(2).await, UpdateEventOutcome::CapacityInUse);
    assert_eq!(stored(&database, event).await, before);
    let UpdateEventOutcome::Updated(_) = resize(3).await else { panic!("three are sold") };
}

#[tokio::test]
async fn a_change_of_sections_says_whether_the_event_is_sold_out() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let sql = format!("DELETE FROM boxoffice.sections WHERE event_id = '{event}' AND name = 'A'");
    database.execute(&sql).await;
    confirm(&database, &standing(event, 3)).await;
    let before = stored(&database, event).await;
    let mut section = before.sections[0].clone();
    for (version, places, sold_out) in [(0, 3, true), (1, 4, false)] {
        section.kind = SectionKind::Standing { capacity: places };
        let sections = &[section.clone()];
        let version = before.sections_version + version;
        let sections = Some(ChangedSections { version, sections });
        let change = EventChange::default();
        let updated = update_event(&database, event, &change, sections).await.unwrap();
        let UpdateEventOutcome::Updated(after) = updated else { panic!("{updated:?}") };
        assert_eq!(after.sold_out, sold_out, "{places} places");
    }
}
