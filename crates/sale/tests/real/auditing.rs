//! The audit finds every kind of damage, mends it, and leaves a healthy event alone.

use domain::booking::{BookingStatus, SoldBy};
use domain::id::BookingId;
use sale::{AuditMode, AuditReport, audit_event, drain_journal};
use scripts::keys;

use crate::stage::{SECTIONS, Stage};

async fn audit(stage: &Stage, mode: AuditMode) -> AuditReport {
    audit_event(&stage.stores, stage.event, mode).await.unwrap().unwrap()
}

fn kinds(report: &AuditReport) -> Vec<&'static str> {
    let mut kinds: Vec<_> = report.differences.iter().map(|it| it.kind()).collect();
    kinds.dedup();
    kinds
}

async fn stage_with_everything() -> (Stage, [BookingId; 4]) {
    let stage = Stage::open().await;
    let bookings = book_everything(&stage).await;
    (stage, bookings)
}

/// Two holds and two sales, drained.
async fn book_everything(stage: &Stage) -> [BookingId; 4] {
    let bookings = [
        stage.hold_seat(1, 1).await,
        stage.hold_standing(2).await,
        stage.hold_seat(2, 1).await,
        stage.hold_standing(3).await,
    ];
    for sold in &bookings[2..] {
        stage.confirm(*sold).await;
    }
    drain_journal(&stage.stores, stage.event).await.unwrap();
    bookings
}

/// Each kind of damage, planted by hand: what is done (`{held}`, `{sold}`, `{standing}` and
/// `{standing_sold}` stand for bookings, `{buyer}` for the buyer of the hold), and what is found.
const DAMAGE: &[(&str, &[&str], &str)] = &[
    ("a sold seat looks free", &["SETRANGE map 6 .", "HDEL holders A-2-1"], "place counts"),
    ("a sold seat looks held", &["SETRANGE map 6 h"], "place counts"),
    ("a sold seat has no holder", &["HDEL holders A-2-1"], "place"),
    ("a sold seat has another holder", &["HSET holders A-2-1 {held}"], "place"),
    ("a seat is sold without a ticket", &["SETRANGE map 3 s"], "place counts"),
    (
        "a seat is sold to nobody's booking, and counted",
        &[
            "SETRANGE map 3 s",
            "HSET holders A-1-4 {held}",
            "HINCRBY counts sold:A 1",
            "HINCRBY counts available:A -1",
            "HINCRBY counts sold 1",
            "HINCRBY counts available -1",
        ],
        "place",
    ),
    ("a seat is held by nobody", &["SETRANGE map 4 h"], "place counts"),
    ("a free seat has a holder", &["HSET holders A-1-5 {held}"], "place"),
    ("a held seat looks free", &["SETRANGE map 0 .", "HDEL holders A-1-1"], "place counts"),
    ("a held seat has no holder", &["HDEL holders A-1-1"], "place"),
    ("the map is gone", &["DEL map"], "map"),
    ("the map is no map", &["SETRANGE map 3 x"], "map"),
    ("a holder of a seat that is none", &["HSET holders A-9-9 {held}"], "place"),
    ("a standing hold has no holder", &["HDEL holders F-{standing}"], "place"),
    ("a standing sale has no holder", &["HDEL holders F-{standing_sold}"], "place"),
    ("a standing holder of nothing", &["HSET holders F-x x"], "place"),
    ("the counts of a section are off", &["HINCRBY counts available:A 3"], "counts"),
    ("standing places are lost", &["HINCRBY counts sold:F -1"], "counts"),
    ("the totals are off", &["HINCRBY counts held 1", "HINCRBY counts sold 2"], "counts"),
    ("a buyer is counted twice", &["HINCRBY buyers {buyer} 1"], "buyer"),
    ("a buyer is forgotten", &["HDEL buyers {buyer}"], "buyer"),
    ("a hold has no end", &["ZREM expiry {held}"], "expiry"),
    ("an end has no hold", &["ZADD expiry 1 {sold}"], "expiry"),
    ("the settings are old", &["HSET settings version 0 paused 1"], "settings"),
    ("the state is of an older life", &["HSET settings generation 0"], "generation"),
    ("the event is gone", &["DEL settings"], "missing"),
];

