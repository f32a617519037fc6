//! The draw: whatever dies on the way, the places are those of the formula.

use std::collections::BTreeMap;
use std::rc::Rc;

use domain::id::UserId;
use sale::{DrawOutcome, Receipt, admit_users, draw_line, join_queue, watch_place};
use scripts::{AdmitMode, AdmitOutcome, AdmitUsers, PlaceOutcome, ShownProof, keys};
use uuid::Uuid;

use crate::fuse::{Fuse, fused_stores};
use crate::stage::{SEED, Stage};

/// The checker of the command-line client, which shares nothing with the code under test.
#[path = "../../../../rush/src/command/recomputed.rs"]
mod recomputed;

const SECTIONS: &str = r#"[{"name": "F", "kind": "standing", "capacity": 20000, "price": 3500}]"#;

/// A fan and what the receipt says.
struct Fan {
    user: UserId,
    receipt: Receipt,
}

async fn join(stage: &Stage) -> Fan {
    let user = UserId::from_uuid(Uuid::now_v7());
    let proof = ShownProof::NotAsked;
    let place =
        join_queue(&stage.stores, stage.event, user, None, proof, None, false).await.unwrap();
    assert_eq!(place.outcome, PlaceOutcome::Waiting);
    let (number, score, joined_at) = (place.number, place.score, place.joined_at);
    Fan { user, receipt: Receipt { number, score, joined_at } }
}

async fn joined(stage: &Stage, count: usize) -> Vec<Fan> {
    let mut fans = Vec::new();
    for _ in 0..count {
        fans.push(join(stage).await);
    }
    fans
}

/// The place of each number among those who are in the line, by the independent formula.
fn expected(stage: &Stage, fans: &[Fan], count: u64) -> BTreeMap<UserId, i64> {
    let event = *stage.event.as_uuid().as_bytes();
    let draw = recomputed::Recomputed { seed: SEED.to_vec(), event, count };
    let drawn = |fan: &&Fan| {
        let number = u64::try_from(fan.receipt.number).unwrap();
        draw.place(number).unwrap_or(u64::MAX)
    };
    let mut order: Vec<_> = fans.iter().collect();
    order.sort_by_key(|fan| (drawn(fan), fan.receipt.number));
    (1..).zip(order).map(|(position, fan)| (fan.user, position)).collect()
}

/// Asserts that everybody is in the line, where the formula says.
async fn assert_drawn(stage: &Stage, fans: &[Fan], count: u64) {
    let expected = expected(stage, fans, count);
    let words = stage.texts(&keys::queue(stage.event), "ZRANGE", &["0", "-1"]).await;
    let found = (1..).zip(words).map(|(position, user)| (user.parse().unwrap(), position));
    assert_eq!(found.collect::<BTreeMap<UserId, i64>>(), expected);
    // Numbers and receipts go with the places.
    for fan in fans.iter().step_by(fans.len() / 20 + 1) {
        let place = watch_place(&stage.stores, stage.event, fan.user, None).await.unwrap().place;
        assert_eq!((place.number, place.draws_at), (fan.receipt.number, None));
        assert_eq!((place.position, place.score % (1 << 32)), (expected[&fan.user], place.number));
    }
}

async fn admit(stage: &Stage, limit: u32) -> AdmitOutcome {
    let mode = AdmitMode::Manual;
    let request = AdmitUsers { event: stage.event, mode, limit, idempotency: None };
    scripts::admit_users(&stage.stores.cluster, &request, stage.stores.redis_deadline)
        .await
        .unwrap()
}

async fn published_count(stage: &Stage) -> Option<u32> {
    let published = ledger::find_draw(&stage.stores.database, stage.event).await.unwrap().unwrap();
    published.drawn.map(|drawn| drawn.count)
}

/// Goal: 10,000 places are those of the formula, as an independent program computes them.
#[tokio::test(flavor = "current_thread")]
async fn ten_thousand_places_are_those_of_the_formula() {
    let stage = Stage::open_early(SECTIONS).await;
    let fans = joined(&stage, 10_000).await;
    assert_eq!(draw_line(&stage.stores, stage.event).await, Ok(DrawOutcome::Scheduled));
    assert_eq!(published_count(&stage).await, None);
    stage.open_sale().await;
    let begun = std::time::Instant::now();
    assert_eq!(draw_line(&stage.stores, stage.event).await, Ok(DrawOutcome::Drawn));
    println!("10,000 places drawn in {:?}", begun.elapsed());
    assert_eq!(published_count(&stage).await, Some(10_000));
    assert_drawn(&stage, &fans, 10_000).await;
    let late = join(&stage).await;
    let place = watch_place(&stage.stores, stage.event, late.user, None).await.unwrap().place;
    assert_eq!(place.position, 10_001, "who comes later is behind all");
}

