//! Redis lets go of events that are over, and nothing brings them back.

use domain::booking::{BookingStatus, SoldBy};
use domain::contact::Contact;
use domain::event::{EventChange, EventStatus, NewEvent};
use domain::id::{BookingId, EventId, UserId};
use domain::selection::Selection;
use domain::time::Instant;
use futures_util::future::{Either, select};
use ledger::{CreateEvent, CreateEventOutcome};
use sale::{
    AuditMode, CancelSaleOutcome, ConfirmSaleOutcome, Job, RebuildOutcome, Receipt, ReserveSeats,
    Settled, find_booking,
};
use scripts::{
    AdmitMode, AdmitOutcome, AdmitUsers, Choice, OpenEvent, Opening, PlaceOutcome, PresentedPass,
    ReserveOutcome, SeatCounts, ShownProof, keys,
};
use uuid::Uuid;

use crate::outage::Outage;
use crate::stage::{DEADLINE, SECTIONS, SEED, Stage};
use crate::ticking::{work, work_on};
use crate::till::Till;

/// Events of the long test: more than several runs of the worker retire.
const EVENTS: usize = 1_000;
/// Ways to ask for an event that is over.
const WAYS: usize = 16;

/// An event of the stage's database that was sold from: seat 1-1 is sold, seat 1-2 is held.
struct Sold {
    stage: Stage,
    sold: BookingId,
    held: BookingId,
}

impl Sold {
    async fn open(stage: &Stage) -> Self {
        let stage = stage.with_event(create(stage).await);
        let sold = stage.hold_seat(1, 1).await;
        assert_eq!(stage.confirm(sold).await, ConfirmSaleOutcome::Confirmed);
        let held = stage.hold_seat(1, 2).await;
        Self { stage, sold, held }
    }

    /// The event has ended, or was cancelled, two hours ago.
    async fn age(&self, is_cancelled: bool) {
        let event = self.stage.event;
        let aged = if is_cancelled {
            ledger::cancel_event(&self.stage.stores.database, event).await.unwrap();
            "cancelled_at = now() - interval '2 h'"
        } else {
            "starts_at = now() - interval '3 h', ends_at = now() - interval '2 h'"
        };
        let sql = format!("UPDATE boxoffice.events SET {aged} WHERE id = '{event}'");
        self.stage.stores.database.execute(&sql).await;
        let (field, value) = if is_cancelled { ("cancelled", "1") } else { ("ends_at_ms", "1") };
        self.stage.plant(&format!("HSET settings {field} {value}")).await;
    }

    /// Asks for the event in one of the ways there are. Whatever is answered, nothing fails.
    async fn touch(&self, way: usize) {
        let Self { stage, sold, held } = self;
        let (stores, event) = (&stage.stores, stage.event);
        let user = UserId::from_uuid(Uuid::now_v7());
        let receipt =
            Some(Receipt { number: 1, score: 1, joined_at: Instant::from_unix_ms(1_000) });
        match way % WAYS {
            0 => assert!(sale::read_event(stores, event).await.unwrap().is_some()),
            1 => {
                let state = sale::read_event(stores, event).await.unwrap().unwrap();
                let section = &state.settings.sections[0];
                assert!(sale::read_map(stores, event, section).await.unwrap().is_some());
            }
            2 => assert!(sale::queue_status(stores, event).await.unwrap().is_some()),
            3 => {
                let proof = ShownProof::NotAsked;
                let place =
                    sale::join_queue(stores, event, user, receipt, proof, None, false).await;
                assert_eq!(place.unwrap().outcome, PlaceOutcome::NotOnSale);
            }
            4 => {
                sale::watch_place(stores, event, user, receipt).await.unwrap();
                sale::leave_queue(stores, event, user, receipt).await.unwrap();
            }
            5 => {
                let found = find_booking(stores, *sold).await.unwrap().unwrap();
                // The saga of a cancelled event cancels it.
                let status = found.booking().status;
                let sold = [BookingStatus::Confirmed, BookingStatus::Cancelled];
                assert!(sold.contains(&status), "{status:?}");
                find_booking(stores, *held).await.unwrap();
            }
            6 => {
                let selection = Selection::Any { quantity: 1 };
                let booking = BookingId::new(event, Uuid::now_v7());
                let pass = PresentedPass::None;
                let (selection, contact) = (&selection, &Contact::default());
                let idempotency = None;
                let request = ReserveSeats {
                    user,
                    booking,
                    pass,
                    idempotency,
                    selection,
                    contact,
                    is_registered: false,
                };
                let outcome = sale::reserve_seats(stores, &request).await.unwrap();
                assert_eq!(outcome, ReserveOutcome::EventNotOnSale);
            }
            7 => {
                if let Some(found) = find_booking(stores, *held).await.unwrap() {
                    sale::release_booking(stores, found.booking()).await.unwrap();
                }
            }
            8 => {
                let cancelled = sale::cancel_booking(stores, *sold, false).await.unwrap();
                assert!(matches!(cancelled, CancelSaleOutcome::Cancelled(_)), "{cancelled:?}");
            }
            9 => {
                if let Some(found) = find_booking(stores, *held).await.unwrap() {
                    sale::confirm_sale(stores, found, SoldBy::Organiser).await.unwrap();
                }
            }
            10 => {
                sale::audit_event(stores, event, AuditMode::ReadOnly).await.unwrap();
                sale::audit_event(stores, event, AuditMode::Repair).await.unwrap();
            }
            11 => {
                let request =
                    AdmitUsers { event, mode: AdmitMode::Manual, limit: 1, idempotency: None };
                let admitted = sale::admit_users(stores, &request).await.unwrap();
                assert!(matches!(admitted, AdmitOutcome::Admitted { admitted: 0, .. }));
            }
            12 => {
                let stored = ledger::find_event(&stores.database, event).await.unwrap().unwrap();
                sale::apply_settings(stores, &stored).await.unwrap();
                sale::apply_sections(stores, &stored).await.unwrap();
            }
            13 => {
                sale::cancel_event(stores, event).await.unwrap();
                assert!(sale::undo_cancelled_event(stores, event, &|| true).await.unwrap());
            }
            14 => {
                sale::rebuild_event(stores, event).await.unwrap();
            }
            _ => {
                sale::expire_due_holds(stores, event).await.unwrap();
                sale::drain_journal(stores, event).await.unwrap();
            }
        }
    }