#[tokio::test(flavor = "current_thread")]
async fn every_kind_of_damage_is_found_and_mended() {
    for (name, commands, expected) in DAMAGE {
        let (stage, bookings) = stage_with_everything().await;
        let [held, standing, sold, standing_sold] = bookings.map(|booking| booking.to_string());
        let buyer = stage.booking(bookings[0]).await.user_id.to_string();
        let before = stage.counts().await;
        for command in *commands {
            let command = command
                .replace("{held}", &held)
                .replace("{sold}", &sold)
                .replace("{standing}", &standing)
                .replace("{standing_sold}", &standing_sold)
                .replace("{buyer}", &buyer);
            stage.plant(&command).await;
        }
        let found = audit(&stage, AuditMode::ReadOnly).await;
        let mut found = kinds(&found);
        found.sort_unstable_by_key(|kind| !expected.starts_with(kind));
        assert_eq!(found.join(" "), *expected, "{name}");
        // Looking has changed nothing.
        let mended = audit(&stage, AuditMode::Repair).await;
        assert!(!mended.differences.is_empty(), "{name}");
        let after = audit(&stage, AuditMode::ReadOnly).await;
        assert_eq!(kinds(&after), Vec::<&str>::new(), "{name}: {:?}", after.differences);
        assert_eq!(stage.counts().await, before, "{name}");
        for (booking, status) in bookings.iter().zip([
            BookingStatus::Reserved,
            BookingStatus::Reserved,
            BookingStatus::Confirmed,
            BookingStatus::Confirmed,
        ]) {
            assert_eq!(stage.status(*booking).await, status, "{name}");
        }
    }
}

/// The process died between the commit and the mark, and the hold is not due for long.
#[tokio::test(flavor = "current_thread")]
async fn a_sale_that_was_never_marked_is_marked() {
    let (stage, [seat, standing, ..]) = stage_with_everything().await;
    for booking in [seat, standing] {
        let sold = stage.booking(booking).await;
        let request = ledger::ConfirmBooking { booking: &sold, by: SoldBy::Organiser };
        ledger::confirm_booking(&stage.stores.database, &request).await.unwrap();
    }
    assert_eq!(stage.counts().await, (13, 3, 4));
    let report = audit(&stage, AuditMode::Repair).await;
    assert_eq!(kinds(&report), ["unmarked_sale"]);
    assert_eq!(stage.counts().await, (13, 0, 7));
    let after = audit(&stage, AuditMode::ReadOnly).await;
    assert_eq!(kinds(&after), Vec::<&str>::new(), "{:?}", after.differences);
}

/// A hold that is being confirmed keeps its seat, whoever Postgres has sold it to: the refusal of
/// its own sale will free it.
#[tokio::test(flavor = "current_thread")]
async fn a_hold_that_is_being_confirmed_is_not_touched() {
    let stage = Stage::open().await;
    let winner = stage.hold_seat(1, 1).await;
    stage.confirm(winner).await;
    // Redis forgets the sale in a failover, and another buyer takes the seat and pays.
    for command in [
        "SETRANGE map 0 .",
        "HDEL holders A-1-1",
        "HINCRBY counts sold -1",
        "HINCRBY counts sold:A -1",
        "HINCRBY counts available 1",
        "HINCRBY counts available:A 1",
    ] {
        stage.plant(command).await;
    }
    let loser = stage.hold_seat(1, 1).await;
    drain_journal(&stage.stores, stage.event).await.unwrap();
    let section = "A".parse().unwrap();
    let pin = scripts::PinHold {
        booking: loser,
        section: &section,
        grace_ms: 60_000,
        retake: None,
        pinned_for: scripts::PinnedFor::Buyer,
    };
    scripts::pin_hold(&stage.stores.cluster, &pin, crate::stage::DEADLINE).await.unwrap();
    let report = audit(&stage, AuditMode::Repair).await;
    assert_eq!((kinds(&report), report.totals.found.places), (vec!["place"], 0));
    assert_eq!(report.totals.double_holds, 1);
    let outcome = stage.confirm(loser).await;
    assert_eq!(outcome, sale::ConfirmSaleOutcome::SeatsTaken);
    audit(&stage, AuditMode::Repair).await;
    assert_eq!(stage.counts().await, (19, 0, 1));
    assert_eq!(stage.tickets().await, 1);
    let after = audit(&stage, AuditMode::ReadOnly).await;
    assert_eq!(kinds(&after), Vec::<&str>::new(), "{:?}", after.differences);
}

