//! Sections change while they are sold, in both stores; what follows from them is told by both.

use std::rc::Rc;

use domain::booking::SoldBy;
use domain::event::{EventChange, EventStatus, SectionChange};
use domain::section::{Section, SectionName};
use ledger::{AddSectionsOutcome, StoredEvent};
use sale::{
    AuditMode, ChangeOutcome, ConfirmSaleOutcome, audit_event, cancel_booking, confirm_sale,
    drain_journal, find_booking,
};
use scripts::{Choice, EventOutcome, ReserveOutcome, read_event};

use crate::fuse::{Fuse, fused_stores};
use crate::stage::{DEADLINE, Stage};

/// More calls of the stores than any of the steps below makes.
const MOMENTS_MAX: u32 = 60;
const ONE_PLACE: &str = r#"[{"name": "F", "kind": "standing", "capacity": 1, "price": 0}]"#;

fn section(json: &str) -> Vec<Section> {
    serde_json::from_str(&format!("[{json}]")).unwrap()
}

fn change(json: &str) -> EventChange {
    let sections: Vec<SectionChange> = serde_json::from_str(json).unwrap();
    EventChange { sections: Some(sections), ..EventChange::default() }
}

async fn stored(stage: &Stage) -> StoredEvent {
    ledger::find_event(&stage.stores.database, stage.event).await.unwrap().unwrap()
}