/// Goal: a worker that dies before or after any call leaves what the next one finishes, and nobody
/// is let in on the way.
#[tokio::test(flavor = "current_thread")]
async fn a_worker_that_dies_anywhere_is_followed_by_another() {
    let stage = Stage::open_early(SECTIONS).await;
    let fans = joined(&stage, 2_300).await;
    stage.open_sale().await;
    let late = join(&stage).await;
    for dies_at in 0.. {
        let fuse = Rc::new(Fuse::default());
        let stores = fused_stores(stage.database_url(), &fuse).await;
        let done = fuse.run(Some(dies_at), draw_line(&stores, stage.event)).await;
        if let Some(outcome) = done {
            assert_eq!(outcome, Ok(DrawOutcome::Drawn));
            assert!(dies_at > 6, "it died nowhere");
            break;
        }
        let outcome = admit(&stage, 5).await;
        let fields = stage.texts(&keys::counts(stage.event), "HKEYS", &[]).await;
        let is_done = fields.iter().any(|field| field == "drawn");
        assert_eq!(outcome == AdmitOutcome::Undrawn, !is_done, "let in before the draw");
        if is_done {
            break;
        }
    }
    let expected = expected(&stage, &fans, 2_300);
    // Those who were let in at the end were the first.
    let waiting = stage.texts(&keys::queue(stage.event), "ZRANGE", &["0", "-1"]).await;
    let admitted = fans.len() + 1 - waiting.len();
    assert!(admitted <= 5);
    assert_eq!(waiting.last(), Some(&late.user.to_string()));
    for (position, user) in (1..).zip(&waiting) {
        let user: UserId = user.parse().unwrap();
        let drawn = expected.get(&user).copied().unwrap_or(2_301);
        assert_eq!(drawn, position + i64::try_from(admitted).unwrap());
    }
}

/// Another worker, in a branch of Redis that was lost, has decided: its count is the one that
/// counts, and numbers beyond it are behind.
#[tokio::test(flavor = "current_thread")]
async fn the_count_in_the_ledger_is_the_one_that_counts() {
    let stage = Stage::open_early(SECTIONS).await;
    let fans = joined(&stage, 40).await;
    stage.open_sale().await;
    ledger::fix_draw(&stage.stores.database, stage.event, 31).await.unwrap();
    assert_eq!(draw_line(&stage.stores, stage.event).await, Ok(DrawOutcome::Drawn));
    assert_drawn(&stage, &fans, 31).await;
}

/// Redis forgets everything before the draw, in the middle of it and after it. Fans come back with
/// the receipts they have, from before or after; the places are the same as if nothing had been.
#[tokio::test(flavor = "current_thread")]
async fn a_lost_redis_changes_no_place() {
    let stage = Stage::open_early(SECTIONS).await;
    let event = stage.event;
    let mut fans = joined(&stage, 30).await;
    stage.lose_redis().await;
    for fan in &fans {
        let back =
            watch_place(&stage.stores, event, fan.user, Some(fan.receipt)).await.unwrap().place;
        assert_eq!((back.outcome, back.number), (PlaceOutcome::Waiting, fan.receipt.number));
        assert!(back.draws_at.is_some());
    }
    fans.extend(joined(&stage, 10).await);
    let count = u64::try_from(fans.last().unwrap().receipt.number).unwrap();
    assert!(count > 10_000, "numbers go on above those that were handed out");

    stage.open_sale().await;
    // A worker dies just when the count is in the ledger.
    for dies_at in 0.. {
        let fuse = Rc::new(Fuse::default());
        let stores = fused_stores(stage.database_url(), &fuse).await;
        assert_eq!(fuse.run(Some(dies_at), draw_line(&stores, event)).await, None);
        if published_count(&stage).await.is_some() {
            break;
        }
        let undrawn = stage.texts(&keys::queue(event), "ZRANGEBYSCORE", &["0", "20000"]).await;
        assert_eq!(undrawn.len(), fans.len(), "a place has moved before the count was durable");
    }
    assert_eq!(published_count(&stage).await.map(u64::from), Some(count));
    let (some, others) = fans.split_at(20);
    stage.lose_redis().await;
    for fan in some {
        watch_place(&stage.stores, event, fan.user, Some(fan.receipt)).await.unwrap();
    }
    let late = join(&stage).await;
    for fan in others {
        // By joining again as well as by asking.
        let receipt = Some(fan.receipt);
        let proof = ShownProof::NotAsked;
        join_queue(&stage.stores, event, fan.user, receipt, proof, None, false).await.unwrap();
    }
    assert_eq!(draw_line(&stage.stores, event).await, Ok(DrawOutcome::Drawn));
    let place = watch_place(&stage.stores, event, late.user, None).await.unwrap().place;
    assert_eq!(place.position, 41, "who came later is behind all");
    sale::leave_queue(&stage.stores, event, late.user, None).await.unwrap();
    assert_drawn(&stage, &fans, count).await;

    stage.lose_redis().await;
    for fan in fans.iter().rev() {
        watch_place(&stage.stores, event, fan.user, Some(fan.receipt)).await.unwrap();
    }
    assert_drawn(&stage, &fans, count).await;
}

/// Who left before the draw leaves a hole, and the places of the others are not touched by it.
#[tokio::test(flavor = "current_thread")]
async fn who_left_leaves_the_others_where_they_were_drawn() {
    let stage = Stage::open_early(SECTIONS).await;
    let mut fans = joined(&stage, 25).await;
    let gone = fans.swap_remove(11);
    sale::leave_queue(&stage.stores, stage.event, gone.user, None).await.unwrap();
    stage.open_sale().await;
    let mode = AdmitMode::Manual;
    let request = AdmitUsers { event: stage.event, mode, limit: 0, idempotency: None };
    // Letting in draws first; nobody waits for another tick.
    let outcome = admit_users(&stage.stores, &request).await.unwrap();
    assert!(matches!(outcome, AdmitOutcome::Admitted { waiting: 24, .. }), "{outcome:?}");
    assert_drawn(&stage, &fans, 25).await;
    let back =
        watch_place(&stage.stores, stage.event, gone.user, Some(gone.receipt)).await.unwrap().place;
    assert_eq!(back.outcome, PlaceOutcome::Absent);
}