/// Audits run all the time while buyers hold, release, confirm and let expire: they find nothing.
#[tokio::test(flavor = "current_thread")]
async fn a_healthy_event_under_load_is_left_alone() {
    let stage = Stage::open().await;
    let local = tokio::task::LocalSet::new();
    let mut buyers = Vec::new();
    for index in 0..6_u32 {
        let buyer = stage.another_instance().await;
        buyers.push(local.spawn_local(async move {
            for round in 0..60_u32 {
                let section = if round % 3 == 0 { "F" } else { "A" };
                let section = section.parse().unwrap();
                let choice = scripts::Choice::Section { section: &section, quantity: 1 };
                let Ok(booking) = buyer.hold(choice).await else { continue };
                match (index + round) % 4 {
                    0 if round < 20 => drop(buyer.confirm(booking).await),
                    1 => {
                        buyer.make_due(booking).await;
                        sale::expire_due_holds(&buyer.stores, buyer.event).await.unwrap();
                    }
                    _ => drop(buyer.release(booking).await),
                }
                drain_journal(&buyer.stores, buyer.event).await.unwrap();
            }
        }));
    }
    let auditor = stage.another_instance().await;
    let auditing = local.spawn_local(async move {
        for _ in 0..10 {
            let report = audit(&auditor, AuditMode::Repair).await;
            assert!(report.differences.is_empty(), "{:?}", report.differences);
        }
    });
    local
        .run_until(async {
            for buyer in buyers {
                buyer.await.unwrap();
            }
            auditing.await.unwrap();
        })
        .await;
    let report = audit(&stage, AuditMode::ReadOnly).await;
    assert!(report.differences.is_empty(), "{:?}", report.differences);
    assert_eq!((report.totals.found.places, report.totals.found.counts), (0, 0));
    assert_eq!(report.redis.sold, report.postgres_sold);
    assert_eq!(stage.tickets().await, report.postgres_sold);
    let settings = keys::settings(stage.event);
    assert_eq!(stage.texts(&settings, "HGET", &["generation"]).await, ["1"]);
}

/// A worker's run audits what is due, so damage does not last.
#[tokio::test(flavor = "current_thread")]
async fn the_worker_mends_in_its_turn() {
    let stage = Stage::open_alone(SECTIONS, false).await;
    book_everything(&stage).await;
    stage.plant("SETRANGE map 6 .").await;
    let sql = "UPDATE boxoffice.events SET audited_at = '-infinity'";
    stage.stores.database.execute(sql).await;
    let report = crate::ticking::work(&stage, || true).await;
    let after = audit(&stage, AuditMode::ReadOnly).await;
    assert_eq!(kinds(&after), Vec::<&str>::new(), "{:?} after {report:?}", after.differences);
}

/// Postgres may not know of a hold yet: a seat that somebody holds must not be shown as free.
#[tokio::test(flavor = "current_thread")]
async fn a_lost_map_of_an_event_on_sale_is_not_made_up() {
    let stage = Stage::open_alone(SECTIONS, false).await;
    stage.hold_seat(1, 1).await;
    let state = sale::read_event(&stage.stores, stage.event).await.unwrap().unwrap();
    let section = &state.settings.sections[0];
    let map = sale::read_map(&stage.stores, stage.event, section).await.unwrap().unwrap();
    assert!(map.starts_with(b"h"));
    stage.plant("DEL map").await;
    let lost = sale::read_map(&stage.stores, stage.event, section).await;
    assert!(matches!(lost, Err(sale::Error::Contention(_))), "{lost:?}");
}
