//! Places in the queue outlive Redis.

use domain::id::UserId;
use domain::queue::SILENCE_MAX_MS;
use futures_util::future::join_all;
use sale::{Receipt, join_queue, leave_queue, watch_place};
use scripts::{
    AdmitMode, AdmitOutcome, AdmitUsers, Choice, PlaceOutcome, QueuePlace, ShownProof, keys,
};
use uuid::Uuid;

use crate::stage::{DEADLINE, Stage};

const SECTIONS: &str = r#"[{"name": "F", "kind": "standing", "capacity": 1000, "price": 3500}]"#;

fn new_user() -> UserId {
    UserId::from_uuid(Uuid::now_v7())
}

async fn join(stage: &Stage, user: UserId, receipt: Option<Receipt>) -> QueuePlace {
    let proof = ShownProof::NotAsked;
    join_queue(&stage.stores, stage.event, user, receipt, proof, None, false).await.unwrap()
}

async fn find(stage: &Stage, user: UserId, receipt: Option<Receipt>) -> QueuePlace {
    watch_place(&stage.stores, stage.event, user, receipt).await.unwrap().place
}

fn receipt_of(place: &QueuePlace) -> Receipt {
    Receipt { number: place.number, score: place.score, joined_at: place.joined_at }
}

async fn admit(stage: &Stage, limit: u32) -> i64 {
    let request =
        AdmitUsers { event: stage.event, mode: AdmitMode::Manual, limit, idempotency: None };
    let outcome = scripts::admit_users(&stage.stores.cluster, &request, DEADLINE).await.unwrap();
    let AdmitOutcome::Admitted { admitted, .. } = outcome else { panic!("{outcome:?}") };
    admitted
}

/// A crowd that finds the numbers used up takes one block, so no number is skipped.
#[tokio::test(flavor = "current_thread")]
async fn a_crowd_takes_one_block_of_numbers() {
    let stage = Stage::open_with(SECTIONS, true).await;
    let places = join_all((0..32).map(|_| join(&stage, new_user(), None))).await;
    let mut numbers: Vec<_> = places.iter().map(|place| place.number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=32).collect::<Vec<_>>());
}

/// The grace after a rebuild is over.
async fn end_grace(stage: &Stage) {
    let counts = keys::counts(stage.event);
    stage.redis(&counts, "HSET", &[&counts, "admit_from_ms", "1"]).await;
}

#[tokio::test(flavor = "current_thread")]
async fn the_order_after_a_loss_is_the_order_before() {
    let stage = Stage::open_with(SECTIONS, true).await;
    let mut fans = Vec::new();
    for _ in 0..20 {
        let user = new_user();
        let place = join(&stage, user, None).await;
        fans.push((user, place.number, receipt_of(&place)));
    }
    let told_at = find(&stage, fans[19].0, None).await.now;
    stage.lose_redis().await;
    // They come back in another order, some by joining and some by asking; a newcomer is between.
    let newcomer = join(&stage, new_user(), None).await;
    assert!(newcomer.number > 20, "a number was given twice: {}", newcomer.number);
    for (index, (user, number, receipt)) in fans.iter().enumerate().rev() {
        let place = match index % 2 {
            0 => join(&stage, *user, Some(*receipt)).await,
            _ => find(&stage, *user, Some(*receipt)).await,
        };
        assert_eq!((place.outcome, place.number), (PlaceOutcome::Waiting, *number));
        assert_eq!(receipt_of(&place), *receipt, "the receipt is the same every time");
    }
    assert_eq!(admit(&stage, 10).await, 0, "somebody jumped the line");
    let silent_until_ms = told_at.unix_ms() + SILENCE_MAX_MS.cast_signed();
    let grace = stage.texts(&keys::counts(stage.event), "HGET", &["admit_from_ms"]).await;
    let admit_from_ms: i64 = grace[0].parse().unwrap();
    assert!(admit_from_ms > silent_until_ms, "somebody who polls as told is not back yet");
    for (position, (user, number, _)) in (1..).zip(&fans) {
        let place = find(&stage, *user, None).await;
        assert_eq!((place.number, place.position), (*number, position));
    }
    end_grace(&stage).await;
    assert_eq!(admit(&stage, 5).await, 5);
    for (index, (user, ..)) in fans.iter().enumerate() {
        let expected = if index < 5 { PlaceOutcome::Admitted } else { PlaceOutcome::Waiting };
        assert_eq!(find(&stage, *user, None).await.outcome, expected);
    }
}