    /// Every key of the event, with its time to live in ms; -1 for ever.
    async fn keys(&self) -> Vec<(String, i64)> {
        let (cluster, event) = (&self.stage.stores.cluster, self.stage.event);
        let at = keys::settings(event);
        let pattern = format!("box:{{{event}}}:*");
        let names = cluster.execute(&at, "KEYS", vec![pattern.into()], DEADLINE).await.unwrap();
        let mut found = Vec::new();
        for name in names.iter().filter_map(|name| name.text()) {
            let ttl = cluster.execute(&at, "PTTL", vec![name.into()], DEADLINE).await.unwrap();
            found.push((name.to_owned(), ttl[0].integer().unwrap()));
        }
        found
    }

    async fn assert_all_expire(&self, way: usize) {
        let forever: Vec<_> = self.keys().await.into_iter().filter(|(_, ttl)| *ttl < 0).collect();
        assert_eq!(forever, [], "{} touched in way {way}", self.stage.event);
    }

    /// The time of every key that expires is over.
    async fn let_expire(&self) {
        for (name, _) in self.keys().await {
            self.stage.redis(&name, "PEXPIRE", &[&name, "0"]).await;
        }
    }
}

async fn create(stage: &Stage) -> EventId {
    let event = EventId::from_uuid(Uuid::now_v7());
    let wanted: NewEvent = serde_json::from_value(serde_json::json!({
        "name": "Last year", "starts_at": "2096-10-02T00:00:00Z", "ends_at": "2096-10-03T00:00:00Z",
        "currency": "EUR", "sections": serde_json::from_str::<serde_json::Value>(SECTIONS).unwrap(),
        "sale": {"max_per_buyer": 100, "queue": {"enabled": false}},
    }))
    .unwrap();
    let request = CreateEvent { event, wanted: &wanted, draw_seed: &SEED, idempotency: None };
    let created = ledger::create_event(&stage.stores.database, &request).await.unwrap();
    let CreateEventOutcome::Created(created) = created else { panic!("{created:?}") };
    sale::open_event(&stage.stores, &created).await.unwrap();
    event
}

/// Runs the worker until no event is left to retire.
async fn retire_all(stage: &Stage) {
    for _ in 0..EVENTS {
        if ledger::events_to_retire(&stage.stores.database).await.unwrap().is_empty() {
            return;
        }
        let report = work(stage, || true).await;
        assert_eq!(report.failed, []);
    }
    panic!("events are still to be retired");
}