/// What the organiser does with five more places.
async fn add_five(stage: &Stage, name: &str) {
    let more = format!(r#"{{"name": "{name}", "kind": "standing", "capacity": 5, "price": 0}}"#);
    let database = &stage.stores.database;
    let added = ledger::add_sections(database, stage.event, &section(&more)).await.unwrap();
    let AddSectionsOutcome::Added(event) = added else { panic!("{added:?}") };
    sale::apply_sections(&stage.stores, &event).await.unwrap();
}

async fn update(stage: &Stage, json: &str) -> ChangeOutcome {
    sale::update_event(&stage.stores, stage.event, &change(json)).await.unwrap()
}

/// Both stores have the same sections, and tell the same of what is left.
async fn agree(stage: &Stage) {
    let stored = stored(stage).await;
    let read = read_event(&stage.stores.cluster, stage.event, DEADLINE).await.unwrap();
    let EventOutcome::Found(state) = read else { panic!("the event is gone") };
    assert_eq!(state.settings.sections, stored.sections);
    assert_eq!(state.settings.sections_version, stored.sections_version);
    assert_eq!(state.total.sold, stage.tickets().await);
    assert_eq!(state.status(), stored.sale_state().status(state.now), "{:?}", state.total);
    let audit = audit_event(&stage.stores, stage.event, AuditMode::ReadOnly).await.unwrap();
    assert!(audit.as_ref().unwrap().differences.is_empty(), "{audit:?}");
}

/// Runs `step` in an instance of its own and `other` at each moment between its calls.
async fn at_every_moment(
    sections: &str,
    prepare: impl AsyncFn(&Stage),
    step: impl AsyncFn(&crate::fuse::FusedStores, &Stage),
    other: impl AsyncFn(&Stage),
    check: impl AsyncFn(&Stage, u32),
) {
    for moment in 0..MOMENTS_MAX {
        let stage = Stage::open_with(sections, false).await;
        prepare(&stage).await;
        let fuse = Rc::new(Fuse::default());
        let stores = fused_stores(stage.database_url(), &fuse).await;
        let was_reached = fuse.interleave(moment, step(&stores, &stage), other(&stage)).await;
        check(&stage, moment).await;
        if !was_reached {
            assert!(moment > 4, "only {moment} moments");
            return;
        }
    }
    panic!("more than {MOMENTS_MAX} moments");
}

/// The last place is sold, and meanwhile there are five more: nobody calls the event sold out.
#[tokio::test(flavor = "current_thread")]
async fn a_note_of_sold_out_never_outlives_what_it_was_taken_from() {
    at_every_moment(
        ONE_PLACE,
        async |stage| {
            stage.hold_standing(1).await;
        },
        async |stores, stage| {
            let held = stage.texts(&scripts::keys::bookings(stage.event), "HKEYS", &[]).await;
            let found = find_booking(stores, held[0].parse().unwrap()).await.unwrap().unwrap();
            let outcome = confirm_sale(stores, found, SoldBy::Organiser).await.unwrap();
            assert_eq!(outcome, ConfirmSaleOutcome::Confirmed);
        },
        async |stage| add_five(stage, "G").await,
        async |stage, moment| {
            assert!(!stored(stage).await.sold_out, "at moment {moment}");
            assert_eq!(stage.counts().await, (5, 0, 1), "at moment {moment}");
            agree(stage).await;
        },
    )
    .await;
}

/// The same the other way round: the places come, and meanwhile the last of the old ones is sold.
#[tokio::test(flavor = "current_thread")]
async fn places_that_come_during_the_last_sale_are_for_sale() {
    at_every_moment(
        ONE_PLACE,
        async |stage| {
            stage.hold_standing(1).await;
        },
        async |stores, stage| {
            let more = section(r#"{"name": "G", "kind": "standing", "capacity": 5, "price": 0}"#);
            let added = ledger::add_sections(&stores.database, stage.event, &more).await.unwrap();
            let AddSectionsOutcome::Added(event) = added else { panic!("{added:?}") };
            sale::apply_sections(stores, &event).await.unwrap();
            // A second look, so that there is a moment behind the last step.
            sale::apply_sections(stores, &event).await.unwrap();
        },
        async |stage| {
            let held = stage.texts(&scripts::keys::bookings(stage.event), "HKEYS", &[]).await;
            assert_eq!(
                stage.confirm(held[0].parse().unwrap()).await,
                ConfirmSaleOutcome::Confirmed
            );
        },
        async |stage, moment| {
            assert!(!stored(stage).await.sold_out, "at moment {moment}");
            agree(stage).await;
        },
    )
    .await;
}

/// The last place is sold to one and comes back from another at the same time.
#[tokio::test(flavor = "current_thread")]
async fn a_note_of_sold_out_knows_of_a_cancellation() {
    const TWO: &str = r#"[{"name": "F", "kind": "standing", "capacity": 2, "price": 0}]"#;
    at_every_moment(
        TWO,
        async |stage| {
            let sold = stage.hold_standing(1).await;
            stage.confirm(sold).await;
            stage.hold_standing(1).await;
        },
        async |stores, stage| {
            let held = stage.texts(&scripts::keys::bookings(stage.event), "HKEYS", &[]).await;
            let found = find_booking(stores, held[0].parse().unwrap()).await.unwrap().unwrap();
            confirm_sale(stores, found, SoldBy::Organiser).await.unwrap();
        },
        async |stage| {
            let sql = format!(
                "SELECT id FROM boxoffice.bookings WHERE event_id = '{}' AND state = 'confirmed'
                 ORDER BY created_at, id LIMIT 1",
                stage.event
            );
            let sold = stage.stores.database.texts(&sql).await.remove(0).parse().unwrap();
            cancel_booking(&stage.stores, sold, false).await.unwrap();
        },
        async |stage, moment| {
            assert!(!stored(stage).await.sold_out, "at moment {moment}");
            agree(stage).await;
        },
    )
    .await;
}

/// Whoever sold the last place died before it was noted.
#[tokio::test(flavor = "current_thread")]
async fn a_note_of_sold_out_that_is_wrong_is_found_and_mended() {
    let stage = Stage::open_with(ONE_PLACE, false).await;
    let booking = stage.hold_standing(1).await;
    stage.confirm(booking).await;
    let sql = format!("UPDATE boxoffice.events SET sold_out = false WHERE id = '{}'", stage.event);
    stage.stores.database.execute(&sql).await;
    let found = audit_event(&stage.stores, stage.event, AuditMode::Repair).await.unwrap().unwrap();
    let kinds: Vec<_> = found.differences.iter().map(|it| it.kind()).collect();
    assert_eq!(kinds, ["sold_out"]);
    assert!(stored(&stage).await.sold_out);
    agree(&stage).await;
}

/// Two additions reach Redis in another order than Postgres has decided.
#[tokio::test(flavor = "current_thread")]
async fn sections_have_the_order_of_postgres_in_whatever_order_they_come() {
    let stage = Stage::open().await;
    let mut events = Vec::new();
    for name in ["B", "C"] {
        let more =
            format!(r#"{{"name": "{name}", "kind": "standing", "capacity": 5, "price": 0}}"#);
        let added =
            ledger::add_sections(&stage.stores.database, stage.event, &section(&more)).await;
        let AddSectionsOutcome::Added(event) = added.unwrap() else { panic!("{name} is new") };
        events.push(event);
    }
    for event in events.iter().rev() {
        sale::apply_sections(&stage.stores, event).await.unwrap();
    }
    let sections = stage.settings().await.sections;
    let names: Vec<&str> = sections.iter().map(|section| section.name.as_str()).collect();
    assert_eq!(names, ["A", "F", "B", "C"]);
    agree(&stage).await;
}

/// The process died after Postgres had decided: Redis has old sections, one of them is missing.
#[tokio::test(flavor = "current_thread")]
async fn sections_that_redis_was_not_told_of_are_found_and_mended() {
    let stage = Stage::open().await;
    let more =
        section(r#"{"name": "B", "kind": "seated", "rows": 1, "seats_per_row": 3, "price": 1}"#);
    ledger::add_sections(&stage.stores.database, stage.event, &more).await.unwrap();
    let found = audit_event(&stage.stores, stage.event, AuditMode::Repair).await.unwrap().unwrap();
    let kinds: Vec<_> = found.differences.iter().map(|it| it.kind()).collect();
    assert_eq!(kinds, ["sections"]);
    assert_eq!(stage.counts().await, (23, 0, 0));
    agree(&stage).await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_new_price_is_for_new_reservations_also_after_a_loss() {
    let stage = Stage::open().await;
    let before = stage.hold_seat(1, 1).await;
    let sold = stage.hold_seat(1, 2).await;
    stage.confirm(sold).await;
    let outcome = update(&stage, r#"[{"name": "A", "price": 7000}]"#).await;
    assert!(matches!(outcome, ChangeOutcome::Updated(_)), "{outcome:?}");
    let after = stage.hold_seat(1, 3).await;
    drain_journal(&stage.stores, stage.event).await.unwrap();
    for is_lost in [false, true] {
        if is_lost {
            stage.lose_redis().await;
        }
        for (booking, amount) in [(before, 5000), (sold, 5000), (after, 7000)] {
            assert_eq!(stage.booking(booking).await.amount, amount, "lost: {is_lost}");
        }
    }
    assert_eq!(stage.confirm(before).await, ConfirmSaleOutcome::Confirmed);
    agree(&stage).await;
}

#[tokio::test(flavor = "current_thread")]
async fn more_rows_are_for_sale_and_nothing_of_the_others_is_lost() {
    let stage = Stage::open().await;
    let (held, sold) = (stage.hold_seat(1, 1).await, stage.hold_seat(2, 5).await);
    stage.confirm(sold).await;
    assert!(matches!(
        update(&stage, r#"[{"name": "A", "rows": 4}]"#).await,
        ChangeOutcome::Updated(_)
    ));
    let new = stage.hold_seat(4, 5).await;
    assert_eq!(stage.counts().await, (27, 2, 1));
    for booking in [held, new] {
        assert_eq!(stage.confirm(booking).await, ConfirmSaleOutcome::Confirmed);
    }
    stage.lose_redis().await;
    assert_eq!(stage.counts().await, (27, 0, 3));
    agree(&stage).await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_section_does_not_get_smaller_than_what_is_held_or_sold_of_it() {
    let stage = Stage::open().await;
    let (held, sold) = (stage.hold_standing(3).await, stage.hold_standing(2).await);
    stage.confirm(sold).await;
    let floor: SectionName = "F".parse().unwrap();
    let in_use = ChangeOutcome::CapacityInUse(vec![floor.clone()]);
    assert_eq!(update(&stage, r#"[{"name": "F", "capacity": 4, "price": 1}]"#).await, in_use);
    agree(&stage).await;
    assert_eq!(stored(&stage).await.sections[1].price, 3500, "all of it, or nothing");
    for places in [5, 5, 12, 5] {
        let outcome = update(&stage, &format!(r#"[{{"name": "F", "capacity": {places}}}]"#)).await;
        let ChangeOutcome::Updated(event) = outcome else { panic!("{outcome:?}") };
        assert_eq!(event.sections[1].capacity(), places);
        agree(&stage).await;
    }
    let refused = stage.hold(Choice::Section { section: &floor, quantity: 1 }).await;
    assert_eq!(refused, Err(ReserveOutcome::NotEnoughSeats));
    stage.release(held).await;
    assert_eq!(stage.counts().await, (13, 0, 2));
}

/// What a section has lost is nobody's: a buyer comes at each moment of the change.
#[tokio::test(flavor = "current_thread")]
async fn nobody_holds_a_place_that_is_being_taken_away() {
    let floor: SectionName = "F".parse().unwrap();
    at_every_moment(
        crate::stage::SECTIONS,
        async |stage| {
            stage.hold_standing(3).await;
        },
        async |stores, stage| {
            let change = change(r#"[{"name": "F", "capacity": 5}]"#);
            let outcome = sale::update_event(stores, stage.event, &change).await.unwrap();
            match outcome {
                ChangeOutcome::Updated(_) | ChangeOutcome::CapacityInUse(_) => {}
                other => panic!("{other:?}"),
            }
        },
        async |stage| {
            let three = Choice::Section { section: &floor, quantity: 3 };
            if let Ok(booking) = stage.hold(three).await {
                assert_eq!(stage.confirm(booking).await, ConfirmSaleOutcome::Confirmed);
            }
        },
        async |stage, moment| {
            let event = stored(stage).await;
            let tickets = stage.tickets().await;
            let expected = if tickets == 3 { 10 } else { 5 };
            assert_eq!(event.sections[1].capacity(), expected, "at moment {moment}");
            agree(stage).await;
        },
    )
    .await;
}

/// Two organisers change different things at once: both get what they asked for.
#[tokio::test(flavor = "current_thread")]
async fn two_changes_of_sections_both_come_through() {
    at_every_moment(
        crate::stage::SECTIONS,
        async |_| {},
        async |stores, stage| {
            let change = change(r#"[{"name": "F", "capacity": 5}]"#);
            let outcome = sale::update_event(stores, stage.event, &change).await.unwrap();
            assert!(matches!(outcome, ChangeOutcome::Updated(_)), "{outcome:?}");
        },
        async |stage| {
            let changes = r#"[{"name": "F", "price": 9}, {"name": "A", "rows": 3}]"#;
            let outcome = update(stage, changes).await;
            assert!(matches!(outcome, ChangeOutcome::Updated(_)), "{outcome:?}");
        },
        async |stage, moment| {
            let event = stored(stage).await;
            let told: Vec<_> = event.sections.iter().map(Section::descriptor).collect();
            // The price of a section goes with its size: the last one of it counts.
            assert_eq!(told[0], "seated 3 5 5000", "at moment {moment}");
            assert_eq!(told[1], "standing 5 0 9", "at moment {moment}");
            agree(stage).await;
        },
    )
    .await;
}

/// The process dies at each moment. What Postgres has not decided, the audit gives back; the same
/// change again completes.
#[tokio::test(flavor = "current_thread")]
async fn a_change_of_sections_survives_a_crash_at_every_moment() {
    for moment in 0..MOMENTS_MAX {
        let stage = Stage::open().await;
        stage.hold_standing(3).await;
        let fuse = Rc::new(Fuse::default());
        let stores = fused_stores(stage.database_url(), &fuse).await;
        let changes = change(r#"[{"name": "F", "capacity": 5, "price": 1}]"#);
        let step = sale::update_event(&stores, stage.event, &changes);
        let is_done = fuse.run(Some(moment), step).await.is_some();
        let lowered = stored(&stage).await.sections[1].capacity() == 5;
        // Twice as long as a request may take.
        stage.plant("HSET settings withheld_until_ms 1").await;
        audit_event(&stage.stores, stage.event, AuditMode::Repair).await.unwrap();
        let (free, _, _) = stage.counts().await;
        assert_eq!(free, if lowered { 12 } else { 17 }, "at moment {moment}");
        agree(&stage).await;
        update(&stage, r#"[{"name": "F", "capacity": 5, "price": 1}]"#).await;
        assert_eq!(stage.counts().await, (12, 3, 0));
        agree(&stage).await;
        if is_done {
            return;
        }
    }
    panic!("more than {MOMENTS_MAX} moments");
}

/// While a change is being decided the audit does not give back what is withheld for it.
#[tokio::test(flavor = "current_thread")]
async fn the_audit_waits_for_a_decision() {
    let stage = Stage::open().await;
    let smaller = section(r#"{"name": "F", "kind": "standing", "capacity": 5, "price": 3500}"#);
    let withhold = scripts::WithholdPlaces {
        event: stage.event,
        version: 1,
        keep_ms: 60_000,
        sections: &smaller,
    };
    scripts::withhold_places(&stage.stores.cluster, &withhold, DEADLINE).await.unwrap();
    audit_event(&stage.stores, stage.event, AuditMode::Repair).await.unwrap();
    assert_eq!(stage.counts().await, (15, 0, 0));
    stage.plant("HSET settings withheld_until_ms 1").await;
    audit_event(&stage.stores, stage.event, AuditMode::Repair).await.unwrap();
    assert_eq!(stage.counts().await, (20, 0, 0));
    agree(&stage).await;
}

/// A builder has opened the lost event with sections that have changed since, of the same number of
/// places: the next one begins anew.
#[tokio::test(flavor = "current_thread")]
async fn a_half_built_event_with_older_sections_is_built_anew() {
    let stage = Stage::open().await;
    let settings = stage.settings().await;
    stage.lose_redis().await;
    let (event, database) = (stage.event, &stage.stores.database);
    ledger::lease_rebuild(database, event).await.unwrap();
    ledger::begin_rebuild(database, event, 1, 2).await.unwrap().unwrap();
    let settings = scripts::EventSettings { generation: 2, ..settings };
    let opening = scripts::Opening::Rebuilt;
    let open = scripts::OpenEvent { event, settings: &settings, opening, draw_count: None };
    scripts::open_event(&stage.stores.cluster, &open, DEADLINE).await.unwrap();
    let mut sections = stored(&stage).await.sections;
    for (section, kind) in sections.iter_mut().zip([
        domain::section::SectionKind::Seated { rows: 3, seats_per_row: 5 },
        domain::section::SectionKind::Standing { capacity: 5 },
    ]) {
        section.kind = kind;
    }
    let changed = ledger::ChangedSections { version: 1, sections: &sections };
    let nothing = EventChange::default();
    ledger::update_event(database, event, &nothing, Some(changed)).await.unwrap();
    assert_eq!(stage.counts().await, (20, 0, 0));
    assert_eq!(stage.generation().await, 3);
    agree(&stage).await;
}

/// Redis has let an event go that is over: Postgres alone decides.
#[tokio::test(flavor = "current_thread")]
async fn the_sections_of_an_event_that_is_over_change_in_postgres() {
    let stage = Stage::open().await;
    let sql = format!(
        "UPDATE boxoffice.events SET starts_at = now() - interval '2 h', on_sale_at = now()
         - interval '3 h', ends_at = now() - interval '1 h' WHERE id = '{}'",
        stage.event
    );
    stage.stores.database.execute(&sql).await;
    stage.lose_redis().await;
    let outcome = update(&stage, r#"[{"name": "F", "capacity": 5}]"#).await;
    let ChangeOutcome::Updated(event) = outcome else { panic!("{outcome:?}") };
    assert_eq!((event.sections[1].capacity(), event.capacity), (5, 15));
    let state = sale::read_event(&stage.stores, stage.event).await.unwrap().unwrap();
    assert_eq!((state.status(), state.total.available), (EventStatus::Ended, 15));
}