/// Goal: letting in by hand is kept as the worker's is, also when the call that did it was cut off.
#[tokio::test(flavor = "current_thread")]
async fn letting_in_by_hand_is_noted_in_the_ledger_and_so_is_its_repetition() {
    let stage = Stage::open_with(SECTIONS, true).await;
    let mut last = 0;
    for _ in 0..3 {
        last = join(&stage, new_user(), None).await.score;
    }
    let by_hand = AdmitUsers {
        event: stage.event,
        mode: AdmitMode::Manual,
        limit: 3,
        idempotency: Some(scripts::Idempotency { entry: "by hand", fingerprint: "the-same" }),
    };
    // Cut off after the first step: nothing is noted.
    let cut = scripts::admit_users(&stage.stores.cluster, &by_hand, DEADLINE).await.unwrap();
    assert!(matches!(cut, AdmitOutcome::Admitted { admitted: 3, .. }), "{cut:?}");
    let served = format!("SELECT queue_served FROM boxoffice.events WHERE id = '{}'", stage.event);
    assert_eq!(stage.stores.database.number(&served).await, 0);
    let again = sale::admit_users(&stage.stores, &by_hand).await.unwrap();
    assert_eq!(again, AdmitOutcome::Replayed { admitted: 3, served: last });
    assert_eq!(stage.stores.database.number(&served).await, last);

    let next = join(&stage, new_user(), None).await.score;
    let request = AdmitUsers { idempotency: None, ..by_hand };
    let outcome = sale::admit_users(&stage.stores, &request).await.unwrap();
    assert!(matches!(outcome, AdmitOutcome::Admitted { admitted: 1, .. }), "{outcome:?}");
    assert_eq!(stage.stores.database.number(&served).await, next);
}

#[tokio::test(flavor = "current_thread")]
async fn what_was_left_or_used_does_not_come_back() {
    let stage = Stage::open_with(SECTIONS, true).await;
    let (left, used, unused) = (new_user(), new_user(), new_user());
    let mut receipts = Vec::new();
    for user in [left, used, unused] {
        receipts.push(receipt_of(&join(&stage, user, None).await));
    }
    leave_queue(&stage.stores, stage.event, left, None).await.unwrap();
    assert_eq!(admit(&stage, 2).await, 2);
    let section = "F".parse().unwrap();
    let pass = find(&stage, used, None).await.pass.unwrap().id;
    let request = scripts::ReserveSeats {
        user: used,
        booking: domain::id::BookingId::new(stage.event, Uuid::now_v7()),
        pass: scripts::PresentedPass::Id(&pass),
        idempotency: None,
        choice: Choice::Section { section: &section, quantity: 1 },
        contact: None,
        is_registered: false,
    };
    let held = scripts::reserve_seats(&stage.stores.cluster, &request, DEADLINE).await.unwrap();
    assert!(matches!(held, scripts::ReserveOutcome::Held(_)), "{held:?}");
    sale::drain_journal(&stage.stores, stage.event).await.unwrap();
    stage.lose_redis().await;

    let [of_left, of_used, of_unused] = receipts[..] else { unreachable!() };
    for (user, receipt) in [(left, of_left), (used, of_used)] {
        assert_eq!(find(&stage, user, Some(receipt)).await.outcome, PlaceOutcome::Absent);
        let again = join(&stage, user, Some(receipt)).await;
        assert!(again.fresh && again.number > 3, "{again:?}");
    }
    // Let in before, the pass not used: to the front.
    let back = find(&stage, unused, Some(of_unused)).await;
    assert_eq!((back.outcome, back.number, back.position), (PlaceOutcome::Waiting, 3, 1));
    // Leaving after the loss, by receipt alone, is leaving too.
    stage.lose_redis().await;
    leave_queue(&stage.stores, stage.event, unused, Some(of_unused)).await.unwrap();
    let gone = find(&stage, unused, Some(of_unused)).await;
    assert_eq!(gone.outcome, PlaceOutcome::Absent);
}

#[tokio::test(flavor = "current_thread")]
async fn the_serving_number_is_kept_and_never_goes_back() {
    let stage = Stage::open_alone(SECTIONS, true).await;
    let mut served = Vec::new();
    for round in 0..3 {
        for _ in 0..3 {
            join(&stage, new_user(), None).await;
        }
        end_grace(&stage).await;
        let report = crate::ticking::work(&stage, || true).await;
        assert!(report.admitted > 0, "round {round}: {report:?}");
        let sql = format!("SELECT queue_served FROM boxoffice.events WHERE id = '{}'", stage.event);
        served.push(stage.stores.database.number(&sql).await);
        stage.lose_redis().await;
        stage.counts().await;
        let counts = keys::counts(stage.event);
        let kept = stage.texts(&counts, "HGET", &["served"]).await;
        assert_eq!(kept, [served[round].to_string()]);
    }
    assert!(served.is_sorted_by(|before, after| before < after), "{served:?}");
}