/// No worker has run in the hour after their end, and each is asked for in another way before and
/// after it is retired, and after it has left Redis.
#[tokio::test(flavor = "current_thread")]
async fn no_event_that_is_over_stays_in_redis_or_comes_back() {
    let stage = Stage::open_alone(SECTIONS, false).await;
    let mut all = Vec::new();
    for number in 0..EVENTS {
        let event = Sold::open(&stage).await;
        event.age(number % 5 == 0).await;
        if number % 3 == 0 {
            sale::drain_journal(&event.stage.stores, event.stage.event).await.unwrap();
            event.let_expire().await;
        }
        event.touch(number).await;
        all.push(event);
    }
    retire_all(&stage).await;
    for (number, event) in all.iter().enumerate() {
        event.assert_all_expire(number).await;
        event.touch(number).await;
        event.assert_all_expire(number).await;
        event.let_expire().await;
    }
    for (number, event) in all.iter().enumerate() {
        event.touch(number + 1).await;
        event.touch(number).await;
        assert_eq!(event.keys().await, [], "way {number}");
    }
    let report = work(&stage, || true).await;
    assert_eq!(report.failed, []);
    for event in &all {
        assert_eq!(event.keys().await, []);
    }
}

#[tokio::test(flavor = "current_thread")]
async fn an_event_that_has_left_redis_is_read_from_postgres() {
    let stage = Stage::open_alone(SECTIONS, false).await;
    let event = Sold::open(&stage).await;
    sale::drain_journal(&event.stage.stores, event.stage.event).await.unwrap();
    event.age(false).await;
    event.let_expire().await;
    let (stores, id) = (&event.stage.stores, event.stage.event);

    let state = sale::read_event(stores, id).await.unwrap().unwrap();
    assert_eq!(state.status(), EventStatus::Ended);
    assert_eq!(state.total, SeatCounts { available: 19, held: 0, sold: 1 });
    assert_eq!(state.sections[0], SeatCounts { available: 9, held: 0, sold: 1 });
    let section = &state.settings.sections[0];
    let map = sale::read_map(stores, id, section).await.unwrap().unwrap();
    assert_eq!(String::from_utf8(map).unwrap(), "s..../.....");
    let standing = &state.settings.sections[1];
    assert_eq!(sale::read_map(stores, id, standing).await, Ok(None));
    let queue = sale::queue_status(stores, id).await.unwrap().unwrap();
    assert_eq!((queue.status, queue.waiting, queue.active), (EventStatus::Ended, 0, 0));
    assert_eq!(event.stage.status(event.sold).await, BookingStatus::Confirmed);
    assert_eq!(event.stage.status(event.held).await, BookingStatus::Reserved);
    assert_eq!(sale::rebuild_event(stores, id).await, Ok(RebuildOutcome::Over));
    let report = sale::audit_event(stores, id, AuditMode::ReadOnly).await.unwrap().unwrap();
    assert!(report.differences.is_empty(), "{:?}", report.differences);
    let nobody = EventId::from_uuid(Uuid::now_v7());
    assert_eq!(sale::read_event(stores, nobody).await, Ok(None));
    assert_eq!(event.keys().await, []);
}

#[tokio::test(flavor = "current_thread")]
async fn an_event_whose_end_is_moved_is_for_sale_again() {
    let stage = Stage::open_alone(SECTIONS, false).await;
    let event = Sold::open(&stage).await;
    event.age(false).await;
    retire_all(&stage).await;
    event.let_expire().await;
    let change = EventChange {
        ends_at: Some(Instant::from_unix_ms(4_000_000_000_000)),
        ..EventChange::default()
    };
    let database = &event.stage.stores.database;
    let updated = ledger::update_event(database, event.stage.event, &change, None).await.unwrap();
    let ledger::UpdateEventOutcome::Updated(updated) = updated else { panic!("{updated:?}") };
    sale::apply_settings(&event.stage.stores, &updated).await.unwrap();
    let section = "A".parse().unwrap();
    let choice = Choice::Seats { section: &section, seats: &[(1, 1)] };
    let refused = event.stage.hold(choice).await;
    assert!(matches!(refused, Err(ReserveOutcome::SeatUnavailable { .. })), "{refused:?}");
    event.stage.hold_seat(2, 2).await;
    assert!(event.keys().await.iter().all(|(_, ttl)| *ttl == -1));
}

/// Without an audit: whoever moves the end gives the keys their expiry, or takes it.
#[tokio::test(flavor = "current_thread")]
async fn a_moved_end_gives_every_key_its_expiry_or_takes_it() {
    let stage = Stage::open_alone(SECTIONS, false).await;
    let event = Sold::open(&stage).await;
    event.age(false).await;
    retire_all(&stage).await;
    event.assert_all_expire(0).await;
    let ends_at = Some(Instant::from_unix_ms(4_000_000_000_000));
    event.stage.change(EventChange { ends_at, ..EventChange::default() }).await;
    let keys = event.keys().await;
    assert!(!keys.is_empty() && keys.iter().all(|(_, ttl)| *ttl == -1), "{keys:?}");
    let change = EventChange {
        on_sale_at: Some(Instant::from_unix_ms(1_000)),
        starts_at: Some(Instant::from_unix_ms(2_000)),
        ends_at: Some(Instant::from_unix_ms(3_000)),
        ..EventChange::default()
    };
    event.stage.change(change).await;
    assert!(!event.keys().await.is_empty());
    event.assert_all_expire(0).await;
}

/// An event on sale, whose shard says nothing, holds up whatever comes after it in a run.
#[tokio::test(flavor = "current_thread")]
async fn events_retire_beside_those_that_take_the_whole_run() {
    /// Looks of the test: far more than retiring takes.
    const LOOKS: usize = 5_000;
    let stage = Stage::open_alone(SECTIONS, false).await;
    let over = Sold::open(&stage).await;
    over.age(false).await;
    let (outage, stores) = Outage::silence(&stage).await;
    let watch = async {
        let retired = format!(
            "SELECT count(*) FROM boxoffice.events WHERE retired_at IS NOT NULL AND id = '{}'",
            over.stage.event
        );
        for _ in 0..LOOKS {
            if stage.stores.database.number(&retired).await == 1 {
                return true;
            }
        }
        false
    };
    let in_time = || true;
    let run = std::pin::pin!(work_on(&stores, in_time));
    let (is_retired, report) = match select(run, std::pin::pin!(watch)).await {
        Either::Left((report, _)) => panic!("the run has ended: {report:?}"),
        Either::Right((is_retired, run)) => {
            outage.end();
            (is_retired, run.await)
        }
    };
    assert!(is_retired, "{report:?}");
    over.assert_all_expire(0).await;
    assert_eq!(report.failed, []);
}

#[tokio::test(flavor = "current_thread")]
async fn an_event_that_cannot_be_retired_stops_no_other() {
    let stage = Stage::open_alone(SECTIONS, false).await;
    let mut all = Vec::new();
    for _ in 0..12 {
        let event = Sold::open(&stage).await;
        event.age(false).await;
        all.push(event);
    }
    let (damaged, sound) = all.split_at(6);
    for event in damaged {
        let key = keys::settings(event.stage.event);
        event.stage.redis(&key, "SET", &[&key, "damaged"]).await;
    }
    let report = work(&stage, || true).await;
    let failed = report.failed.iter().filter(|failed| failed.job == Job::RetireEvent).count();
    assert_eq!(failed, damaged.len(), "{:?}", report.failed);
    for event in sound {
        event.assert_all_expire(0).await;
    }
}

/// A builder died, and then the event ended: what it left expires.
#[tokio::test(flavor = "current_thread")]
async fn an_event_that_ends_half_built_expires() {
    let stage = Stage::open_alone(SECTIONS, false).await;
    let event = Sold::open(&stage).await;
    sale::drain_journal(&event.stage.stores, event.stage.event).await.unwrap();
    let mut settings = event.stage.settings().await;
    event.let_expire().await;
    settings.generation += 1;
    let half_built = OpenEvent {
        event: event.stage.event,
        settings: &settings,
        opening: Opening::Rebuilt,
        draw_count: None,
    };
    scripts::open_event(&event.stage.stores.cluster, &half_built, DEADLINE).await.unwrap();
    let sql = "UPDATE boxoffice.events SET starts_at = now() - interval '3 h',
        ends_at = now() - interval '2 h'";
    event.stage.stores.database.execute(sql).await;
    assert!(sale::read_event(&event.stage.stores, event.stage.event).await.unwrap().is_some());
    assert!(!event.keys().await.is_empty());
    event.assert_all_expire(0).await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_payment_after_the_event_has_left_redis_is_given_back() {
    let till = Till::open().await;
    let booking = till.stage.hold_seat(1, 1).await;
    let payment = till.pay(booking).await;
    let stage = till.stage.with_event(till.stage.event);
    let event = Sold { stage, sold: booking, held: booking };
    sale::drain_journal(&event.stage.stores, event.stage.event).await.unwrap();
    event.age(false).await;
    event.let_expire().await;
    let told = till.tell("payment_intent.amount_capturable_updated", &payment).await;
    assert_eq!(told, Settled::GivenBack);
    till.finish().await;
    assert_eq!(till.intent(&payment).await.captured, 0);
    assert_eq!(till.intent(&payment).await.authorised, 0);
    assert_eq!(event.keys().await, []);
}
